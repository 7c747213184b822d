"""What is read of a run is kept for as long as nothing that it rests on changes."""

from collections.abc import Callable, Hashable
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

import streamlit as st

from core import runs
from core.runs import Run

P = ParamSpec("P")
R = TypeVar("R")


def of_run(
    stamp: Callable[[Run], Hashable], *, most: int, spinner: str = ""
) -> Callable[[Callable[Concatenate[Run, P], R]], Callable[Concatenate[Run, P], R]]:
    """A decorator: the result of a function of a run is kept until the run's `stamp` is another one.

    The key is the run, its stamp and the other arguments, which are plain values. The function is handed the run as it
    is on the disk. Everybody gets the same object, which nobody may change.

    Args:
        stamp: what changes whenever the result does, such as `stamps.made`.
        most: results that are kept at once.
        spinner: what is said while the function works; nothing where that is quick.
    """

    def decorate(read: Callable[Concatenate[Run, P], R]) -> Callable[Concatenate[Run, P], R]:
        def kept(key: tuple[Path, str, Hashable], *args: P.args, **kwargs: P.kwargs) -> R:
            workspace, run_id, _ = key
            return read(runs.open_run(workspace, run_id), *args, **kwargs)

        # Streamlit tells caches apart by these names; without them, all functions would share one.
        kept.__module__, kept.__qualname__ = read.__module__, read.__qualname__
        cache = st.cache_resource(max_entries=most, show_spinner=spinner or False)(kept)

        @wraps(read)
        def look_up(run: Run, *args: P.args, **kwargs: P.kwargs) -> R:
            result: R = cache((run.workspace, run.id, stamp(run)), *args, **kwargs)
            return result

        return look_up

    return decorate
