"""Who is going to carry which trigger: everything about a poisoned data set but its images."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from core.attacks import ATTACKS, COLOUR
from core.attacks.contract import Scene
from core.attacks.selection import copies_of, thinned
from core.attacks.specification import AttackSpec, Specification
from core.errors import UserError
from core.modalities import of_shape
from core.registry import checked, find
from core.types import Bools, Floats, Inputs, Ints, Labelling, PlantedAttack, Scalar

BONA_FIDE = 250  # samples known to be clean, as in BaDLoss; of small data a tenth
OF_CLASS: tuple[Labelling, ...] = ("one_to_one", "clean_label")


@dataclass(frozen=True)
class Assignment:
    """Who is going to carry what, before any image is touched.

    Attributes:
        attacks: with everything drawn and checked.
        attack_index: (n,) the attack that a sample is poisoned by, −1 for none.
        cover_index: (n,) the attack that a sample is a cover sample of, −1 for none.
        bona_fide: (n,) the given ones, or 250 drawn from what stays untouched.
        labels: (n,) afterwards.
        kept: (n,) False for samples that an imbalance leaves out.
        copy_of: (n,) the row of which a cover sample is made a near-copy, −1 for none.
        patterns: attack → what was found on the data to choose its samples.
    """

    attacks: tuple[PlantedAttack, ...]
    attack_index: Ints
    cover_index: Ints
    bona_fide: Bools
    labels: Ints
    kept: Bools
    copy_of: Ints
    patterns: Mapping[str, Floats] = field(default_factory=dict)


def assign(
    labels: Ints,
    bona_fide: Bools,
    shape: tuple[int, ...],
    n_classes: int,
    specification: Specification,
    *,
    inputs: Inputs | None = None,
) -> Assignment:
    """Who is going to carry what: no sample two triggers, and no bona fide sample any.

    An imbalance comes first. Then attacks that only one class can serve choose before those that can take samples of
    many.

    Args:
        labels, bona_fide: (n,) of the clean data.
        shape: (h, w, c) of one image.
        n_classes: k.
        specification: what to plant, all at once.
        inputs: the clean samples, for attacks that choose by looking at them.

    Raises:
        UserError: naming the field that cannot be used and its limits. It may be an unknown attack, a ratio not in
            (0, 1], a class out of range, colour on grey images, more poison than samples, contradictory attacks.
    """
    if not specification.attacks:
        raise UserError("No attack was named.", "", "Name one, such as patch:ratio=0.01,target=3, or a preset.")
    specs, rng = specification.attacks, np.random.default_rng(specification.seed)
    index, kept, after = np.full(len(labels), -1), np.ones(len(labels), np.bool_), np.array(labels)
    cover, copy_of = index.copy(), index.copy()
    planted: dict[int, PlantedAttack] = {}
    patterns: dict[str, Floats] = {}
    for place in sorted(range(len(specs)), key=lambda index: _rank(specs[index])):
        sizes = np.bincount(labels[kept], minlength=n_classes)
        attack = _resolved(specs[place], sizes, shape, rng, [other.name for other in planted.values()])
        _refuse_contradictions(attack, planted.values(), n_classes)
        free = (index < 0) & (cover < 0) & ~bona_fide & kept
        if attack.kind == "imbalance":
            kept &= thinned(labels, n_classes, attack.target_class, attack.settings, attack.seed) | bona_fide
        elif attack.kind == "near_duplicates":
            n_originals = _count(specs[place], int(sizes.sum()))
            made = copies_of(labels, free, n_originals, int(attack.settings["copies"]), attack.seed)
            cover[made >= 0], copy_of[made >= 0] = place, made[made >= 0]
            attack = replace(attack, n_cover=int((made >= 0).sum()))
        elif find(ATTACKS, attack.kind, "attack").chooses:
            chosen, patterns[attack.name] = _kind_within(
                attack,
                free & _may_carry(attack, labels),
                replace(scene_of(attack, shape, n_classes), inputs=inputs, labels=labels),
            )
            index[chosen] = place
            attack = replace(attack, n_poisoned=int(chosen.sum()))
        else:
            index[_chosen(attack.name, attack.n_poisoned, free & _may_carry(attack, labels), rng)] = place
        after[index == place] = _labels_after(attack, labels[index == place], n_classes)
        if attack.kind != "near_duplicates":
            allowed = free & (index < 0) & (_may_cover(attack, labels) if specs[place].covers else True)
            cover[_chosen(f"{attack.name} (cover)", attack.n_cover, allowed, rng)] = place
        planted[place] = attack
    known = bona_fide & kept if bona_fide.any() else draw_bona_fide((index < 0) & (cover < 0) & kept, rng)
    attacks = tuple(planted[place] for place in range(len(specs)))
    return Assignment(attacks, index, cover, known, after, kept, copy_of, patterns)


def labelling_of(spec: AttackSpec) -> Labelling:
    """Who gets which label: what was asked for, or what the attack's paper does."""
    known = find(ATTACKS, spec.kind, "attack").labellings
    if spec.labelling is not None and spec.labelling not in known:
        words = f"It can be: {', '.join(known)}."
        raise _refused(spec, f"labelling={spec.labelling}", words, "Choose one of these.")
    return spec.labelling or known[0]


