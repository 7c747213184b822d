"""Choosing a trigger and a test sample for the trigger demo; the choice is part of the address."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from core import runs
from core.runs import Run
from pages.ui.cache import of_data
from pages.ui.cache.words import HELP, plain
from pages.ui.lab.known_triggers import KnownTrigger
from pages.ui.widgets import address, pictures
from pages.ui.widgets.bound import bound
from pages.ui.widgets.fields import ANY, one_of, one_or_any
from pages.ui.widgets.gallery import GalleryEvent, Tile, gallery

STRIP = 24  # test samples shown in one line
LETTERS = 48  # of all triggers' names that fit one line as buttons; more make a list
FEW_TEXTS = 3  # test samples shown below one another, where they are texts
LETTERS_READ = 84  # of each of these: one line at 1000 px, and the panels below have it whole
SHOW = {"all": "all", "turned": "turned", "not": "not turned"}


def choose_trigger(run: Run, triggers: Mapping[str, KnownTrigger]) -> tuple[KnownTrigger, int]:
    """The trigger and its strength, those of the address."""
    names, linked = list(triggers), address.get("attack")
    name = linked if linked in triggers else names[0]
    common: dict[str, Any] = {"help": HELP["trigger"]}
    common |= bound("trigger-attack", name, lambda new: address.put("attack", new))
    if sum(len(trigger.title) for trigger in triggers.values()) <= LETTERS:  # as many buttons as one line holds
        st.segmented_control(
            "Trigger", names, required=True, format_func=lambda option: plain(triggers[option].title), **common
        )
    else:
        st.selectbox("Trigger", names, width=260, format_func=lambda option: triggers[option].title, **common)
    strengths = [trial["strength"] for trial in runs.trials(run) if trial["attack"] == name] or [1]
    strength = next((choice for choice in strengths if str(choice) == address.get("strength")), strengths[0])
    st.segmented_control(
        "Strength",
        strengths,
        required=True,
        format_func=lambda choice: f"×{choice}",
        help="Twice the trigger's strength, where it has one to double.",
        **bound(f"trigger-strength-{name}", strength, lambda new: address.put("strength", str(new))),
    )
    address.put("attack", name)
    address.put("strength", str(strength))
    return triggers[name], int(strength)


def choose_samples(tried: pd.DataFrame, names: Sequence[str]) -> list[int]:
    """Rows of the test samples that the filters leave."""
    classes = {index: names[index] for index in sorted(tried["label"].unique().tolist())}
    if st.session_state.get("trigger-class", ANY) not in (ANY, *classes):
        st.session_state["trigger-class"] = ANY
    label = one_or_any("True class", classes, "any", key="trigger-class", width=118)
    show = one_of("Samples", SHOW, key="trigger-show", help="Turned: with the trigger, it gets the attacker's class.")
    of_class = tried if label is None else tried[tried["label"] == label]
    shown = of_class if show == "all" else of_class[of_class["turned"] == (show == "turned")]
    rows: list[int] = shown["test_row"].tolist()
    return rows


def current_row(rows: Sequence[int], tried: pd.DataFrame) -> int:
    """The sample of the address, or of the last visit; else the first that only the trigger makes wrong."""
    linked = address.get("row")
    preferred = int(linked) if linked.isdecimal() else st.session_state.get("trigger-row")
    telling = tried[tried["turned"] & (tried["untouched"] == tried["label"]) & tried["test_row"].isin(rows)]
    row = int(preferred if preferred in rows else [*telling["test_row"], rows[0]][0])
    st.session_state["trigger-row"] = row
    address.put("row", str(row))
    return row


def steps(rows: Sequence[int], row: int) -> None:
    """The buttons that go to another sample, round and round."""
    place = rows.index(row)
    others = {
        "Previous": ("chevron_left", place - 1),
        "Next": ("chevron_right", place + 1),
        "Random": ("shuffle", secrets.randbelow(len(rows))),
    }
    for name, (icon, other) in others.items():
        st.button(
            "",
            key=f"trigger-{name}",
            icon=f":material/{icon}:",
            help=f"{name} sample",
            on_click=_go,
            args=(rows, other),
        )


def strip(run: Run, rows: Sequence[int], row: int) -> None:
    """Test samples to pick from, pictures in one line or a few texts to read; a click chooses."""
    shown = _around(rows, row, STRIP)
    read = of_data.texts_of(run.workspace, run.dataset, 1, shown, LETTERS_READ)
    if any(read):
        shown = _around(rows, row, FEW_TEXTS)
        read = of_data.texts_of(run.workspace, run.dataset, 1, shown, LETTERS_READ)
    tiles = [
        Tile(each, pictures.of_test_sample(run.dataset, each), tooltip=f"test sample #{each}", told=text)
        for each, text in zip(shown, read, strict=True)
    ]
    gallery(tiles, key="trigger-strip", selected=(row,), size=44, one_row=True, on_event=partial(_picked, row))


def _around(rows: Sequence[int], row: int, most: int) -> tuple[int, ...]:
    """So many of the rows, those that are turned to together with `row`."""
    start = rows.index(row) // most * most
    return tuple(rows[start : start + most])


def _picked(row: int, event: GalleryEvent, _: Callable[[], None]) -> None:
    if event.focus not in (None, row):  # what was clicked; the selection there may be of the sample before
        address.put("row", str(event.focus))


def _go(rows: Sequence[int], place: int) -> None:
    address.put("row", str(rows[place % len(rows)]))
