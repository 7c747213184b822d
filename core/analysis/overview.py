"""The first thing to know of a run: one sentence, the groups behind it, and what nothing is known of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from core.analysis.decision import PICTURES as DECIDED_PICTURES
from core.analysis.decision import SENTENCES, has_picture, picture_words
from core.analysis.families import CHANCE, Family
from core.analysis.families import PICTURES as FAMILY_PICTURES
from core.analysis.opened_run import CLUSTERING, OpenedRun
from core.analysis.queue import members
from core.decision.states import Decision
from core.runs import Run

MOST_NAMED = 3  # classes named in a sentence; the others are counted
MAIN_SOURCE = 0.5  # fraction of the members from which on one class is called their source


@dataclass(frozen=True)
class Group:
    """Samples that seem to carry one attack: decided on by the model, or a family of what is flagged.

    Attributes:
        number: of the decided group or of the family, counted from 1.
        decided: whether it was decided on by the model.
        family: the family that most of the members are in; None without one.
        target_class: the given label of all members; −1 for wrong labels, which are of many classes.
        state: how sure that is, in words.
        suspected: whether it looks like an attack.
        rows: its rows of the review table, most suspicious first.
        sources: class → the fraction of the members that may have been taken from there, the largest first.
        picture: the name of an array of the run and a row of it, which show what the members have in common.
        pictured: what this is, in a few words, or without a picture what was found; "" where it is what the members
            have in common.
    """

    number: int
    decided: bool
    family: int | None
    target_class: int
    state: str
    suspected: bool
    rows: pd.DataFrame
    sources: Mapping[int, float]
    picture: tuple[str, int] | None
    pictured: str = ""

    @property
    def undecided(self) -> int:
        """How many members no person decided on."""
        return int((self.rows["verdict"] == "").sum())


def family_groups(flagged: pd.DataFrame, families: Sequence[Family]) -> list[Group]:
    """The families that are still flagged, as groups.

    Args:
        flagged: the flagged rows of a review table, most suspicious first.
        families: of the run.
    """
    groups = []
    for family in families:
        rows = flagged[members(flagged, family.id)]
        if rows.empty:
            continue
        # Without images nothing is known of a pattern, and every family may be an attack.
        suspected = family.shared > CHANCE or not family.sources
        state = "Suspected, not decided" if suspected else "Shares no pattern, not decided"
        picture = (FAMILY_PICTURES, 2 * family.id - 1) if family.sources else None
        groups.append(
            Group(family.id, False, family.id, family.target_class, state, suspected, rows, family.sources, picture)
        )
    return groups


def decided_groups(run: Run, table: pd.DataFrame, decision: Decision, families: Sequence[Family]) -> list[Group]:
    """The groups of a decision; the family that most of its members are in says where they may come from.

    Args:
        run: that was decided on.
        table: its review table, with the column `group`.
        decision: of the run.
        families: of the run.
    """
    by_number, groups = {family.id: family for family in families}, []
    for group in decision.groups:
        rows = table[table["group"] == group.id].sort_values(
            ["suspicion", "id"], ascending=[False, True], kind="stable"
        )
        grouped = rows.loc[rows["family"] > 0, "family"]
        family = by_number.get(int(grouped.mode().iloc[0])) if len(grouped) else None
        of_most = family is not None and 2 * int((grouped == family.id).sum()) > len(rows)
        if group.target_class < 0:
            family = None  # wrong labels come from everywhere
        groups.append(
            Group(
                group.id,
                True,
                family.id if family else None,
                group.target_class,
                SENTENCES[group.state],
                group.state == "backdoor",
                rows,
                family.sources if family and of_most else {},
                (DECIDED_PICTURES, group.id - 1) if has_picture(run, group) else None,
                picture_words(group) or ("" if group.flip_rate is not None or group.target_class < 0 else group.kind),
            )
        )
    return groups


def source_words(group: Group, names: Sequence[str]) -> str:
    """Where the members may come from and where they go, as "Trouser → Sneaker"."""
    if group.target_class < 0:
        return "Several classes"
    first = max(group.sources, key=lambda index: group.sources[index], default=None)
    if first is None:
        start = "Unknown"
    elif group.sources[first] < MAIN_SOURCE:
        start = "Several classes"
    else:
        start = "The class itself" if first == group.target_class else names[first]
    return f"{start} → {names[group.target_class]}"


def flags_words(flagged: pd.DataFrame, n: int, groups: Sequence[Group], names: Sequence[str]) -> str:
    """What the flags say of the data, in one sentence that never calls them clean.

    Args:
        flagged: the flagged rows of a review table.
        n: samples in all.
        groups: see `family_groups`.
        names: of the classes.
    """
    count, undecided = len(flagged), int((flagged["verdict"] == "").sum())
    if not count:
        return f"None of {n:,} samples is flagged, which does not prove them clean."
    said = f"{count:,} of {n:,} samples flagged, {undecided:,} undecided."
    classes = list(dict.fromkeys(group.target_class for group in groups if group.suspected))
    if classes:
        # Not how many classes look poisoned: that is what Activation Clustering counts, by another test.
        kinds = "A backdoor is" if len(classes) == 1 else "Backdoors are"
        return f"{kinds} suspected in {listed([names[index] for index in classes])}: {said}"
    if groups:
        return f"Nothing is confirmed, for no group shares a pattern: {said}"
    return f"Nothing is confirmed: {said}"


def listed(words: Sequence[str], most: int = MOST_NAMED) -> str:
    """The words as a list within a sentence, the first `most` of them.

    >>> listed(["a", "b", "c"]), listed(["a", "b", "c"], 2)
    ('a, b and c', 'a, b and 1 more')
    """
    if len(words) > most:
        return f"{', '.join(words[:most])} and {len(words) - most:,} more"
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def not_judged(opened: OpenedRun, decision: Decision | None) -> dict[str, list[int]]:
    """Why nothing is known of some classes → these classes; empty where all were judged.

    A decision says it best, else Activation Clustering, which alone judges whole classes.
    """
    if decision is not None:
        reasons = dict(decision.not_judged)
    elif (found := opened.own_detections.get(CLUSTERING)) is not None:
        reasons = {index: finding.reason for index, finding in found.classes.items() if finding.poisoned is None}
        missing = set(range(opened.data.n_classes)) - set(found.classes)
        reasons |= dict.fromkeys(sorted(missing), "no samples")
    else:
        reasons = dict.fromkeys(range(opened.data.n_classes), "Activation Clustering has not run")
    classes: dict[str, list[int]] = {}
    for index, reason in sorted(reasons.items()):
        classes.setdefault(reason, []).append(index)
    return classes
