"""Train: is the model learning, and what?"""

import streamlit as st

from core import runs
from core.data import store
from core.errors import UserError
from core.runs import jobs
from pages.ui.access.who import for_reviewers
from pages.ui.selection.beside_map import selection_bar
from pages.ui.shell import frame, journey, onward
from pages.ui.shell.fresh_head import say_fresh_head
from pages.ui.train import recording
from pages.ui.train.aftermath import aftermath
from pages.ui.train.curves import curves
from pages.ui.train.loaded_model import facts, headline
from pages.ui.train.new_run import new_run
from pages.ui.widgets import counted, refusal

frame.guard()
WORKSPACE = frame.workspace()


def resumable(run: runs.Run) -> bool:
    """Whether the training ended before it was done; to go on with it is the page's first button then."""
    return not run.begun and jobs.poll(run.path).stopped


def live(run: runs.Run) -> None:
    """The curves so far; drawn again every other second while the job trains."""
    history, progress = runs.history(run), jobs.poll(run.path)
    if progress.active:
        frame.describe(progress)
    elif progress.stopped and progress.error:
        refusal.show(UserError(**progress.error))
    elif not run.begun:
        after = f"after epoch {len(history):,}" if history else "before its first epoch was done"
        st.warning(f"Training is {frame.STATES[progress.state]} {after}; what is done is kept.")
    if resumable(run):
        st.button(
            "Resume",
            type="primary",
            icon=":material/play_circle:",
            on_click=frame.start,
            args=(run,),
            **for_reviewers(),
        )
    if runs.loaded(run):
        facts(run)
    if run.model_stage == "load" or (run.recorded and not recording.notes(run)) or (progress.stopped and not history):
        return
    curves(history, int(run.config["epochs"]), ("loss",) if run.recorded else ("loss", "accuracy"))


@st.fragment(run_every=2.0)
def live_until_done(run: runs.Run) -> None:
    """`live`, until the training is over, which draws the whole page again."""
    live(run)
    if not jobs.poll(run.path).active or runs.open_run(run.workspace, run.id).done("activations"):
        st.rerun()


def answer(run: runs.Run) -> str:
    """The page's question, answered in one line."""
    if not run.begun:
        return (
            "The model is being trained; its curves grow below."
            if jobs.poll(run.path).active
            else "Not trained to the end yet; the curves so far are below."
            if runs.history(run)
            else "Not trained yet."
        )
    if run.recorded:
        return recording.answer(run)
    if run.model_stage == "load":
        return headline(run)
    last, outcome = runs.history(run)[-1], runs.outcome(run)
    # An epoch is measured as precisely as it is trained: once the model was evaluated, what all pages say counts.
    right = outcome.clean_accuracy if outcome else last["test_accuracy"]
    test = f", {right:.1%} on test data" if right is not None else ""
    return (
        f"After epoch {last['epoch']:,} of {run.config['epochs']:,} the model is right on "
        f"**{last['train_accuracy']:.1%} of the training data{test}**."
    )


journey.question("train")
run = frame.chosen_run()
if run:
    say_fresh_head(run)
    st.markdown(answer(run))
datasets = {info.id: info for info in store.describe_all(WORKSPACE)}
if not datasets:
    st.info("There is no data set yet. Once one is open, a model is trained here, and its curves grow.")
    journey.go_to("data", "Open data or start the demo")
    st.stop()
settings, screen = st.columns([1, 2.4], gap="medium")
with settings:
    st.header("New run")
    new_run(WORKSPACE, datasets, run.dataset if run else "", first=not (run and resumable(run)))
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
if run and run.done("activations") and run.has_predictions:
    selection_bar(run, counted.table(run), always=False)  # it would cover the button that trains
onward.go_on("train", run)
