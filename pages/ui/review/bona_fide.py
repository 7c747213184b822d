"""The bona fide builder: samples at random within each class, and one key that calls them clean."""

from collections.abc import Callable
from functools import partial

import pandas as pd
import streamlit as st

from core import pipeline
from core.analysis.advice import USUAL_TRUSTED
from core.analysis.detector_table import leader
from core.detectors.parts.calibration import FEWEST_TRUSTED
from core.journal import review
from core.runs import Run
from pages.ui.access.who import decides, for_reviewers, may_decide, reviewer
from pages.ui.cache import cached
from pages.ui.selection.selection import tiles
from pages.ui.selection.verdicts import said, tell
from pages.ui.widgets import gallery as galleries
from pages.ui.widgets import refusal
from pages.ui.widgets.gallery import GalleryEvent, gallery

KEYS = {"a": "accept"}
WHY = (
    "BaDLoss, and an expected rate such as “about 10% wrong”, compare every sample with some that are known to be "
    "clean. A person makes them here. They are drawn at random within each class, from the classes that have fewest, "
    "until all have about as many. What a detector flags, or anybody decided on, is not drawn."
)


def state(run: Run) -> None:
    """How many bona fide samples there are, how many more are useful, and why."""
    n_bona_fide = int(cached.table(run)["bona_fide"].sum())
    first = leader(cached.detections(run))
    words, whole = useful(n_bona_fide, cached.advice_on(run, first).enough if first else None)
    st.markdown(f"**{n_bona_fide:,} bona fide samples.** {words}")
    st.progress(min(1.0, n_bona_fide / whole))
    st.caption(WHY)


def useful(n_bona_fide: int, enough: int | None) -> tuple[str, int]:
    """How many more are useful, in words, and how many there are then: what the bar counts towards."""
    if n_bona_fide < FEWEST_TRUSTED:
        least = f"An expected rate takes {FEWEST_TRUSTED - n_bona_fide:,} more at least; {USUAL_TRUSTED} are usual."
        return least, USUAL_TRUSTED
    if enough and enough > n_bona_fide:
        return f"About {enough - n_bona_fide:,} more would be enough for an expected rate here.", enough
    more = f"{USUAL_TRUSTED - n_bona_fide:,} more are usual." if n_bona_fide < USUAL_TRUSTED else "These are enough."
    return more, USUAL_TRUSTED


def desk(run: Run, drawn: pd.DataFrame) -> None:
    """The drawn samples; a click leaves one out."""
    said()
    if drawn.empty:
        st.success("Every sample is flagged, decided on, or was spoken of.")
        return
    off, key = not may_decide(), _key(run)
    doubtful = st.session_state.get(f"doubtful-{run.id}", ())
    left = len(drawn) - int(drawn["id"].isin(doubtful).sum())
    gallery(
        tiles(run, drawn),
        key=key,
        selected=doubtful,
        struck=True,
        size=80,  # pixels, of which three rows hold all 25 at 1280
        keys={} if off else KEYS,
        on_event=partial(_done, run),
    )
    with st.container(key="accept-bar", horizontal=True, vertical_alignment="center"):
        st.markdown("Click the doubtful ones away; the rest is called clean.", width="stretch")
        st.button(
            f"Accept {left} of {len(drawn)} (A)",
            key="accept",
            type="primary",
            icon=":material/verified:",
            disabled=off,
            on_click=_pressed,
            args=(run,),
        )


def listed(run: Run) -> None:
    """Ids from a file, called clean in one go."""
    file = st.file_uploader(
        "Or from a file with one id a line",
        type=["txt", "csv"],
        key="listed",
        max_upload_size=50,
        disabled=not may_decide(),
    )
    if file is not None and st.button("Call them clean", icon=":material/verified:", **for_reviewers()):
        _accept_listed(run, file.getvalue().decode("utf-8", "replace"), file.name)
        st.rerun()
    refusal.show_kept("listed")


def again(run: Run) -> None:
    """What follows: detectors that ran before know nothing of the new ones."""
    rows = review.guarantee_journal(run.workspace, run.dataset)
    if rows.empty:
        return
    st.caption("Detectors that ran before know nothing of the new ones: run them again on Detect.")
    if st.toggle("Show who said what"):
        st.dataframe(rows.iloc[::-1].head(1000), hide_index=True)


def _pressed(run: Run) -> None:
    galleries.answer(_key(run), partial(_done, run))
    _accept(run, st.session_state[f"{_key(run)}-shown"], set(st.session_state.get(f"doubtful-{run.id}", ())))


def _done(run: Run, event: GalleryEvent, once: Callable[[], None]) -> None:
    if event.key:
        _accept(run, event.shown, set(event.selected), once)
    else:
        st.session_state[f"doubtful-{run.id}"] = event.selected


@decides
def _accept(run: Run, shown: tuple[int, ...], doubtful: set[int], once: Callable[[], None] = lambda: None) -> None:
    """Call all that is shown clean but the doubtful ones, which are not asked about again."""
    who, clean = reviewer(), [sample for sample in shown if sample not in doubtful]
    left_out = [sample for sample in shown if sample in doubtful]
    once()
    if clean:
        review.guarantee(run.workspace, run.dataset, clean, reviewer=who, reason="looked at")
    if left_out:
        review.guarantee(run.workspace, run.dataset, left_out, reviewer=who, accepted=False, reason="doubtful")
    st.session_state[f"doubtful-{run.id}"] = ()
    tell(f"{len(clean):,} samples are bona fide, {len(left_out):,} doubtful.", ":material/verified:")


@decides(beside="listed")
def _accept_listed(run: Run, text: str, file: str) -> None:
    count = pipeline.guarantee_listed(run, text, file, reviewer=reviewer())
    tell(f"{count:,} samples are bona fide.", ":material/verified:")


def _key(run: Run) -> str:
    return f"bona-fide-{run.id}"
