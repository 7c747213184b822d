"""Data: what am I about to trust?"""

import streamlit as st

from core.data import store
from core.errors import UserError
from core.runs import jobs
from pages.ui.cache import cached
from pages.ui.data import about, browsing, problems, source_picker
from pages.ui.data.browser import alone, controls, shown
from pages.ui.data.facets import filters
from pages.ui.shell import frame, journey, onward
from pages.ui.train import recording
from pages.ui.widgets import address
from pages.ui.widgets.fields import one_dataset

frame.guard()
WORKSPACE = frame.workspace()

journey.question("data")
datasets = {info.id: info for info in store.describe_all(WORKSPACE)}
frame.say_damaged(store.damaged_datasets(WORKSPACE), "data set")
if not datasets or source_picker.is_open():
    if not datasets:
        st.markdown("This page will show the samples and classes of a data set. Open one, or start the built-in demo.")
    source_picker.open_data(back=bool(datasets))
    st.stop()

run = frame.chosen_run()
if run and jobs.poll(run.path).active:
    st.markdown(
        f"**{frame.plain(run.name)} is being worked on.** Look around meanwhile; each page fills as its part is ready."
    )
    frame.progress_of(run)
preferred = address.or_kept("data", st.session_state.get("dataset_id"))
head = st.container(key="data-controls", horizontal=True, vertical_alignment="bottom", gap="xsmall")
with head:
    info = one_dataset("Data set", datasets, preferred, run.dataset if run else "", width=190)
if st.session_state.get("dataset_id", info.id) != info.id:
    browsing.other_data()
st.session_state["dataset_id"] = info.id
address.put("data", info.id)
if run and run.dataset != info.id:
    other = datasets[run.dataset].name if run.dataset in datasets else "other data"
    st.info(
        f"The run on the left, {frame.plain(run.name)}, is of {frame.plain(other)}. Its stages and flags "
        f"say nothing of {frame.plain(info.name)}.",
        icon=":material/info:",
    )
try:
    ids, _ = cached.labels_of(WORKSPACE, info.id)
    now = browsing.browsed(WORKSPACE, info, ids, label_name="class" if run and run.dataset == info.id else "label")
except UserError:  # files of it are gone: the way to other data stands all the same
    with head:
        source_picker.open_other()
    raise
with head:
    controls(now)
    source_picker.open_other()
    with st.popover("Recorded", help="Look at a training on these data that took place elsewhere."):
        recording.form(WORKSPACE, info)
about.brief(info)
trained = run if run and run.dataset == info.id and run.done("activations") and not now.part else None
screen, side = st.columns([2, 1], gap="small")
with screen, st.container(key="data-pane", gap="small"):
    shown(now)
with side, st.container(key="data-side", gap="small"):
    alone(now, trained)
    filters(now, trained)
    problems.left_out(*cached.findings_in(WORKSPACE, info.id))
onward.to_train(info, run)