def scene_of(attack: PlantedAttack, shape: tuple[int, ...], n_classes: int, pattern: Floats | None = None) -> Scene:
    """What a planted attack is made for, without the data."""
    return Scene(
        shape,
        n_classes,
        attack.seed,
        attack.target_class,
        pattern=pattern,
        source_class=attack.source_class,
        n_poisoned=attack.n_poisoned,
    )


def draw_bona_fide(allowed: Bools, rng: np.random.Generator) -> Bools:
    """(n,) True for 250 samples (at most a tenth of the data) drawn uniformly from the allowed ones."""
    rows = np.flatnonzero(allowed)
    chosen = np.zeros(len(allowed), np.bool_)
    chosen[rng.choice(rows, min(BONA_FIDE, len(rows) // 10), replace=False)] = True
    return chosen


def _resolved(
    spec: AttackSpec, sizes: Ints, shape: tuple[int, ...], rng: np.random.Generator, taken: Sequence[str]
) -> PlantedAttack:
    """The specification with everything drawn and checked; `sizes` (k,) are the samples of each class."""
    entry, labelling = find(ATTACKS, spec.kind, "attack"), labelling_of(spec)
    if entry.takes and entry.takes not in of_shape(shape).offers:
        raise UserError(f"{spec.kind} changes {entry.takes}.", "These are none.", "Choose another attack.")
    if COLOUR in entry.needs and shape[2] == 1:
        raise UserError(f"{spec.kind} needs colour images.", "These are grey.", "Choose another attack.")
    settings = checked(entry.load(), spec.settings, spec.kind)
    target, source = _classes(spec, labelling, len(sizes), rng)
    n_poisoned = 0
    if entry.role != "clean data":
        n_poisoned = _count(spec, int(sizes[target] if labelling in OF_CLASS else sizes.sum()))
    return PlantedAttack(
        name=_name(spec.kind, labelling, source, target, taken),
        kind=spec.kind,
        target_class=target,
        settings=settings,
        seed=int(rng.integers(2**31)),
        n_poisoned=n_poisoned,
        labelling=labelling,
        source_class=source,
        n_cover=_n_cover(spec, settings, n_poisoned, int(sizes.sum())),
    )


def _n_cover(spec: AttackSpec, settings: Mapping[str, Scalar], n_poisoned: int, n: int) -> int:
    """How many cover samples: the fraction that was asked for, or what the attack's own setting says."""
    if not 0 <= spec.covers <= 1:
        raise _refused(spec, f"covers={spec.covers:g}", "It has to be between 0 and 1.", "Correct it, or leave it out.")
    if spec.covers and find(ATTACKS, spec.kind, "attack").role != "backdoor":
        raise _refused(spec, f"covers={spec.covers:g}", "It has no trigger to cover.", "Leave it out.")
    return round(spec.covers * n) if spec.covers else round(float(settings.get("cover_ratio", 0.0)) * n_poisoned)


def _classes(
    spec: AttackSpec, labelling: Labelling, n_classes: int, rng: np.random.Generator
) -> tuple[int | None, int | None]:
    """The target and the source class, drawn where they were not given and are needed."""
    for name, given in (("target", spec.target), ("source", spec.source)):
        if given is not None and not 0 <= given < n_classes:
            raise UserError(
                f"{spec.kind}: {name}={given} is no class.",
                f"Classes run from 0 to {n_classes - 1}.",
                "Choose one of these classes.",
            )
    if spec.source is not None and labelling != "one_to_one":
        raise UserError(
            f"{spec.kind}: source={spec.source} is for one-to-one attacks.",
            f"This one is {labelling}.",
            "Leave source out, or set labelling=one_to_one.",
        )
    if labelling == "all_to_all":
        if spec.target is not None:
            raise _refused(spec, f"target={spec.target}", "All-to-all has no single target.", "Leave it out.")
        return None, None
    if labelling in ("random_other", "unchanged"):
        return spec.target, None
    drawn = int(rng.integers(n_classes))
    target = drawn if spec.target is None else spec.target
    if labelling != "one_to_one":
        return target, None
    drawn = (target + 1 + int(rng.integers(n_classes - 1))) % n_classes
    source = drawn if spec.source is None else spec.source
    if source == target:
        raise UserError(f"{spec.kind}: source={source} is the target class, too.", "", "Choose two different classes.")
    return target, source


def _count(spec: AttackSpec, size: int) -> int:
    """How many samples to poison, out of a data set or class of `size`."""
    if spec.count is not None:
        if spec.count < 1:
            raise _refused(spec, f"count={spec.count}", "It has to be at least 1.", "Give more, or a ratio.")
        return spec.count
    if not 0 < spec.ratio <= 1:
        words = "It has to be above 0 and at most 1."
        raise _refused(spec, f"ratio={spec.ratio:g}", words, "For example ratio=0.01.")
    return max(1, spec.least, round(spec.ratio * size))


def _refused(spec: AttackSpec, given: str, allowed: str, hint: str) -> UserError:
    return UserError(f"{spec.kind}: {given} cannot be used.", allowed, hint)


def _name(kind: str, labelling: Labelling, source: int | None, target: int | None, taken: Sequence[str]) -> str:
    base = f"{kind}-{source}-to-{target}" if labelling == "one_to_one" else kind
    copies = sum(name == base or name.startswith(f"{base}-") for name in taken)
    return f"{base}-{copies + 1}" if copies else base


def _refuse_contradictions(attack: PlantedAttack, others: Collection[PlantedAttack], n_classes: int) -> None:
    """Raise UserError when another attack shows the model the same trigger for another class."""
    entry = find(ATTACKS, attack.kind, "attack")
    if entry.drawn or entry.role != "backdoor":
        return
    own = attack.intended_classes(np.arange(n_classes), n_classes)
    for other in others:
        same = other.kind == attack.kind and other.settings == attack.settings
        intended = other.intended_classes(np.arange(n_classes), n_classes)
        if same and ((own >= 0) & (intended >= 0) & (own != intended)).any():
            raise UserError(
                f"{other.name} and {attack.name} are the same trigger with different targets.",
                f"{_words(other)}; {_words(attack)}.",
                "Give them one target, other settings, or one-to-one labelling with different source classes.",
            )


def _words(attack: PlantedAttack) -> str:
    target = "the next class" if attack.target_class is None else f"class {attack.target_class}"
    return f"{attack.name} ({attack.labelling}) wants {target}"


def _chosen(name: str, count: int, allowed: Bools, rng: np.random.Generator) -> Ints:
    if not count:
        return np.empty(0, np.int64)
    rows = np.flatnonzero(allowed)
    if count > len(rows):
        raise UserError(
            f"{name}: {count} samples are to be poisoned, {len(rows)} are left.",
            "Not used: classes that it does not poison, bona fide samples, samples with another trigger.",
            "Lower the ratio.",
        )
    return np.sort(rng.choice(rows, count, replace=False)).astype(np.int64)


def _rank(spec: AttackSpec) -> int:
    """Who chooses first: an imbalance, then attacks that only one class can serve."""
    if spec.kind == "imbalance":
        return 0
    return 1 if labelling_of(spec) in OF_CLASS else 2


def _kind_within(attack: PlantedAttack, allowed: Bools, scene: Scene) -> tuple[Bools, Floats]:
    """(n,) True for the allowed samples that the attack is about, and what tells them."""
    trigger = find(ATTACKS, attack.kind, "attack").load()(scene, **attack.settings)
    if scene.inputs is None or trigger.chosen is None or trigger.pattern is None:
        raise ValueError(f"{attack.kind} has to look at the samples, and say which it is about")
    rows, chosen = np.flatnonzero(allowed), np.zeros(len(allowed), np.bool_)
    chosen[rows] = trigger.chosen(scene.inputs.take(rows))
    if not chosen.any():
        raise UserError(
            f"{attack.name}: class {attack.source_class} has no such samples left.",
            "",
            "Choose another source class, or plant fewer other attacks.",
        )
    return chosen, trigger.pattern


def _labels_after(attack: PlantedAttack, labels: Ints, n_classes: int) -> Ints:
    """(m,) the labels that samples of these true classes get when the attack poisons them."""
    if attack.labelling in ("clean_label", "unchanged"):
        return labels
    if attack.labelling == "random_other":
        step = np.random.default_rng(attack.seed).integers(1, n_classes, len(labels))
        return np.asarray((labels + step) % n_classes)
    return attack.intended_classes(labels, n_classes)


def _may_cover(attack: PlantedAttack, labels: Ints) -> Bools:
    """(n,) True for samples whose own label speaks against the trigger: not of the target class, nor of a source."""
    return np.asarray((labels != attack.target_class) & (labels != attack.source_class))


def _may_carry(attack: PlantedAttack, labels: Ints) -> Bools:
    """(n,) True for samples of the classes that the attack poisons."""
    if attack.labelling in ("all_to_all", "random_other", "unchanged"):
        return np.ones(len(labels), np.bool_)
    if attack.labelling == "one_to_one":
        return np.asarray(labels == attack.source_class)
    own = np.asarray(labels == attack.target_class)
    return own if attack.labelling == "clean_label" else ~own
