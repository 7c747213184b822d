"""What other people's poisoned data sets say about their poison. It goes to metrics and the report, nowhere else."""

import re

import numpy as np

from core.types import GroundTruth, Ints, Labelling, PlantedAttack

UNKNOWN = -1  # in place of a label before poisoning that nobody says


def truth_of(
    attack: str, toolbox: str, labels: Ints, original: Ints, *, poison: Ints, cover: Ints, n_classes: int
) -> GroundTruth | None:
    """The truth about one attack of which the rows are known and the trigger is not; None without any poison.

    Args:
        attack: what its authors call it.
        toolbox: where it comes from; with `attack` it makes a kind that Assay has no trigger for.
        labels: (n,) as given.
        original: (n,) before poisoning, `UNKNOWN` where nobody says.
        poison, cover: rows.
        n_classes: k.
    """
    if not len(poison):
        return None
    kind = f"{re.sub(r'[^a-z0-9_]+', '_', attack.lower()).strip('_')[:40] or 'attack'} of {toolbox}"
    target, source, labelling = _aim(labels[poison], original[poison], n_classes)
    planted = PlantedAttack(kind, kind, target, {}, 0, len(poison), labelling, source, len(cover))
    is_poison, is_cover = np.zeros(len(labels), np.bool_), np.zeros(len(labels), np.bool_)
    is_poison[poison], is_cover[cover] = True, True
    return GroundTruth(is_poison, np.where(is_poison, 0, -1), original, (planted,), is_cover & ~is_poison)


def _aim(labels: Ints, original: Ints, n_classes: int) -> tuple[int | None, int | None, Labelling]:
    """Target class, source class and labelling, as far as the labels of the poison tell."""
    all_known = bool((original != UNKNOWN).all())
    target = int(np.bincount(labels).argmax())
    if all_known and (original == labels).all():
        return target, None, "clean_label"
    if len(np.unique(labels)) > 1 and (not all_known or ((original + 1) % n_classes == labels).all()):
        return None, None, "all_to_all"
    sources = np.unique(original)
    if all_known and len(sources) == 1 and n_classes > 2:
        return target, int(sources[0]), "one_to_one"
    return target, None, "all_to_one"
