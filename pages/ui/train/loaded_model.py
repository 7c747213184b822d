"""A model from a file: how well it does on the given labels, what it is, and whether it is fed as it wants to be."""

import streamlit as st

from core import runs
from core.models import title_of
from core.runs import Run, jobs
from pages.ui.cache import cached
from pages.ui.shell import frame, journey


def headline(run: Run) -> str:
    """How often a loaded model agrees with the given labels, in one line."""
    agreement = cached.sanity(run)
    if agreement is None:
        coming = "is being read" if jobs.poll(run.path).active else "has not been read yet"
        return f"The model is loaded; what it makes of the data {coming}."
    test = f" and on {agreement.test:.1%} of the test samples" if agreement.test is not None else ""
    return (
        f"Loaded as it is, the model agrees with **{agreement.train:.1%} of the given labels**{test}; guessing would "
        f"reach {agreement.chance:.1%}."
    )


def facts(run: Run) -> None:
    """Where the model comes from, how images are fed to it, what was not taken over, and any warning."""
    about, config, agreement = runs.loaded(run), run.config, cached.sanity(run)
    if agreement and agreement.warning:
        st.warning(frame.plain(agreement.warning), icon=":material/warning:")
    for note in about["notes"]:
        st.info(frame.plain(note))
    file = f"{about['file']} ({about['bytes'] / 1e6:.1f} MB, SHA-256 {about['sha256'][:12]}…)"
    if config.get("embeddings"):
        st.caption(frame.plain(f"{title_of(config['model'])}, its words begun with {file}."))
        return
    if config.get("folder"):
        st.caption(frame.plain(f"{title_of(config['model'])}: {file}."))
        return
    size = f"resized to {config['input_size']} px" if config["input_size"] else "as large as they are"
    mean, std = (", ".join(f"{value:g}" for value in config[name]) for name in ("mean", "std"))
    scaled = f", mean {mean or '0'}, std {std or '1'}" if mean or std else ", not normalised"
    st.caption(
        frame.plain(
            f"{title_of(config['model'])} from {file}. Images are {size}{scaled}, "
            f"channels {config['colour_order'].upper()}."
        )
    )


def untraced(run: Run) -> bool:
    """Whether the run's model was only loaded; then it is said that nothing was traced, and what to do about it."""
    if run.traced:
        return False
    if run.recorded:
        st.info("There are no trajectories: one epoch was recorded. Record the losses of every epoch.")
        return True
    st.info(
        "Nothing was traced: this model was loaded as it is, so how its samples were learned is not known. Load it "
        "again with *Fine-tune*, or train a model here, and each sample's loss is recorded after every epoch."
        if run.trainable
        else "Nothing was traced: an ONNX graph can only be inspected. Train a model here to see how samples are "
        "learned."
    )
    journey.go_to("train", "Train or fine-tune a model")
    return True
