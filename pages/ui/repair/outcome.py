"""Before and after a repair, side by side: figures, chart, and the same triggered samples with both predictions."""

from collections.abc import Mapping, Sequence
from math import isnan
from typing import Any

import pandas as pd
import streamlit as st

from core.analysis.recovered_triggers import Estimate, estimate_words, estimates_of
from core.attacks.specification import spoken
from core.evaluation import own_errors, results, trials
from core.evaluation.experiments import OverSeeds, Spread
from core.evaluation.untold import sentence, tried_words, untold
from core.output import repair_figures
from core.runs import Run
from pages.ui.cache import cached, said
from pages.ui.cache.names import names_in_text
from pages.ui.cache.words import HELP, plain
from pages.ui.lab.known_triggers import KnownTrigger, known_triggers
from pages.ui.widgets.fields import tall
from pages.ui.widgets.gallery import Tile, gallery

COLUMNS = 3  # attacks side by side; more of them are listed one below the other
TABLE_AND_CHART = (5, 4)  # widths; at 1,280 pixels a table of five columns fits into the first
OVER_SEEDS = (7, 4)  # the same where rates have a deviation
PLAIN = 62  # pixels of a column of rates
DOUBLED = 84  # pixels of a column of rates at twice the strength, whose title is longer
SPREAD = 106  # pixels of a column of rates with their deviation
MEASURE = "↑ more is better, ↓ less is"


def gone_words(child: Run) -> tuple[str, str]:
    """Whether the known attacks, or else the recovered triggers, are gone: a sentence, and what it leaves open.

    Where the figures of a broken model do not tell, the sentence says so, and no trigger is called gone.
    """
    each = own_errors.of_each(child)
    unclear = sentence(untold(child, each))
    if each:
        every, what = list(each.values()), tried_words(each)
        aside = "" if what == "known attacks" else " That is an estimate: no trigger is known."
        if unclear and not own_errors.succeeding(every):
            highest = own_errors.strongest(every)
            return unclear, f"With a trigger, up to {highest.success:.1%} are taken for its class.{aside}"
        return _succeeding(every, what), f"{unclear}{aside}".strip()
    if unclear:
        return unclear, "No known trigger can be tried on it."
    after = results.comparison(child)["after"]
    missing = "There are no test samples" if after["clean_accuracy"] is None else "No known trigger can be tried"
    return (
        "Trained again as decided.",
        f"{missing}, so whether a backdoor is gone cannot be measured: see what the detectors say of the new model.",
    )


def not_gone(child: Run) -> bool:
    """Whether a known attack, or else a recovered trigger, still succeeds, or the repaired model cannot tell."""
    each = own_errors.of_each(child)
    return bool(own_errors.succeeding(list(each.values())) or untold(child, each))


def _succeeding(every: Sequence[own_errors.OwnErrors], what: str) -> str:
    """How many of the attacks still succeed, and how often at most; or that all of them hardly do."""
    still = own_errors.succeeding(every)
    told = still or every
    worst, counted = max(told, key=lambda one: one.success), f"{len(told)} of {len(every)} {what}"
    # Where few samples are taken for it at all, no error of the model's own changes what is said.
    errs = worst.success > results.GONE and any(one.plain >= own_errors.SAID for one in told)
    beyond = " beyond the model's own errors" * errs
    rates = f"{worst.success:.1%} with the trigger, {worst.plain:.1%} without"
    if still:
        succeed = f"{counted} still succeed{'s' * (len(still) == 1)} in more than {results.GONE:.0%} of cases{beyond}"
        return f"{succeed}: {rates}." if errs else f"{succeed}: in up to {worst.success:.1%}."
    return f"{counted} now succeed in {results.GONE:.0%} of cases or fewer{beyond}{f': {rates}' * errs}."


