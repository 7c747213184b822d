"""Load a model: an architecture, a file with its weights, how images are fed to it, and what to do with it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import streamlit as st

from core import pipeline
from core.data.store import DatasetInfo
from core.models import MODELS, find_model, title_of
from core.models.catalogue import outside_names, published
from core.pipeline import LoadRequest
from core.runs import jobs
from core.training.config import COLOUR_ORDER, TrainConfig, channel_values
from core.types import GRAPH
from pages.ui.access.roots import allowed
from pages.ui.access.who import decides, for_reviewers
from pages.ui.cache.words import HELP
from pages.ui.shell import frame
from pages.ui.widgets import refusal
from pages.ui.widgets.fields import one_of

AIMS = {"inspect": "Inspect", "train": "Fine-tune"}
# Keys of the session.
JOB = "load-job"
BESIDE = "load-beside"  # which field the job's refusal is said at
WEIGHTS = "weights"
ENDINGS = ["safetensors", "pt", "pth", "bin", "ckpt", "onnx"]


def form(workspace: Path, info: DatasetInfo, *, first: bool = True) -> None:
    """All that a loaded model needs, each error beside its field, and the button."""
    model = st.selectbox(
        "Architecture",
        [GRAPH, *(name for name in MODELS if not find_model(name).from_folder), *outside_names()],
        index=None,
        format_func=title_of,
        key="architecture",
        placeholder="Type to search",
        help="The one that the file was made with: torchvision's, timm's, ours, or an ONNX "
        "graph, which brings its own.",
    )
    if model:
        st.caption(frame.plain(find_model(model).help))
    path, upload = _file()
    feeding = _feeding(model or "")
    layer = st.text_input(
        "Layer of activations",
        placeholder="the classifier head",
        key="load-layer",
        help="Whose input is read. Clusters can take another one later.",
    ).strip()
    aim = one_of("What for", AIMS, key="aim", disabled=model == GRAPH, help=HELP["loading"])
    tuning = _tuning() if aim == "train" and model != GRAPH else {}
    ready = bool(model) and bool(path or upload) and feeding is not None and JOB not in st.session_state
    title = "Load and fine-tune" if tuning else "Load and inspect"
    kind = "primary" if first else "secondary"
    off = for_reviewers(disabled=not ready)
    if st.button(title, type=kind, icon=":material/upload_file:", width="stretch", **off):
        config = {"model": model, **(feeding or {}), **tuning}
        _start(workspace, info, config, path, upload, train=bool(tuning), layer=layer or None)
        st.rerun()
    if JOB in st.session_state:
        running(workspace)


def size_field(model: str, key: str) -> int | None:
    """The edge in pixels to which inputs are resized, at first as the model's authors say; None leaves them."""
    usual = published(model)
    words = "Edge in pixels to which images are resized. Smaller is faster. Some architectures insist on theirs."
    field = {"key": key, "placeholder": "as they are", "help": words}
    size = st.number_input("Image size", 8, 1024, usual.size if usual else None, **field)
    return size and int(size)


def _file() -> tuple[str, Any]:
    """The path of the weights, or the uploaded file; what was wrong with it, below."""
    where = one_of("Weights", ("By path", "Upload"), key="weights-from", help=HELP["weights"], width="stretch")
    path, upload = "", None
    if where == "Upload":
        hidden = {"label_visibility": "collapsed", **for_reviewers()}
        upload = st.file_uploader("Weights", ENDINGS, key="weights-upload", **hidden)
    else:
        example = "/models/resnet18.safetensors"
        typed = st.text_input(
            "Path of the weights", placeholder=example, key="weights-path", label_visibility="collapsed"
        )
        path = typed.strip()
    refusal.show_kept(WEIGHTS)
    return path, upload


def _feeding(model: str) -> dict[str, Any] | None:
    """How images are fed to the network, where it starts as its authors say; None where a field is wrong."""
    usual = published(model)
    with st.expander("Preprocessing", expanded=bool(model) and usual is None):
        left, right = st.columns(2)
        with left:
            size = size_field(model, f"load-size-{model}")
        order = right.selectbox(
            "Colour order",
            COLOUR_ORDER,
            key="load-order",
            format_func=str.upper,
            help="In which the model sees the channels, mean and std.",
        )
        values, sound = {}, True
        for name, words in (("mean", "Mean"), ("std", "Standard deviation")):
            start = ", ".join(f"{value:g}" for value in getattr(usual, name)) if usual else ""
            text = st.text_input(words, start, key=f"load-{name}-{model}", placeholder="none", help=HELP["mean"])
            checked = refusal.attempted(lambda name=name, text=text: _checked(name, text))
            values[name], sound = checked, sound and checked is not None
    feeding = {**values, "input_size": size, "colour_order": order}
    return feeding if sound else None


def _checked(name: str, text: str) -> tuple[float, ...]:
    """The mean or the standard deviation of the channels, as a configuration takes it."""
    values = channel_values(name, text)
    TrainConfig(**{name: values})  # says what cannot be used
    return values


def _tuning() -> dict[str, Any]:
    left, right = st.columns(2)
    epochs = left.number_input("Epochs", 1, 1000, 5, key="load-epochs")
    rate = right.number_input("Learning rate", 1e-6, 1.0, 1e-4, format="%.5f", key="load-rate")
    return {"epochs": int(epochs), "learning_rate": float(rate)}


@decides(beside=WEIGHTS)
def _start(workspace: Path, info: DatasetInfo, fields: dict[str, Any], path: str, upload: Any, **how: Any) -> None:
    """Start the worker that opens the file; a path outside the allowed folders is refused before."""
    weights = "" if upload else str(allowed(path))
    request = LoadRequest(info.id, TrainConfig(**fields, weights=weights), everything=True, **how)
    content = (upload.name, upload.getvalue()) if upload else None
    st.session_state[JOB] = pipeline.start_loading(workspace, request, content)


@decides(beside="new run")
def start_with(workspace: Path, info: DatasetInfo, fields: Mapping[str, Any]) -> None:
    """Start the worker that reads word vectors or a transformer before the training; paths elsewhere are refused."""
    config = TrainConfig(**fields)
    config = replace(config, **{name: str(allowed(fields[name])) for name in ("embeddings", "folder") if fields[name]})
    st.session_state[JOB] = pipeline.start_loading(workspace, LoadRequest(info.id, config, train=True, everything=True))
    st.session_state[BESIDE] = "new run"


@st.fragment(run_every=0.5)
def running(workspace: Path) -> None:
    """How the loading fares; when the model is in, its run is shown and worked on."""
    job = st.session_state[JOB]
    progress = jobs.poll(job)
    if progress.active:
        st.progress(
            progress.fraction,
            text=f"Opening the file: {frame.plain(progress.message)}" if progress.message else "Opening …",
        )
        return
    st.session_state.pop(JOB)
    beside = st.session_state.pop(BESIDE, WEIGHTS)
    if progress.state == "done":
        _show(workspace, job)
    else:
        refusal.forget()
        refusal.keep(frame.job_error(progress, "Loading"), beside)
    st.rerun()


@decides
def _show(workspace: Path, job: Path) -> None:
    """Show the run that was loaded; it is worked on already, unless the server was another one then."""
    pipeline.begin_loaded(workspace, job)
    frame.choose_run(pipeline.loaded_run(workspace, job))
