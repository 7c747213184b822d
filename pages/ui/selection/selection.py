"""The selection, which both maps, the galleries and the review share, and its samples as tiles."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from core.analysis.advice import top_reasons
from core.analysis.opened_run import leading
from core.analysis.samples import suspected
from core.data.store.sample_names import caption_name, has_file_name, one_line
from core.journal.review.verdict import STANDING
from core.output.names import told_apart
from core.runs import Run
from pages.ui.cache import cached, said
from pages.ui.cache import names as of_samples
from pages.ui.selection import shared
from pages.ui.widgets import address, counted, pictures
from pages.ui.widgets.gallery import Tile

__all__ = ["follow", "looked_at", "places_of", "select", "selected", "tiles", "version"]

NONE = np.empty(0, np.int64)
NOT_PREDICTED = "not predicted"
CLASS = 32  # characters of a class's name under a large tile; a small one cuts more of its middle


def selected(run: Run) -> NDArray[np.int64]:
    """Sorted ids selected in this run; at first, and after a step in the browser, those that the address names."""
    if f"selection-{run.id}" not in st.session_state:
        st.session_state[f"selection-{run.id}"] = shared.said(run)
    elif address.stepping():
        _step_to(run, shared.said(run))
    return np.asarray(st.session_state[f"selection-{run.id}"], np.int64)


def select(run: Run, ids: Sequence[int] | NDArray[np.int64]) -> None:
    """Make `ids` the selection, which a gallery has to be told."""
    st.session_state[f"selection-version-{run.id}"] = version(run) + 1
    follow(run, ids)
    st.session_state[f"selection-looked-at-{run.id}"] = st.session_state[f"selection-{run.id}"]


def _step_to(run: Run, ids: tuple[int, ...]) -> None:
    """Select what was selected at the place in the history that somebody went to."""
    if not np.array_equal(ids, st.session_state[f"selection-{run.id}"]):
        st.session_state[f"selection-version-{run.id}"] = version(run) + 1
        st.session_state[f"selection-{run.id}"] = st.session_state[f"selection-looked-at-{run.id}"] = np.array(
            ids, np.int64
        )


def follow(run: Run, ids: Iterable[int]) -> None:
    """Make `ids` the selection where a gallery says so, which knows it."""
    address.settle()
    numbers = (ids if isinstance(ids, np.ndarray) else np.fromiter(ids, np.int64)).astype(np.int64)
    ascending = bool((numbers[1:] > numbers[:-1]).all())  # as maps send them, which may be very many
    st.session_state[f"selection-{run.id}"] = numbers if ascending else np.unique(numbers)


def looked_at(run: Run) -> NDArray[np.int64]:
    """The ids that were selected last elsewhere than in a gallery, with those that are selected now.

    What is taken out in the gallery beside a map stays there to be taken in again; nothing once nothing is selected.
    """
    now = selected(run)
    before: NDArray[np.int64] = st.session_state.get(f"selection-looked-at-{run.id}", NONE)
    return now if before is now or not len(now) else np.union1d(now, before)


def places_of(table: pd.DataFrame, ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Ascending rows of the review table that have one of these sorted ids.

    As `np.flatnonzero(table["id"].isin(ids))`, in a quarter of its time where the ids of the table ascend.
    """
    own = table["id"].to_numpy()
    if not len(own) or not (own[1:] > own[:-1]).all():
        return np.flatnonzero(np.isin(own, ids))
    places = np.searchsorted(own, ids).clip(max=len(own) - 1)
    return places[own[places] == ids]


def version(run: Run) -> int:
    """How often the selection was changed elsewhere than in a gallery."""
    return int(st.session_state.get(f"selection-version-{run.id}", 0))


def tiles(run: Run, rows: pd.DataFrame, taken: Collection[int] = ()) -> list[Tile]:
    """A tile per row of the review table: name, both labels, verdict or suspicion and why, or who has it."""
    if rows.empty:  # the names of all samples may be many
        return []
    classes, names, why = cached.info(run).class_names, of_samples.names(run), _why(run, rows)
    read = said.parts(run, tuple(rows.index.tolist()))
    made = []
    for row, place, parts in zip(rows.to_dict("records"), rows.index, read, strict=True):
        told = "".join(part.text for part in parts)
        file = one_line(names[place]) if has_file_name(names[place], told) else ""
        tile = _tile(run, row, file, classes, taken=row["id"] in taken, why=why.get(int(row["id"]), ""))
        made.append(replace(tile, told=told, parts=parts))
    return made


def _why(run: Run, rows: pd.DataFrame) -> dict[int, str]:
    """The strongest reason to suspect each suspect, where the detector that is counted gives one."""
    by, detections = counted.counted(run), cached.detections(run)
    detection = next((detections[name] for name in ([by] if by else leading(detections))), None)
    shown = rows[suspected(rows)]
    if detection is None or shown.empty:
        return {}
    return dict(zip(shown["id"].tolist(), top_reasons(detection, shown.index.tolist()), strict=True))


def _tile(run: Run, row: dict[str, object], file: str, names: tuple[str, ...], *, taken: bool, why: str) -> Tile:
    label = int(row["label"])  # type: ignore[call-overload]
    other = int(row["predicted"]) if pd.notna(row["predicted"]) else None  # type: ignore[call-overload]
    given, predicted = names[label], NOT_PREDICTED if other is None else names[other]
    short = told_apart(names, CLASS)
    suspect = "flagged" if row["flagged"] else "confirmed" if row["confirmed"] else ""
    badge = STANDING.get(str(row["verdict"]), "taken" if taken else suspect)
    held_words = " · someone else looks at it" if taken else ""
    suspicion = float(row["suspicion"])  # type: ignore[arg-type]
    because = f" ({why})" if why else ""
    rank = f"more suspicious than {suspicion:.1%}{because}"
    words = f"#{row['id']}{f' · {file}' * bool(file)} · given {given} · predicted {predicted} · {rank}"
    lines = (why if badge and badge == suspect else "", caption_name(file) if file else "")
    return Tile(
        int(row["id"]),
        pictures.of_sample(run.dataset, int(row["row"])),
        (short[label], f"→ {NOT_PREDICTED if other is None else short[other]}", *filter(None, lines)),
        badge,
        _percent(suspicion) if badge and badge == suspect else "",
        words + held_words,
        settled=bool(row["verdict"]) or taken,
    )


def _percent(fraction: float) -> str:
    """A suspicion as a percentile, in at most four signs: no sample is more suspicious than all."""
    return f"{min(fraction, 0.999):.1%}" if fraction >= 0.99 else f"{fraction:.0%}"
