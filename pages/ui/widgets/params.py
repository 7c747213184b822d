"""Widgets for the settings of any attack or detector, made from its signature: a new member needs no new page."""

from collections.abc import Mapping
from math import floor, log10
from typing import Any

import streamlit as st

from core.registry import Tunable
from core.types import Scalar
from pages.ui.cache.words import plain


def settings(tunables: Mapping[str, Tunable], values: Mapping[str, Any], *, key: str) -> dict[str, Scalar]:
    """What a person set, every tunable with its value now.

    Args:
        tunables: from `core.registry.tunables`.
        values: where the widgets start; what is missing or of another type starts at its default.
        key: of these widgets, unique on the page.
    """
    return {
        name: _widget(setting, _start(setting, values.get(name)), f"{key}-{name}") for name, setting in tunables.items()
    }


def changed(tunables: Mapping[str, Tunable], chosen: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """Those of the chosen settings that are not the default."""
    return {name: value for name, value in chosen.items() if value != tunables[name].default}


def words(tunables: Mapping[str, Tunable], chosen: Mapping[str, Any]) -> str:
    """The settings on one line, in the order of the signature, for example `alpha 0.1, folds 3`."""
    return ", ".join(f"{_said(name)} {chosen[name]}" for name in tunables if name in chosen)


def _said(name: str) -> str:
    """A setting's name for people: `n_folds` are folds."""
    return plain(name.removeprefix("n_").replace("_", " "))


def _start(tunable: Tunable, value: Any) -> Scalar:
    """The value as the widget takes it: of the right type and within its limits."""
    try:
        start: Scalar = tunable.type(tunable.default if value is None else value)
    except (TypeError, ValueError, OverflowError):
        start = tunable.default
    if tunable.choices:
        return start if start in tunable.choices else tunable.default
    if tunable.range and not tunable.range.low <= float(start) <= tunable.range.high:
        return tunable.default
    return start


def _widget(tunable: Tunable, start: Any, key: str) -> Scalar:
    """The one widget that fits the type."""
    title, help_ = _said(tunable.name).capitalize(), tunable.help or None
    chosen: Scalar
    if tunable.choices:
        chosen = st.selectbox(
            title,
            tunable.choices,
            tunable.choices.index(start),
            key=key,
            help=help_,
            format_func=lambda choice: str(choice).replace("_", " "),
        )
    elif tunable.type is bool:
        chosen = st.checkbox(title, start, key=key, help=help_)
    elif tunable.type is str:
        chosen = st.text_input(title, start, key=key, help=help_)
    else:
        chosen = _number(tunable, title, start, key, help_)
    return chosen


def _number(tunable: Tunable, title: str, start: float, key: str, help_: str | None) -> float:
    """A number field whose limits are those of the signature and whose steps suit the default."""
    whole, limits = tunable.type is int, tunable.range
    low, high = (tunable.type(limits.low), tunable.type(limits.high)) if limits else (None, None)
    step: float = 1 if whole else 10 ** floor(log10(abs(float(tunable.default)) or 1)) / 2
    number: float = st.number_input(
        title, low, high, start, step, format=None if whole else "%.4g", key=key, help=help_
    )
    return number
