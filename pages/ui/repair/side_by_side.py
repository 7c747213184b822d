"""The repairs of a run side by side, what is wrong with any of them, and each again with other seeds."""

from pathlib import Path

import pandas as pd
import streamlit as st

from core import pipeline, runs
from core.evaluation.experiments import Experiment, class_rows, experiments, over_seeds
from core.evaluation.removed import fate_words, removed
from core.output import repair_figures
from core.runs import Run, jobs
from pages.ui.access.who import decides, for_reviewers
from pages.ui.cache import cached
from pages.ui.cache.names import names_in_text
from pages.ui.cache.words import HELP, plain
from pages.ui.repair.outcome import before_after
from pages.ui.selection.selection import tiles
from pages.ui.selection.verdicts import decide_or_ask, decision_buttons
from pages.ui.shell import frame
from pages.ui.widgets import refusal
from pages.ui.widgets.fields import one_of, tall
from pages.ui.widgets.gallery import gallery

HOW = {"retrain": "From scratch", "continue": "Continued"}
# Pixels of the columns: together they fit beside the sidebar at 1,000 pixels.
WIDTHS = {
    "Repair": 200,
    "Epochs": 58,
    "Relabelled": 84,
    "Clean accuracy": 126,
    "Highest ASR": 168,
    "Seeds": 50,
    "Wrong": 98,
}
ESTIMATED = "Where est. stands behind it, no attack is known, and recovered triggers are tried."
VIEWS = ("Before and after", "Each class", "Removed samples")
MOST_TILES = 36  # of the removed samples
WHY = (
    "The repaired model never saw these samples. One that it still calls by its own label carries nothing that the "
    "model needs: it is probably clean. Samples whose attack leaves the label right look the same."
)


def side_by_side(run: Run, first: Run) -> None:
    """The table of all repairs, and one of them in detail: `first`, or the one that is chosen.

    Args:
        run: that was repaired.
        first: the finished repair that is shown in the beginning.
    """
    found = experiments(run)
    names = {one.runs[0]: _name(place, one) for place, one in zip(range(len(found), 0, -1), found, strict=True)}
    table = pd.DataFrame([_row(_name(len(found) - place, one, seeds=False), one) for place, one in enumerate(found)])
    if not any(one.relabelled for one in found):
        table = table.drop(columns="Relabelled")
    config = {
        name: st.column_config.TextColumn(
            width=WIDTHS[name], help=f"{HELP['attack success rate']} {ESTIMATED}" if "ASR" in name else None
        )
        for name in table.columns
    }
    st.dataframe(table, hide_index=True, column_config=config, height=tall(len(table), 8), key="repairs")
    wrong = [f"**{plain(names[one.runs[0]])}**: {plain('; '.join(one.doubts))}." for one in found if one.doubts]
    if wrong:
        st.warning("  \n".join(wrong), icon=":material/warning:")
    if any(one.accuracy[1] and one.accuracy[1].deviation is not None for one in found):
        spreads = {names[one.runs[0]]: one for one in found[::-1] if one.finished}
        accuracy = {name: one.accuracy[1] for name, one in spreads.items()}
        success = {name: one.success[1] for name, one in spreads.items()}
        st.plotly_chart(repair_figures.repairs(accuracy, success), key="repairs-spread")
        st.caption("Bars: one standard deviation over the seeds.")
    finished = {one.runs[0]: one for one in found if one.finished}
    shown = _chosen(finished, names, first)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        view = one_of("Shown below", VIEWS, key="repair-view", label_visibility="collapsed", bind="query-params")
        st.space("stretch")
        _again(runs.open_run(run.workspace, shown.runs[0]))
    child = runs.open_run(run.workspace, shown.runs[0])
    if view == VIEWS[0]:
        before_after(
            run, child, over_seeds([runs.open_run(run.workspace, key) for key in shown.runs[: shown.finished]])
        )
    elif view == VIEWS[1]:
        _classes(run, found, names)
    else:
        _removed(run, child)


def repeating(run: Run) -> Path | None:
    """The job that repeats repairs with other seeds, while one is at work."""
    return next((job for job in jobs.at_work(run.workspace) if job.parent.name == "repeats"), None)


@st.fragment(run_every=1.0)
def repeating_bar(run: Run, job: Path) -> None:
    """How far the repetitions are; the page is drawn again when one is finished or the job ends."""
    progress, name = jobs.poll(job), f"repeated-{job.name}"
    frame.describe(progress)
    frame.cancel_button(job)
    finished = sum(child.done("evaluate") for child in runs.children(run))
    if not progress.active or st.session_state.setdefault(name, finished) != finished:
        st.session_state[name] = finished
        st.rerun()


