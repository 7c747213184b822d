"""Train: is the model learning, and what?"""

import streamlit as st

from core import figures, jobs, pipeline, runs
from core.config import AUGMENT, TrainConfig
from core.datasets import store
from core.errors import UserError
from core.models import MODELS
from pages.ui import cached, frame
from pages.ui.gallery import gallery
from pages.ui.selection import tiles
from pages.ui.words import HELP

frame.guard()
WORKSPACE = frame.workspace()


def configuration() -> None:
    """The few fields that matter, the rest under More, and the button."""
    found = {info.id: info for info in store.describe_all(WORKSPACE)}
    if not found:
        st.info("There is no data set yet.")
        st.page_link("pages/data.py", label="Open data or start the demo", icon=":material/arrow_forward:")
        return
    wanted, names = st.session_state.get("dataset_id"), list(found)
    dataset = st.selectbox("Data set", names, index=names.index(wanted) if wanted in found else 0,
                           format_func=lambda key: found[key].name)  # fmt: skip
    model = st.selectbox("Model", list(MODELS), format_func=lambda key: MODELS[key].title)
    st.caption(MODELS[model].help)
    epochs = st.number_input("Epochs", 1, 1000, 16, help="BaDLoss as published traces 30.")
    with st.expander("More"):
        batch = st.number_input("Batch size", 2, 4096, TrainConfig.batch_size)
        rate = st.number_input("Learning rate", 1e-6, 1.0, TrainConfig.learning_rate, format="%.5f")
        decay = st.number_input("Weight decay", 0.0, 1.0, TrainConfig.weight_decay, format="%.5f")
        augment = st.selectbox(
            "Augmentation", AUGMENT, help="Tracing wants none: augmentation hides how samples are learned."
        )
        seed = st.number_input("Seed", 0, 2**31 - 1, 0)
    if st.button("Train", type="primary", icon=":material/model_training:", width="stretch"):
        try:
            config = TrainConfig(model, int(epochs), int(batch), rate, decay, augment=augment, seed=int(seed))
            frame.start(pipeline.new_run(WORKSPACE, dataset, config, plan=pipeline.full_plan(found[dataset])))
        except UserError as error:
            frame.show_error(error)
        else:
            st.rerun()


def live(run: runs.Run) -> None:
    """The curves so far; drawn again every other second while the job trains."""
    history, progress = runs.history(run), jobs.poll(run.path)
    if progress.active:
        frame.describe(progress)
    elif progress.error:
        frame.show_error(UserError(**progress.error))
    elif not run.done("train"):
        st.warning(f"Training is {frame.STATES[progress.state]} after epoch {len(history)}; what is done is kept.")
        st.button("Resume", type="primary", icon=":material/play_circle:", on_click=frame.start, args=(run,))
    epochs = int(run.config["epochs"])
    left, right = st.columns(2)
    for column, quantity in ((left, "loss"), (right, "accuracy")):
        with column:
            st.markdown(f"**{quantity.capitalize()}**", help=HELP.get(quantity))
            st.plotly_chart(figures.learning_curves(history, quantity, epochs), key=f"curve-{quantity}")


@st.fragment(run_every=2.0)
def live_until_done(run: runs.Run) -> None:
    """`live`, until the training is over, which draws the whole page again."""
    live(run)
    if not jobs.poll(run.path).active or runs.open_run(run.workspace, run.id).done("activations"):
        st.rerun()


def aftermath(run: runs.Run) -> None:
    """What the finished training tells: accuracy per class, the spread of the losses, and the hardest samples."""
    names, history = cached.info(run).class_names, runs.history(run)
    left, right = st.columns(2)
    with left:
        st.markdown("**Training accuracy per class**")
        per_class = history[-1]["class_accuracy"]
        st.plotly_chart(figures.bars(names, per_class, x="accuracy", percent=True), key="per-class")
    with right:
        st.markdown("**Loss of all samples after training**", help=HELP["loss"])
        st.plotly_chart(figures.loss_histogram(cached.losses(run)[:, -1]), key="losses")
    st.markdown("**The hardest samples**: highest loss after training. Wrong labels and unlearned poison gather here.")
    hardest = cached.table(run).nlargest(24, "loss")
    gallery(tiles(run, hardest), key=f"hardest-{run.id}", selected=(), size=72, selectable=False)


st.title("Is the model learning, and what?")
run = frame.chosen_run()
if run and not run.done("train"):
    st.markdown(
        "The model is being trained; its curves grow below." if jobs.poll(run.path).active else "Not trained yet."
    )
elif run:
    last = runs.history(run)[-1]
    test = f", {last['test_accuracy']:.1%} on test data" if last["test_accuracy"] is not None else ""
    st.markdown(f"After epoch {last['epoch']} of {run.config['epochs']} the model is right on "
                f"**{last['train_accuracy']:.1%} of the training data{test}**.")  # fmt: skip
settings, screen = st.columns([1, 3], gap="large")
with settings:
    st.subheader("New run")
    configuration()
with screen:
    if run is None:
        st.info("The curves of the training appear here, as soon as a run is started.")
    elif run.done("activations"):
        live(run)
        aftermath(run)
    elif jobs.poll(run.path).active:
        live_until_done(run)
    else:
        live(run)
st.page_link("pages/clusters.py", label="Next: which classes hold two populations?", icon=":material/arrow_forward:")
