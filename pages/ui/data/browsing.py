"""What the Data page shows of a data set: one choice, kept with what all pages show, and in the address."""

from dataclasses import dataclass
from math import inf, isfinite
from pathlib import Path

import numpy as np
import streamlit as st

from core.data.browsing import Choice, orders, widened
from core.data.store import DatasetInfo
from core.data.survey import Survey
from core.modalities.contract import Trait
from core.types import Floats, Ints
from pages.ui.cache import of_data
from pages.ui.widgets import view
from pages.ui.widgets.view import Matching

PAGE = "data"
PARTS = ("training", "test")
SIZES = ("64", *map(str, range(40, 193, 8)))  # pixels of a tile, the usual ones first
COUNT = Matching("[0-9]{1,6}")
_NUMBER = r"-?[0-9]+(?:\.[0-9]+)?(?:e-?[0-9]+)?"
SHARED = ("map", "colour", "beside", "done", "hover", "epoch", "class", "tiles")  # what is not of the Data page
RANGE = Matching(rf"(?:{_NUMBER})?_(?:{_NUMBER})?")


@dataclass(frozen=True)
class Browsed:
    """One part of a data set, and what is shown of it.

    Attributes:
        workspace: where it lies.
        info: of the data set.
        part: 0 for training samples, 1 for test samples.
        label_name: of the chosen class among what the pages show.
        survey: what is seen of all its samples.
        labels: (n,) their given classes.
        ids: (n,) of the samples; of test samples their rows.
        choice: what a person wants to see.
        page: of the gallery, from 0.
        sample: the row of the sample that is seen alone; None for none.
        size: of a tile, in pixels.
    """

    workspace: Path
    info: DatasetInfo
    part: int
    label_name: str
    survey: Survey
    labels: Ints
    ids: Ints
    choice: Choice
    page: int
    sample: int | None
    size: int

    def rows(self, apart_from: str = "") -> Ints:
        """The rows that are shown, in their order; without asking the range of one trait."""
        return of_data.rows_of(self.workspace, self.info.id, self.part, self.choice, apart_from)


def browsed(workspace: Path, info: DatasetInfo, ids: Ints, *, label_name: str) -> Browsed:
    """What the address and the pages before say of the data set `info`.

    Args:
        workspace: where it lies.
        info: of the data set.
        ids: of its training samples.
        label_name: what its chosen class is called among what the pages show.
    """
    parts = PARTS if info.n_test else PARTS[:1]
    part = parts.index(view.ahead(PAGE, "part", parts))
    survey = of_data.survey_of(workspace, info.id, part)
    traits = [trait.name for trait in survey.traits]
    now = view.shown(
        PAGE,
        {
            "part": parts,
            label_name: ["", *map(str, range(len(info.class_names)))],
            "problem": ["", *survey.problems],
            "order": orders(survey),
            "seed": COUNT,
            "page": COUNT,
            "text": Matching(".{1,200}"),
            "sample": Matching("[0-9]{1,18}"),
            "tiles": SIZES,
            **dict.fromkeys(traits, RANGE),
        },
    )
    choice = Choice(
        int(now[label_name]) if now[label_name] else None,
        now["problem"],
        {name: _read(now[name]) for name in traits if now[name]},
        now["text"],
        now["order"],
        int(now["seed"] or 0),
    )
    labels = of_data.labels_of(workspace, info.id, part)
    ids = np.arange(len(labels)) if part else ids
    at = np.flatnonzero(ids == int(now["sample"])) if now["sample"] else ids[:0]
    sample = int(at[0]) if len(at) else None
    page = max(int(now["page"] or 1) - 1, 0)
    return Browsed(workspace, info, part, label_name, survey, labels, ids, choice, page, sample, int(now["tiles"]))


def choose(name: str, value: str) -> None:
    """Have the page show something else, from its first tile on."""
    view.choose(name, value)
    view.choose("page", "")


def choose_range(trait: Trait, edges: Floats, ends: tuple[float, float] | None) -> None:
    """Have the page show what lies between two values of a trait; everything for None."""
    found = widened(*ends, edges) if ends else None
    choose(trait.name, "_".join(f"{end:.6g}" if isfinite(end) else "" for end in found) if found else "")


def clear(now: Browsed) -> None:
    """Take all filters away; order and part stay."""
    for name in (now.label_name, "problem", "text", *(trait.name for trait in now.survey.traits)):
        choose(name, "")


def other_data() -> None:
    """What was shown of one data set says nothing of another."""
    kept = [name for name in st.session_state.get(view.KEPT, {}) if name not in SHARED]
    for name in kept:
        view.choose(name, "")


def is_filtered(now: Browsed) -> bool:
    """Whether anything is left out."""
    choice = now.choice
    return choice.label is not None or bool(choice.problem or choice.ranges or choice.text)


def _read(text: str) -> tuple[float, float]:
    low, _, high = text.partition("_")
    return float(low) if low else -inf, float(high) if high else inf


def number(value: float) -> str:
    """A number as a person reads it, of three digits or whole.

    >>> number(1234.6), number(0.12345), number(5.0)
    ('1,235', '0.123', '5')
    """
    return f"{value:,.0f}" if abs(value) >= 100 or value == round(value) else f"{value:.3g}"
