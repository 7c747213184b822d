"""Report: what do I tell the others?"""

import streamlit as st

from core import runs
from core.analysis.caveats import undecided_words
from core.analysis.rule_words import counted_title
from core.analysis.samples import flags_stage
from pages.ui import report
from pages.ui.cache import cached
from pages.ui.shell import frame, journey
from pages.ui.shell.routes import report_address

journey.question("report")
run = frame.current_run(flags_stage, "the report as it will print, to be downloaded as one file")
frame.say_damaged(cached.opened(run).damaged_detections, "detection")
subject = runs.open_run(run.workspace, run.parent) if run.parent else run
finished = tuple(child.id for child in runs.children(subject) if child.done("evaluate"))
html = cached.report_html(run)
st.markdown(
    "One self-contained HTML file: findings, decisions, before and after. It loads nothing from the net."
    + ("" if finished else " **No repair is finished yet**, so it has no before and after.")
)
if open_words := undecided_words(cached.tally(subject, ""), counted_title(cached.opened(subject))):
    st.warning(f"{open_words} The report says so, and the clean set holds them.", icon=":material/rule:")
with st.container(horizontal=True, gap="xsmall"):
    st.download_button(
        "Download the report",
        html,
        f"assay-{subject.id}.html",
        "text/html",
        type="primary",
        icon=":material/download:",
        on_click="ignore",
    )
    with st.popover("Files for other tools", icon=":material/table:", key="files", on_change="rerun") as drawer:
        if drawer.open:  # what is chosen there is written each time that a verdict changes
            report.files(subject)
    with st.popover("The clean set", icon=":material/folder_copy:"):
        report.clean_set(subject)
    with st.popover("To the Hub", icon=":material/cloud_upload:"):
        report.push(subject)
# At an address of its own: what is written into the page would be under the page's rules, and in its reach.
st.iframe(report_address(run, html), height=900)
