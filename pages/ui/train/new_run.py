"""The left side of Train: what is going to be trained here, or loaded from a file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from core import pipeline
from core.data.store import DatasetInfo
from core.modalities import MODALITIES
from core.models import find_model, models_for, takes_pictures, title_of, usual, usual_rate
from core.models.catalogue import outside_names
from core.training.config import TrainConfig
from pages.ui.access.who import decides, for_reviewers
from pages.ui.shell import frame
from pages.ui.train import model_file, recording
from pages.ui.widgets import refusal
from pages.ui.widgets.fields import one_dataset, one_of

WAYS = {"train": "Train", "load": "Load a model", "record": "Recorded"}
COMPILE = (
    "Takes up to a minute, and pays on a GPU with many epochs. It rounds otherwise: the same seed gives another model. "
    "Where compiling fails, the training goes on without."
)
SHARPNESS = (
    "Sharpness-aware training, 0 for none; 0.1 is usual. Backdoors are learned more strongly, so that detectors find "
    "more of them. Each step makes two passes: it takes twice the time."
)

VECTORS = {
    "placeholder": "drawn from the seed",
    "help": "Path of a text file of word2vec or GloVe: words of the data begin with its vectors, and learn on.",
}

FOLDER = {
    "placeholder": "/models/distilbert-base-uncased",
    "help": "Path of a folder with config.json, model.safetensors and tokenizer.json, as save_pretrained writes it.",
}
FROZEN = "The transformer stays as it is, and its head alone learns: faster, and often less accurate."


def new_run(workspace: Path, datasets: Mapping[str, DatasetInfo], current: str, *, first: bool = True) -> None:
    """Which data set, at first the one of the `current` run, and whether its model is trained here or loaded.

    Args:
        workspace: of the data sets.
        datasets: by id.
        current: the data set of the run that is shown, "" for none.
        first: whether its button is the page's first; going on with what was stopped may be.
    """
    dataset = one_dataset("Data set", datasets, st.session_state.get("dataset_id"), current)
    if not models_for(dataset.shape):
        st.caption("Nothing is known of these samples but names and labels. Load a training that you recorded.")
        recording.form(workspace, dataset, first=first)
        return
    way = one_of("Way", WAYS, key="way", label_visibility="collapsed")
    if way == "load":
        model_file.form(workspace, dataset, first=first)
    elif way == "record":
        recording.form(workspace, dataset, first=first)
    else:
        _training(workspace, dataset, first=first)


def _training(workspace: Path, info: DatasetInfo, *, first: bool) -> None:
    """The few fields that matter, the rest under More, and the button."""
    suited, ours = usual(info.shape, info.n), models_for(info.shape)
    model = st.selectbox(
        "Model",
        [*ours, *(outside_names() if takes_pictures(info.shape) else ())],
        ours.index(suited.name),
        format_func=title_of,
        key=f"model-{info.modality}-{suited.name}",  # what was chosen for images of one size is not kept for another
        help="Ours first, then all of torchvision and timm: type to search.",
    )
    st.caption(frame.plain(find_model(model).help))
    other = "" if model == suited.name else f"{title_of(suited.name)} suits these data. "
    st.caption(frame.plain(f"{other}{suited.why}"))
    folder, frozen = _folder() if find_model(model).from_folder else ("", False)
    epochs = st.number_input("Epochs", 1, 1000, 16, help="BaDLoss as published traces 30.")
    with st.expander("More"):
        batch = st.number_input("Batch size", 2, 4096, TrainConfig.batch_size)
        rate = st.number_input(
            "Learning rate", 1e-6, 1.0, usual_rate(model, frozen=frozen), format="%.5f", key=f"rate-{model}-{frozen}"
        )
        decay = st.number_input("Weight decay", 0.0, 1.0, TrainConfig.weight_decay, format="%.5f")
        size = model_file.size_field(model, f"size-{model}") if find_model(model).preprocessed else None
        augment = st.selectbox(
            "Augmentation",
            MODALITIES[info.modality].augmentations,
            help="Tracing wants none: augmentation hides how samples are learned.",
        )
        seed = st.number_input("Seed", 0, 2**31 - 1, 0)
        compiled = st.checkbox("Compile the network first", help=COMPILE)
        sharpness = st.number_input("Sharpness ρ", 0.0, 10.0, 0.0, step=0.05, help=SHARPNESS)
        wordless = folder or find_model(model).from_folder or takes_pictures(info.shape)
        vectors = "" if wordless else st.text_input("Word vectors", key="vectors", **VECTORS).strip()
    fields = {"model": model, "epochs": epochs, "batch_size": batch, "learning_rate": rate, "weight_decay": decay}
    fields |= {"augment": augment, "seed": seed, "input_size": size, "compiled": compiled, "sharpness": sharpness}
    fields |= {"model_settings": suited.settings if model == suited.name else ()}
    off = for_reviewers(disabled=model_file.JOB in st.session_state)
    kind = "primary" if first else "secondary"
    if st.button("Train", type=kind, icon=":material/model_training:", width="stretch", **off):
        if vectors or find_model(model).from_folder:
            fields |= {"model_settings": (("frozen", frozen),)} if frozen else {}
            model_file.start_with(workspace, info, {**fields, "embeddings": vectors, "folder": folder})
        else:
            _train(workspace, info, fields)
        st.rerun()
    if model_file.JOB in st.session_state:
        model_file.running(workspace)
    refusal.show_kept("new run")


def _folder() -> tuple[str, bool]:
    """Which folder a transformer lies in, and whether it stays as it is."""
    folder = st.text_input("Folder", key="folder", **FOLDER).strip()
    return folder, st.checkbox("Frozen", key="frozen", help=FROZEN)


@decides(beside="new run")
def _train(workspace: Path, info: DatasetInfo, fields: dict[str, Any]) -> None:
    """Start the training, and show its run."""
    plan = pipeline.full_plan(info, workspace)
    frame.start(pipeline.new_run(workspace, info.id, TrainConfig(**fields), plan=plan))
