"""Load a training that took place elsewhere: a folder of the recorder, or arrays of losses and the like."""

from pathlib import Path

import streamlit as st

from core import pipeline, runs
from core.data.store import DatasetInfo
from core.pipeline import RecordedRequest
from core.runs import Run, jobs
from pages.ui.access.roots import allowed
from pages.ui.access.who import decides, for_reviewers
from pages.ui.cache import cached
from pages.ui.shell import frame
from pages.ui.widgets import refusal

# Keys of the session.
JOB = "recording-job"
REFUSED = "recording"
MORE = {
    "activations": "Activations (n, d)",
    "predictions": "Predicted classes (n,)",
    "probabilities": "Probabilities (n, classes) or (n, epochs, classes)",
}


def form(workspace: Path, info: DatasetInfo, *, first: bool = True) -> None:
    """Where the recording lies, and the button that loads it."""
    place = st.text_input(
        "Recording, or losses (n, epochs)",
        key="recording-path",
        placeholder="/home/me/recording",
        help="The folder that core/recorder.py wrote; losses as .npy, .pt or .jsonl; or dataset cartography's folder.",
    ).strip()
    with st.expander("More arrays"):
        typed = {
            kind: st.text_input(words, key=f"recording-{kind}", placeholder=".npy") for kind, words in MORE.items()
        }
    paths = {kind: path.strip() for kind, path in typed.items()}
    ready = bool(place or paths["probabilities"]) and JOB not in st.session_state
    title = {"type": "primary" if first else "secondary", "icon": ":material/timeline:", "width": "stretch"}
    if st.button("Load the recording", **title, **for_reviewers(disabled=not ready)):
        _start(workspace, info, place, paths)
        st.rerun()
    refusal.show_kept(REFUSED)
    if JOB in st.session_state:
        _running(workspace)


def notes(run: Run) -> bool:
    """What was read, and what is not known of a recorded training; returns whether there are curves to show."""
    about = runs.recorded(run)
    sources = ", ".join(f"{kind} {frame.plain(Path(path).name)}" for kind, path in about["sources"].items())
    st.caption(f"The training took place elsewhere and was recorded: {sources}.")
    for note in about["notes"]:
        st.info(frame.plain(note))
    return bool(runs.history(run))


def answer(run: Run) -> str:
    """What the recording says of the training, in one line."""
    history = runs.history(run)
    if not history:
        return "The training took place elsewhere; only the loss at the end is known."
    right = ""
    if run.has_predictions:
        table = cached.table(run)
        right = f" The model is right on **{(table['label'] == table['predicted']).mean():.1%} of the training data**."
    return (
        f"The training took place elsewhere. Its losses were recorded over **{len(history):,} epochs**; the mean loss "
        f"went from {history[0]['train_loss']:.3g} to {history[-1]['train_loss']:.3g}.{right}"
    )


@decides(beside=REFUSED)
def _start(workspace: Path, info: DatasetInfo, place: str, paths: dict[str, str]) -> None:
    """Start the worker that reads the files; a path outside the allowed folders is refused before."""
    named = {kind: str(allowed(path)) for kind, path in {"recording": place, **paths}.items() if path}
    if place and not Path(named["recording"]).is_dir():
        named["losses"] = named.pop("recording")
    st.session_state[JOB] = pipeline.start_recorded(workspace, RecordedRequest(info.id, **named))


@st.fragment(run_every=0.5)
def _running(workspace: Path) -> None:
    """How the loading fares; when the run is there, it is shown and worked on."""
    job = st.session_state[JOB]
    progress = jobs.poll(job)
    if progress.active:
        st.progress(progress.fraction, text=frame.plain(progress.message) or "Opening …")
        return
    st.session_state.pop(JOB)
    if progress.state == "done":
        _show(workspace, job)
    else:
        refusal.forget()
        refusal.keep(frame.job_error(progress, "Loading"), REFUSED)
    st.rerun()


@decides
def _show(workspace: Path, job: Path) -> None:
    """Show the run that was loaded; it is worked on already, unless the server was another one then."""
    pipeline.begin_loaded(workspace, job)
    frame.choose_run(pipeline.loaded_run(workspace, job))