def _chosen(finished: dict[str, Experiment], names: dict[str, str], first: Run) -> Experiment:
    """The repair that is shown; `first` until another one is chosen."""
    start = next((key for key, one in finished.items() if first.id in one.runs), next(iter(finished)))
    if len(finished) == 1:
        return finished[start]
    keys = list(finished)
    chosen = st.selectbox(
        "Repair", keys, keys.index(start), format_func=names.__getitem__, key="repair-shown", width=420
    )
    return finished[chosen]


def _name(number: int, one: Experiment, *, seeds: bool = True) -> str:
    """What a repair is called; the table has a column of its own for the `seeds`."""
    several = f", {len(one.runs)} seeds" if seeds and len(one.runs) > 1 else ""
    return f"{number}: {HOW[one.how].lower()}, {one.removed:,} left out{several}"


def _row(name: str, one: Experiment) -> dict[str, str]:
    success = _change(*one.success)
    return {
        "Repair": name,
        "Epochs": f"{one.epochs:,}",
        "Relabelled": f"{one.relabelled:,}",
        "Clean accuracy": _change(*one.accuracy) or ("not measured" if one.finished else ""),
        "Highest ASR": f"{success}{' est.' * one.estimated}" if success else "unknown" if one.finished else "",
        "Seeds": f"{one.finished} of {len(one.runs)}" if one.finished < len(one.runs) else f"{one.finished}",
        "Wrong": "⚠ see below" if one.doubts else "nothing seen",  # in whole sentences, for which no cell has room
    }


def _change(was: float | None, now: object) -> str:
    """Before and after in one cell; "" where nothing is finished or measured."""
    return "" if now is None else f"{'?' if was is None else f'{was:.1%}'} → {now.words()}"  # type: ignore[attr-defined]


def _classes(run: Run, found: list[Experiment], names: dict[str, str]) -> None:
    """The accuracy of each class before and after every repair; what lost most comes first."""
    listed = class_rows(found, cached.info(run).class_names)
    if not listed:
        st.info("There are no test samples, so the accuracy of a class cannot be measured.")
        return
    table = pd.DataFrame(listed).rename(columns={"class": "Class", "before": "Before", **names})
    numbers = {name: st.column_config.NumberColumn(format="%.1f%%") for name in table.columns[1:]}
    table[list(numbers)] *= 100  # of fractions it would show as many digits as each has
    st.dataframe(table, hide_index=True, column_config=numbers, height=tall(len(table), 14), key="classes-after")
    st.caption("Of the test samples of each class, the fraction that is right. The class that lost most comes first.")


def _removed(run: Run, child: Run) -> None:
    """What the repaired model says of the samples that were removed, and those that look clean."""
    fate = removed(child)
    st.markdown(plain(fate_words(fate, names_in_text(run))), help=WHY)
    if fate is None or not len(fate.probably_clean):
        return
    table = cached.table(run)
    rows = table[table["id"].isin(fate.probably_clean)]
    with st.container(horizontal=True, vertical_alignment="center"):
        decision_buttons(
            "removed",
            lambda decision: decide_or_ask(
                run,
                rows["id"].tolist(),
                decision,
                what="called by its own label by the repaired model",
                by="repair",
                always=True,
            ),
            decisions=("keep",),
            count=len(rows),
            tips={"keep": "Bring them back into training: another repair then keeps them."},
        )
        st.caption(f"{min(MOST_TILES, len(rows)):,} of {len(rows):,} are shown, the least suspicious first.")
    gallery(tiles(run, rows.sort_values("suspicion").head(MOST_TILES)), key=f"removed-{child.id}", size=64)


def _again(child: Run) -> None:
    """The same repair with other seeds, as a job."""
    with st.popover("Repeat with other seeds", icon=":material/casino:"):
        times = st.number_input("Further seeds", 1, pipeline.MOST_REPEATS, 2, key="repeat-times")
        words = "Each trains once more, one after the other. The table then shows the mean and the spread."
        if st.button("Start", key="repeat-start", icon=":material/play_arrow:", **for_reviewers(tip=words)):
            _start(child, int(times))
            st.rerun()
        st.caption(words)
    refusal.show_kept("repeat")


@decides(beside="repeat")
def _start(child: Run, times: int) -> None:
    pipeline.start_repeats(child, times)