def cost_words(child: Run) -> str:
    """What a finished repair did to the figures, each before → after, and to the data, in one sentence."""
    compared = results.comparison(child)
    before, after = compared["before"], compared["after"]
    known = [results.measured(model["attack_success_rate"]) for model in (before, after)]
    estimated, aside = estimates_of(child), own_errors.aside_words(own_errors.of_strongest(child))
    words = []
    if None not in (before["clean_accuracy"], after["clean_accuracy"]):
        words.append(f"clean accuracy {before['clean_accuracy']:.1%} → {after['clean_accuracy']:.1%}")
    if all(known):
        words.append(f"highest attack success rate {max(known[0]):.1%} → {max(known[1]):.1%}{aside}")
    elif estimated:
        was, now = (max(rates) for rates in zip(*((one.before, one.after) for one in estimated), strict=True))
        words.append(f"highest attack success rate, estimated, {was:.1%} → {now:.1%}{aside}")
    relabelled = f", {compared['relabelled']:,} relabelled" * bool(compared["relabelled"])
    words.append(f"{compared['removed']:,} samples left out{relabelled}")
    return f"{words[0][0].upper()}{'; '.join(words)[1:]}."


def before_after(run: Run, child: Run, seeds: OverSeeds) -> None:
    """The figures of both models side by side, then the same triggered samples with both predictions.

    Args:
        run: that was repaired.
        child: the repair.
        seeds: its figures, and those of its repetitions if there are any.
    """
    compared = results.comparison(child)
    before, after = compared["before"], compared["after"]
    if several := seeds.n > 1:
        st.caption(
            f"Table and chart: after the repair, mean ± standard deviation over {seeds.n} seeds. The four figures and "
            f"the samples below are those of seed {child.config['seed']}."
        )
    rates = before["attack_success_rate"]
    left, middle, right, last = st.columns(4)
    if after["clean_accuracy"] is not None:
        left.metric(
            "Clean accuracy",
            **_change(before["clean_accuracy"], after["clean_accuracy"], "normal"),
            help=HELP["clean accuracy"],
        )
    known = [results.measured(rates), results.measured(after["attack_success_rate"])]
    if all(known):
        was, worst = map(max, known)
        middle.metric("Highest ASR", **_change(was, worst, "inverse"), help=HELP["attack success rate"])
    right.metric("Samples removed", f"{compared['removed']:,}", help="Few removed, with the attacks gone, is good.")
    last.metric("Samples relabelled", f"{compared['relabelled']:,}", help="They stay in training, with another label.")
    if compared["how"] == "continue":
        st.caption(f"Training went on from the weights before, for {child.config['epochs']:,} epochs.")
    with st.container(key="figures-and-chart"):
        table, chart = st.columns(OVER_SEEDS if several else TABLE_AND_CHART)
    estimated, classes = estimates_of(child), names_in_text(run)
    shown = pd.concat([_figures(before, after, seeds, classes), _estimated(run, estimated, seeds)]).fillna("")
    columns = {
        name: st.column_config.TextColumn(
            alignment="right",
            width=SPREAD if several and "After" in name else DOUBLED if "×2" in name else PLAIN,
            help=HELP["doubled"] if "×2" in name else None,
        )
        for name in shown.columns[1:]
    }
    table.dataframe(shown, hide_index=True, column_config=columns, key="before-after", height=tall(len(shown), 12))
    for line in own_errors.lines_of_each(own_errors.of_each(child), classes):
        table.caption(plain(line))
    if estimated:
        table.caption(estimate_words(estimated))
    if rates:
        chart.plotly_chart(
            repair_figures.before_after(
                rates, after["attack_success_rate"], seeds.success if several else None, classes
            ),
            key="asr",
        )
    examples(run, child)


def _change(before: float, after: float, good: str) -> dict[str, Any]:
    """A fraction and by how much it changed, as the difference of what is shown of both."""
    points = round(round(100 * after, 1) - round(100 * before, 1), 1)
    changed = {"delta": f"{points:+.1f} points", "delta_color": good}
    unchanged = {"delta": "unchanged", "delta_color": "off", "delta_arrow": "off"}
    return {"value": f"{after:.1%}"} | (changed if points else unchanged)


