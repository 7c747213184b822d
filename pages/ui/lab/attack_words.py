"""Attacks in words, the same on every page. Class names come from data: escape the answers with `frame.plain`."""

from collections.abc import Sequence

from core.attacks import ATTACKS, SURROGATE
from core.types import PlantedAttack

LABELLINGS = {
    "all_to_one": "Any other class gets the target's label",
    "one_to_one": "One source class gets the target's label",
    "all_to_all": "Every class gets the next one's label",
    "clean_label": "The target class keeps its true label",
    "random_other": "Each sample gets another class's label, drawn",
    "unchanged": "Every sample keeps its true label",
}
UNSEEN = "No sample is changed."
NOISE = "Its noise is optimised on a surrogate model when it is created, which takes longer."


def title(attack: PlantedAttack, names: Sequence[str] = ()) -> str:
    """What people read, told apart from others of its kind: "Patch (BadNets) 2"; of one class with its name."""
    name = ATTACKS[attack.kind].title if attack.kind in ATTACKS else attack.kind
    number = attack.name.rpartition("-")[2] if attack.name != attack.kind else ""
    if attack.labelling == "one_to_one":
        both = attack.source_class, attack.target_class
        number = " → ".join(str(index) if index is None or not names else names[index] for index in both)
    return f"{name} {number}".strip()


def aim(attack: PlantedAttack, names: Sequence[str]) -> str:
    """What the trigger turns into what: "every other class → Bag"."""
    if attack.labelling == "random_other":
        return "every class → any other"
    if attack.labelling == "unchanged":
        return "labels stay" + (
            "" if attack.target_class is None else f", {names[attack.target_class]} is the smallest"
        )
    if attack.target_class is None:
        return "every class → the next"
    target = names[attack.target_class]
    if attack.labelling == "one_to_one" and attack.source_class is not None:
        return f"{names[attack.source_class]} → {target}"
    return f"every other class → {target}{', clean label' * (attack.labelling == 'clean_label')}"


def summary(attacks: Sequence[PlantedAttack], n: int) -> str:
    """The whole list of a data set of n samples, as Markdown: what is poisoned, what is only wrong."""

    def of(*roles: str) -> list[PlantedAttack]:
        return [one for one in attacks if one.kind not in ATTACKS or ATTACKS[one.kind].role in roles]

    poisoning, wrong = of("backdoor", "availability"), sum(one.n_poisoned for one in of("wrong labels"))
    poison, cover = sum(one.n_poisoned for one in poisoning), sum(one.n_cover for one in poisoning)
    many = "1 attack poisons" if len(poisoning) == 1 else f"{len(poisoning)} attacks poison"
    parts = [f"**{many} {poison:,} of {n:,} samples ({poison / n:.1%})**"] if poisoning or not attacks else []
    parts += [f"**{wrong:,} of {n:,} labels are wrong**"] if wrong else []
    copies, kinds = sum(one.n_cover for one in of("clean data")), {one.kind for one in attacks}
    parts += [f"{copies:,} samples are replaced by near-copies"] if copies else []
    parts += ["samples are left out of all classes but the largest"] if "imbalance" in kinds else []
    return "; ".join(parts) + f", and {cover:,} more are cover samples" * bool(cover)


def size(attack: PlantedAttack) -> str:
    """How many samples carry it: "600 samples and 1,200 cover samples"."""
    cover = f" and {attack.n_cover:,} cover samples" if attack.n_cover else ""
    if attack.kind in ATTACKS and ATTACKS[attack.kind].role == "clean data":
        return f"{attack.n_cover:,} samples replaced" if attack.n_cover else "samples left out"
    return f"{attack.n_poisoned:,} samples{cover}"


def needs_surrogate(kind: str) -> bool:
    """Whether its trigger is known only once it was optimised."""
    return kind in ATTACKS and SURROGATE in ATTACKS[kind].needs
