"""Parameters of the address that a page sets, which a request that was under way cannot take back.

Each request carries the address as the browser showed it when the request was sent, and that replaces what a callback
has written since. A part of the page that draws itself every second sends such requests all the time.

The browser's history has one entry for each act of a person, and Back leads to what was seen before.
"""

import time
from collections.abc import Mapping
from math import inf
from pathlib import Path
from urllib.parse import urlencode

import streamlit as st

_ASSETS = Path(__file__).parents[3] / "assets"
_mount = st.components.v2.component("assay.steps", js=(_ASSETS / "steps.js").read_text())
WRITTEN = "written-parameters"
STEP = "step"  # the parameter by which the browser says that somebody went back or forward; `assets/steps.js` writes it
ARRIVAL = "arrival-"  # what it begins with where that led to another page
SETTLED = "settled-step"  # where the session keeps the last step that the page has followed
GRACE = 3.0  # seconds, after which an older address is the visitor's wish


def answer() -> None:
    """Have the browser keep the history so, and answer a step with the address that follows; the last of every page."""
    step = settle()
    _mount(key="steps", data={"step": step, "query": urlencode(st.query_params.to_dict())}, height=0)


def get(name: str) -> str:
    """The value of a parameter; "" where it is not in the address."""
    now = str(st.query_params.get(name, ""))
    value, left = _written(name)
    if _stepped():
        _remember(name, now, {value: time.monotonic()} if value != now else left)
        return now
    if now == value or time.monotonic() - left.get(now, -inf) > GRACE:
        return now
    _set(name, value)
    return value


def stepping() -> bool:
    """Whether what the address says goes before what the session remembers, for somebody just took a step on a page.

    Not one to another page: what was chosen, of a selection above all, stays on the way there.
    """
    return _stepped() and not st.query_params[STEP].startswith(ARRIVAL)


def settle() -> str:
    """The last step that the page has followed, which is the one in the address; that says it no more."""
    if step := st.query_params.get(STEP, ""):
        st.session_state[SETTLED] = step
        st.query_params.pop(STEP)
    return str(st.session_state.get(SETTLED, ""))


def or_kept(name: str, kept: str | None) -> str | None:
    """What the session remembers goes before what the address says, but not right after a step in the browser."""
    said = st.query_params.get(name)
    return (said or kept) if stepping() else (kept or said)


def put(name: str, value: str) -> None:
    """Have the address say so; "" takes the parameter out of it."""
    put_all({name: value})


def put_all(values: Mapping[str, str]) -> None:
    """The same for several parameters at once, which is one step back in the browser."""
    now, before = time.monotonic(), {name: get(name) for name in values}
    changed = {name: value for name, value in values.items() if value != before[name]}
    for name, value in changed.items():
        left = {old: since for old, since in _written(name)[1].items() if now - since <= GRACE} | {before[name]: now}
        _remember(name, value, left)
        if not value:
            _set(name, value)
    if any(changed.values()):
        st.query_params.update({name: value for name, value in changed.items() if value})


def _stepped() -> bool:
    """Whether somebody just took a step in the browser, to this page or on it, that the page has not followed yet."""
    step = st.query_params.get(STEP, "")
    return bool(step) and step != st.session_state.get(SETTLED)


def _written(name: str) -> tuple[str, dict[str, float]]:
    """What was written last, and when each earlier value was left."""
    written: tuple[str, dict[str, float]] = st.session_state.get(WRITTEN, {}).get(name, ("", {}))
    return written


def _remember(name: str, value: str, left: dict[str, float]) -> None:
    st.session_state.setdefault(WRITTEN, {})[name] = value, left


def _set(name: str, value: str) -> None:
    if value:
        st.query_params[name] = value
    else:
        st.query_params.pop(name, None)