def _figures(
    before: Mapping[str, Any], after: Mapping[str, Any], seeds: OverSeeds, classes: Sequence[str] = ()
) -> pd.DataFrame:
    """One row for the clean accuracy and for each attack; doubled triggers where some could be doubled."""
    rows = [
        {
            MEASURE: "Clean accuracy ↑",
            "Before": _share(before["clean_accuracy"]),
            "After": _share(after["clean_accuracy"], seeds.accuracy),
        }
    ]
    for name in before["attack_success_rate"]:
        row = {MEASURE: f"ASR {spoken(name, classes)} ↓"}
        for times, kind, over in (("", "", seeds.success), (", ×2", "doubled_", seeds.doubled)):
            rates = f"{kind}attack_success_rate"
            row[f"Before{times}"] = _share(before[rates].get(name))
            row[f"After{times}"] = _share(after[rates].get(name), over.get(name))
        rows.append(row)
    table = pd.DataFrame(rows).fillna("")
    return table.loc[:, (table != "").any()]


def _estimated(run: Run, estimated: list[Estimate], seeds: OverSeeds) -> pd.DataFrame:
    """One row for each recovered trigger."""
    names = names_in_text(run)
    return pd.DataFrame(
        [
            {
                MEASURE: f"Estimated ASR {one.group}, {names[one.target_class]} ↓",
                "Before": _share(one.before),
                "After": _share(one.after, seeds.estimated.get(one.group)),
            }
            for one in estimated
        ]
    )


def _share(value: float | None, spread: Spread | None = None) -> str:
    """A fraction, or its mean and spread over several seeds."""
    if spread and spread.deviation is not None:
        return spread.words()
    return "" if value is None or isnan(value) else f"{value:.1%}"


def examples(run: Run, child: Run) -> None:
    """The same samples with each planted or recovered trigger, and what each model takes them for; if any was tried."""
    found = {key: (one, _tiles(run, child, one)) for key, one in known_triggers(run).items()}
    shown = {key: (trigger, tiles) for key, (trigger, tiles) in found.items() if tiles}
    if not shown:
        return
    st.header("The same triggered test samples, before and after")
    if len(shown) > COLUMNS:  # ten triggers in ten columns would show nothing
        options, titles = list(shown), {key: one.title for key, (one, _) in shown.items()}
        chosen = st.selectbox("Trigger", options, width=300, key="example-attack", format_func=titles.__getitem__)
        shown = {chosen: shown[chosen]}
    for column, (key, (trigger, tiles)) in zip(st.columns(len(shown)), shown.items(), strict=True):
        with column:
            st.markdown(f"**{plain(trigger.title)}**", help=trigger.caution or None)
            gallery(tiles, key=f"triggered-{child.id}-{key}", size=96)
    st.page_link("pages/trigger.py", label="Try each trigger on any test sample", icon=":material/bolt:")


def _tiles(run: Run, child: Run, trigger: KnownTrigger) -> list[Tile]:
    """A few samples that both models were shown with the trigger."""
    names = names_in_text(run)
    before, after = (cached.tried_samples(one, trigger.tried, 1) for one in (run, child))
    tiles = []
    shown = trials.examples(before.merge(after[["test_row", "triggered"]], on="test_row"))
    read = said.triggered(run, trigger.tried, tuple(shown["test_row"].tolist()))
    for each, parts in zip(shown.itertuples(), read, strict=True):
        words = names[each.triggered_x], f"→ {names[each.triggered_y]}", f"truly {names[each.label]}"
        url = trigger.picture(run.dataset, 1, each.test_row)
        told = "".join(part.text for part in parts)
        tiles.append(Tile(each.test_row, url, words, tooltip=" ".join(words), told=told, parts=parts))
    return tiles
