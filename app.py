"""Assay: the page table. The server imports this file for its routes; each visit runs it for its pages.

Streamlit finds the `app` below when it is told to run this file, and serves thumbnails beside the pages.
"""

import streamlit as st

from core.errors import UserError
from pages.ui.access import doors
from pages.ui.shell import index_page, start

PAGES = (
    ("overview", "Overview", ":material/space_dashboard:"),
    ("data", "Data", ":material/database:"),
    ("train", "Train", ":material/model_training:"),
    ("clusters", "Clusters", ":material/bubble_chart:"),
    ("trajectories", "Trajectories", ":material/timeline:"),
    ("detect", "Detect", ":material/policy:"),
    ("bona_fide", "Bona fide", ":material/verified:"),
    ("review", "Review", ":material/fact_check:"),
    ("repair", "Repair", ":material/healing:"),
    ("report", "Report", ":material/description:"),
)
LAB = (
    ("attack_lab", "Attack lab", ":material/experiment:"),
    ("trigger", "Trigger demo", ":material/bolt:"),
)

if __name__ == "__main__":
    start.ready()
    from pages.ui.shell import entrance, frame, journey  # these and the others here need all of core
    from pages.ui.widgets import address, refusal

    st.set_page_config(page_title="Assay", page_icon=str(frame.ASSETS / "icon.svg"), layout="wide")
    entrance.admit()
    from pages.ui.shell.context import context  # these two have caches, which want a running page
    from pages.ui.shell.marks import marks

    state = marks(frame.chosen_run())
    stages, lab = (
        [
            st.Page(f"pages/{name}.py", title=title + state.get(name, ""), icon=icon, url_path=name.replace("_", "-"))
            for name, title, icon in group
        ]
        for group in (PAGES, LAB)
    )
    # The first page has no address of its own, so that /data is one like the others.
    first = st.Page(
        lambda: journey.begin(stages[0]), title="Start", url_path="start", default=True, visibility="hidden"
    )
    current = st.navigation({"Stages": [first, *stages], "Lab": lab}, expanded=True)
    try:
        refusal.nothing_told()
        frame.show(current.url_path)
        entrance.badge()
        if current in stages or current.url_path == "trigger":  # the Attack lab is about no run
            context(frame.chosen_run())
        current.run()
    except UserError as error:
        refusal.show(error, again=False)  # a page may have said why a job failed, and then fails of the same
    finally:
        with st.sidebar:
            address.answer()
else:
    doors.check()
    start.without_components()
    routes = start.routes()
    app = st.App(
        __file__, routes=routes, middleware=[doors.guard(routes), index_page.scripted()], lifespan=start.lifespan
    )
