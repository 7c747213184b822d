"""What colours the points of a map: groups with their counts, or a bar with numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.journal.review.verdict import STANDING
from core.output.names import told_apart
from core.output.palette import CLASSES, EXCLUDED, FLAGGED, GREY, RAMP, RELABELLED, TRUSTED, UNSURE
from core.types import Bools
from pages.ui.widgets.crowd import HIDDEN
from pages.ui.widgets.ground import Ground
from pages.ui.widgets.scatter_option import Bar, Style

Groups = NDArray[np.uint8]

COLOURS = ("flag", "class", "cluster", "verdict", "loss", "prediction", "suspicion", "tag")
DECIDED = "decided"  # a group beside those of classes, whose names are their own
OTHERS = "others"  # another one
STEPS = 16  # of a bar: neighbours are hardly told apart
FLOOR = 1e-7  # the least loss that a logarithm takes


@dataclass(frozen=True)
class Colouring:
    """How the points of a map look.

    Attributes:
        groups: (n,) of each point, its place in `styles`, or HIDDEN.
        styles: of each group, by name, with its count in the title; the most telling last, which is on top.
        bar: what the colours of a figure mean; None for groups.
        hidden: the places in `styles` of what is not drawn, though it is there.
    """

    groups: Groups
    styles: dict[str, Style]
    bar: Bar | None = None
    hidden: frozenset[int] = frozenset()


def colouring(table: pd.DataFrame, names: tuple[str, ...], colour: str, flagged_by: str, ground: Ground) -> Colouring:
    """How the samples of a review table are coloured by one of `COLOURS`.

    Args:
        table: the samples that are drawn; with a column `tag`, one of each or "", for that colour.
        names: of the classes.
        colour: one of `COLOURS`.
        flagged_by: whose flags are counted, in words.
        ground: of the map; a bar ends in what stands out on it.
    """
    if colour in ("loss", "suspicion"):
        found = _by_figure(table[colour].to_numpy(np.float64), colour, ground)
    else:
        found = Colouring(*_grouped(table, names, colour, flagged_by, TRUSTED[ground]))
    found = found if colour in ("verdict", "tag") else _decided_apart(table, found)
    return replace(found, styles=_counted(found.groups, found.styles))


def _grouped(
    table: pd.DataFrame, names: tuple[str, ...], colour: str, flagged_by: str, trusted_colour: str
) -> tuple[Groups, dict[str, Style]]:
    if colour in ("class", "prediction"):
        column = table["label" if colour == "class" else "predicted"]
        return _by_class(column.to_numpy(np.float64, na_value=np.nan), names)
    if colour == "tag":
        return _by_tag(table["tag"])
    if colour == "cluster":
        styles = {
            "not split": Style(GREY),
            "larger cluster": Style(CLASSES[0]),
            "smaller cluster": Style(CLASSES[3], "diamond"),
        }
        return (table["cluster"].to_numpy() + 1).astype(np.uint8), styles
    if colour == "verdict":
        words = STANDING | {"undecided": "undecided", "": "undecided"}
        styles = {
            "undecided": Style(GREY, size=6),
            "kept": Style(trusted_colour),
            "unsure": Style(UNSURE, "rect"),
            "relabelled": Style(RELABELLED, "triangle"),
            "excluded": Style(EXCLUDED, "diamond", size=8),
        }
        place = {decision: list(styles).index(word) for decision, word in words.items()}
        found, decisions = pd.factorize(table["verdict"])
        return np.array([place[decision] for decision in decisions], np.uint8)[found], styles
    columns = (table[name].to_numpy(bool) for name in ("bona_fide", "confirmed", "flagged"))
    trusted, confirmed, flagged = columns
    styles = {
        "not flagged": Style(GREY, size=6),
        "bona fide": Style(trusted_colour),
        "flagged": Style(FLAGGED, "diamond", f"flagged by {flagged_by}", size=8),
    }
    groups = np.where(flagged, 2, trusted)
    if confirmed.any():
        styles |= {
            "flagged": Style(FLAGGED, "diamond", f"more flagged by {flagged_by}", size=8, hollow=True),
            "confirmed": Style(FLAGGED, "triangle", "confirmed", size=8),
        }
        groups = np.where(confirmed, 3, groups)
    return groups.astype(np.uint8), styles


def _by_class(classes: NDArray[np.float64], names: tuple[str, ...]) -> tuple[Groups, dict[str, Style]]:
    """At most ten classes in colour, by size; the others, and what has none, are grey together."""
    known = np.isfinite(classes)
    counts = np.bincount(classes[known].astype(np.int64), minlength=len(names))
    top = np.sort(np.argsort(-counts, kind="stable")[: min(len(CLASSES), int((counts > 0).sum()))])
    short = told_apart([names[index] for index in top])
    styles = {
        f"class {index}": Style(colour, title=title) for index, colour, title in zip(top, CLASSES, short, strict=False)
    }
    rest = int((counts > 0).sum()) > len(top)
    place = np.full(len(names) + 1, 0 if rest else HIDDEN, np.uint8)
    place[top] = np.arange(len(top)) + rest
    others = {OTHERS: Style(GREY, title="other classes", size=6)} if rest else {}
    return place[np.where(known, classes, len(names)).astype(np.int64)], others | styles


def _by_tag(tags: "pd.Series[str]") -> tuple[Groups, dict[str, Style]]:
    """At most ten tags in colour, the most frequent; the others are one group, and so is what has none."""
    counts = tags[tags != ""].value_counts()
    top = counts.index[: len(CLASSES)].tolist()
    styles = {"": Style(GREY, title="no tag", size=6), OTHERS: Style(GREY, "rect", "other tags")}
    own = {f"tag {tag}": Style(hex_, title=tag) for tag, hex_ in zip(top, CLASSES, strict=False)}
    place = {"": 0} | {tag: at for at, tag in enumerate(top, len(styles))}
    return tags.map(lambda tag: place.get(tag, 1)).to_numpy(np.uint8), styles | own


def _by_figure(values: NDArray[np.float64], colour: str, ground: Ground) -> Colouring:
    """Points coloured along a ramp, a loss by its logarithm, and the bar that gives the numbers."""
    known = np.isfinite(values)
    scaled = np.log10(np.maximum(values, FLOOR)) if colour == "loss" else values
    low, high = np.quantile(scaled[known], (0.005, 0.995)) if known.any() else (0.0, 1.0)
    step = np.clip((scaled - low) / max(high - low, 1e-9) * STEPS, 0, STEPS - 1)
    ramp = _ramp() if ground == "dark" else _ramp()[::-1]
    unknown = {} if known.all() else {OTHERS: Style(GREY, title="not known", size=6)}
    groups = np.where(known, np.nan_to_num(step).astype(np.int64) + len(unknown), 0).astype(np.uint8)
    styles = unknown | {f"step {place}": Style(hex_, legend=False) for place, hex_ in enumerate(ramp)}
    words = [f"{10**end:.2g}" if colour == "loss" else f"{end:.0%}" for end in (low, (low + high) / 2, high)]
    title = "loss" if colour == "loss" else "more suspicious than"
    return Colouring(groups, styles, Bar(title, tuple(ramp), (words[0], words[1], words[2])))


def _ramp() -> list[str]:
    """The colours of a bar, from what is dark to what is bright."""
    stops = np.array([[int(hex_[at : at + 2], 16) for at in (1, 3, 5)] for hex_ in RAMP])
    places = np.linspace(0, len(RAMP) - 1, STEPS)
    mixed = np.stack([np.interp(places, np.arange(len(RAMP)), stops[:, channel]) for channel in range(3)], 1)
    return ["#{:02X}{:02X}{:02X}".format(*np.round(rgb).astype(int)) for rgb in mixed]


def _decided_apart(table: pd.DataFrame, found: Colouring) -> Colouring:
    """The same with the samples that a person decided on in a group of their own, hollow and below the others."""
    decided: Bools = np.asarray(table["verdict"] != "", bool)
    if not decided.any():
        return found
    moved = np.where(found.groups == HIDDEN, HIDDEN, found.groups + 1)
    below = {DECIDED: Style(GREY, title=DECIDED, size=6, hollow=True)}
    return replace(found, groups=np.where(decided, 0, moved).astype(np.uint8), styles=below | found.styles)


def _counted(groups: Groups, styles: Mapping[str, Style]) -> dict[str, Style]:
    """The styles with the number of points in each title; the legend leaves out what the map has none of.

    Titles differ, or the legend would merge them.
    """
    counts = np.bincount(groups, minlength=HIDDEN + 1)
    counted: dict[str, Style] = {}
    for place, (name, style) in enumerate(styles.items()):
        title = style.title or name
        while f"{title} · {counts[place]:,}" in (other.title for other in counted.values()):
            title += " "
        counted[name] = replace(
            style, title=f"{title} · {counts[place]:,}", legend=style.legend and bool(counts[place])
        )
    return counted
