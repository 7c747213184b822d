"""Choosing a trigger and a test image for the trigger demo; the choice is part of the address."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import pandas as pd
import streamlit as st

from core import runs
from core.runs import Run
from core.types import PlantedAttack
from pages.ui.attack_words import title
from pages.ui.choice import ANY, one_or_any
from pages.ui.gallery import GalleryEvent, Tile, gallery
from pages.ui.words import HELP

STRIP, LETTERS = 24, 48
SHOW = {"all": "all", "turned": "turned", "not": "not turned"}


def choose_trigger(run: Run, attacks: Mapping[str, PlantedAttack]) -> tuple[str, int]:
    """The trigger and its strength."""
    names, wanted = list(attacks), st.query_params.get("attack", "")
    first = wanted if wanted in attacks else names[0]
    if st.session_state.get("trigger-attack", first) not in attacks:  # of a run with other attacks
        st.session_state["trigger-attack"] = first
    if sum(len(title(attack)) for attack in attacks.values()) <= LETTERS:  # as many buttons as one line holds
        name = st.segmented_control("Trigger", names, default=first, key="trigger-attack", required=True,
                                    format_func=lambda one: title(attacks[one]), help=HELP["trigger"])  # fmt: skip
    else:
        name = st.selectbox("Trigger", names, names.index(first), key="trigger-attack", width=260,
                            format_func=lambda one: title(attacks[one]), help=HELP["trigger"])  # fmt: skip
    strengths = [one["strength"] for one in runs.trials(run) if one["attack"] == name]
    wanted = st.query_params.get("strength", "")
    start = next((one for one in strengths if str(one) == wanted), strengths[0])
    strength = st.segmented_control("Strength", strengths, default=start, key=f"trigger-strength-{name}",
                                    required=True, format_func=lambda one: f"×{one}",
                                    help="Twice the trigger's strength, where it has one to double.")  # fmt: skip
    return str(name), int(strength)


def choose_images(tried: pd.DataFrame, names: Sequence[str]) -> list[int]:
    """Rows of the test images that the filters leave."""
    classes = {index: names[index] for index in sorted(tried["label"].unique().tolist())}
    if st.session_state.get("trigger-class", ANY) not in (ANY, *classes):
        st.session_state["trigger-class"] = ANY
    label = one_or_any("True class", classes, "any", key="trigger-class", width=118)
    show = st.segmented_control("Images", list(SHOW), default="all", key="trigger-show", required=True,
                                format_func=lambda one: SHOW[one],
                                help="Turned: triggered, it becomes what the attacker wants.")  # fmt: skip
    left = tried if label is None else tried[tried["label"] == label]
    kept = left if show == "all" else left[left["turned"] == (show == "turned")]
    rows: list[int] = kept["test_row"].tolist()
    return rows


def current_row(rows: Sequence[int], tried: pd.DataFrame) -> int:
    """The chosen image, of this session or of the address; else the first that only the trigger makes wrong."""
    linked = st.query_params.get("row", "")
    wanted = st.session_state.get("trigger-row", int(linked) if linked.isdecimal() else None)
    telling = tried[tried["turned"] & (tried["untouched"] == tried["label"]) & tried["test_row"].isin(rows)]
    row = wanted if wanted in rows else [*telling["test_row"], rows[0]][0]
    st.session_state["trigger-row"] = row
    return int(row)


def steps(rows: Sequence[int], row: int) -> None:
    """The buttons that go to another image, round and round."""
    place = rows.index(row)
    others = {"Previous": ("chevron_left", place - 1), "Next": ("chevron_right", place + 1),
              "Random": ("shuffle", secrets.randbelow(len(rows)))}  # fmt: skip
    for name, (icon, other) in others.items():
        st.button("", key=f"trigger-{name}", icon=f":material/{icon}:", help=f"{name} image", on_click=_go,
                  args=(rows, other))  # fmt: skip


def strip(run: Run, rows: Sequence[int], row: int) -> None:
    """Test images to pick from; a click chooses."""
    start = rows.index(row) // STRIP * STRIP
    tiles = [
        Tile(one, f"thumb/{run.dataset}/test/{one}.png", tooltip=f"test image #{one}")
        for one in rows[start : start + STRIP]
    ]
    gallery(tiles, key="trigger-strip", selected=(row,), size=44, one_row=True, on_event=partial(_picked, row))


def _picked(row: int, event: GalleryEvent, _: Callable[[], None]) -> None:
    if others := [one for one in event.selected if one != row]:
        st.session_state["trigger-row"] = others[-1]


def _go(rows: Sequence[int], place: int) -> None:
    st.session_state["trigger-row"] = rows[place % len(rows)]
