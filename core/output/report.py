"""One self-contained HTML file that tells others what was found, decided and reached."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import plotly.io
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from core import runs
from core.analysis import families
from core.analysis.caveats import (
    beyond_words,
    emptied_words,
    fresh_head_words,
    judged_of,
    since_words,
    tally,
    undecided_words,
)
from core.analysis.decision import (
    PICTURES,
    decided_words,
    decision_of,
    doubted_words,
    group_figures,
    group_title,
    has_picture,
    open_alone_words,
)
from core.analysis.opened_run import CLUSTERING, OpenedRun, opened
from core.analysis.recovered_triggers import estimate_words, estimates_of, title
from core.analysis.rule_words import counted_title, counted_words, rule_words
from core.analysis.samples import review_table, suspects
from core.analysis.suspect_clusters import ratio_words, reclassifications
from core.attacks.specification import spoken
from core.data import store
from core.data.store.sample_names import is_file_name, one_line, short_name
from core.detectors import DETECTORS
from core.evaluation.own_errors import OwnErrors, aside_words, lines_of_each, of_each, of_recovered, strongest
from core.evaluation.results import GONE, comparison, detector_figures, outcome_figures
from core.evaluation.trials import Tried
from core.evaluation.untold import sentence, unclear, untold
from core.files import write_file
from core.journal import changes, review, revisions
from core.journal.review.verdict import STANDING
from core.modalities import shown_input, shown_row
from core.modalities.shown import Shown
from core.modalities.written import visible
from core.output import repair_figures
from core.output.export import writable
from core.output.palette import ACCENT, POISON
from core.runs import Run

TEMPLATES = Path(__file__).parents[2] / "assets"
MAX_TILES = 60  # samples pictured in a report: each adds some kilobytes to the file


def write_report(run: Run, path: Path) -> int:
    """Write the report to an `.html` file; returns its size in bytes.

    Raises:
        UserError: another ending, a folder that does not exist, or a run without a trained model.
    """
    writable(path, (".html",))
    content = report_html(run).encode()
    write_file(path, lambda stream: stream.write(content))
    return len(content)


def report_html(run: Run) -> str:
    """The report on `run`: its findings, and before/after when it, or a repair of it, is finished.

    A repair is reported together with the run that it repairs.
    """
    subject = runs.open_run(run.workspace, run.parent) if run.parent else run
    child = run if run.parent else next((other for other in runs.children(run) if other.done("evaluate")), None)
    whole = opened(subject)
    table, info = review_table(whole), store.describe(run.workspace, run.dataset)
    detected = detector_figures(whole)
    compared = comparison(child) if child and child.done("evaluate") else None
    estimates = estimates_of(child) if child and compared else []
    own, recovered = (dict(of_each(child)), dict(of_recovered(child))) if child and compared else ({}, {})
    plain = strongest(own.values())
    untold_words = sentence(untold(child, own)) if child and compared else ""
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters |= {"percent": percent, "visible": visible}
    environment.filters["words"] = lambda name: visible(spoken(name, info.class_names))
    shown = suspects(table)
    return environment.get_template("report.html.j2").render(
        run=subject,
        dataset=info,
        written=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        lead=" ".join(filter(None, (decided_words(whole), _lead(whole, compared, plain), untold_words))),
        untold_words=untold_words,
        unclear={_key(one) for one in unclear(child, own | recovered)} if child and compared else set(),
        comparison=compared,
        chart=_chart(compared, info.class_names),
        outcome=None if subject.recorded else outcome_figures(subject),
        n_before=len(table),
        n_samples=len(table),
        n_suspects=len(shown),
        detectors=[
            {"title": DETECTORS[name].title, "rule": rule_words(whole, name), **values}
            for name, values in detected.items()
        ],
        truth_known=bool(info.attacks),
        judged=judged_of(whole),
        caveats=_caveats(whole, table, child),
        class_rows=_class_rows(whole, info.class_names),
        decision=_decision(whole),
        estimated=[(title(one, info.class_names), one) for one in estimates],
        own_of={_key(one): of.plain for one, of in (own | recovered).items()},
        estimate_words=estimate_words(estimates),
        own_errors=lines_of_each(own, info.class_names),
        families=_families(subject, table, info.class_names),
        decisions=_decisions(subject),
        tiles=_tiles(whole, shown.head(MAX_TILES)),
        facts=_facts(whole, child),
        gone=GONE,
        poison=POISON,
        accent=ACCENT,
    )


def _key(tried: Tried) -> str | int:
    """The name of an attack, or the group of a recovered trigger."""
    return tried if isinstance(tried, str) else tried.group


def _lead(opened: OpenedRun, compared: dict[str, Any] | None, plain: OwnErrors | None) -> str:
    """The whole finding in one sentence, with the detector that is counted and its rule."""
    n, (flagged, rule) = len(opened.data), counted_words(opened)
    if not compared:
        said = f"{flagged}{f', {rule}' if rule else ''}."
        return " ".join(filter(None, (said, beyond_words(opened), "No repair has been made yet.")))
    rates = [rate for rate in compared["after"]["attack_success_rate"].values() if rate is not None]
    worst = (
        f"; the strongest known attack now succeeds in {percent(max(rates))} of cases{aside_words(plain)}"
        if rates
        else ""
    )
    moved = f", {compared['relabelled']:,} got another label" if compared["relabelled"] else ""
    again = "training went on" if compared["how"] == "continue" else "the model was trained again"
    return f"{compared['removed']:,} of {n:,} training samples were excluded{moved} and {again}{worst}."


def _caveats(opened: OpenedRun, table: pd.DataFrame, child: Run | None) -> list[str]:
    """Sentences on what the decisions leave open, and on the classes that they empty."""
    run = opened.run
    made = runs.read_changes(child) if child else changes.changes_of(review.verdicts(run.workspace, run.id))
    emptied = emptied_words(changes.summary(opened.data, made))
    undecided = undecided_words(tally(table), counted_title(opened))
    since = since_words(revisions.decided_since(run, child)) if child else ""
    return [words for words in (fresh_head_words(run), since, undecided, emptied) if words]


def _chart(compared: dict[str, Any] | None, classes: tuple[str, ...]) -> Markup:
    if not compared or not compared["before"]["attack_success_rate"]:
        return Markup()
    figure = repair_figures.before_after(
        compared["before"]["attack_success_rate"], compared["after"]["attack_success_rate"], classes=classes
    )
    static = {"displayModeBar": False}
    return Markup(plotly.io.to_html(figure, full_html=False, include_plotlyjs=True, config=static))


def _class_rows(opened: OpenedRun, names: tuple[str, ...]) -> list[dict[str, Any]]:
    clustering, results = opened.own_detections.get(CLUSTERING), reclassifications(opened)
    return [
        {"name": names[index], "again": ratio_words(results[index]) if index in results else "–", "found": finding}
        for index, finding in (clustering.classes.items() if clustering else ())
        if finding.was_split
    ]


def _families(run: Run, table: pd.DataFrame, names: tuple[str, ...]) -> list[dict[str, Any]]:
    """One row a family that is still flagged: name, words, decisions, and its average and amplified difference."""
    rows = []
    for family in families.families(run):
        members = table[table["family"] == family.id]
        if len(members):
            pictures = (2 * family.id - 2, 2 * family.id - 1) if family.sources else ()
            rows.append(
                {
                    "title": families.title(family, names, len(members)),
                    "words": families.description(family, names),
                    "excluded": int((members["verdict"] == "exclude").sum()),
                    "decided": int((members["verdict"] != "").sum()),
                    "pictures": [_picture(run, f"{families.PICTURES}.npy", row) for row in pictures],
                }
            )
    return rows


def _decision(opened: OpenedRun) -> dict[str, Any] | None:
    """The groups of the decision with what was measured, what is open and what was not judged; None before."""
    decision, names = decision_of(opened), opened.data.class_names
    if decision is None:
        return None
    groups = [
        {
            "title": group_title(group, names),
            "state": group.state,
            "size": group.size,
            "kind": group.kind,
            "reason": group.reason,
            "figures": group_figures(group),
            "picture": _picture(opened.run, f"{PICTURES}.npy", group.id - 1)
            if has_picture(opened.run, group)
            else None,
        }
        for group in decision.groups
    ]
    not_judged = [f"{names[index]}: {why}" for index, why in decision.not_judged.items()]
    return {
        "headline": decided_words(opened),
        "groups": groups,
        "open": " ".join(filter(None, [open_alone_words(decision), doubted_words(decision)])),
        "not_judged": not_judged,
        "left_out": decision.left_out,
    }


def _picture(run: Run, file: str, row: int) -> Shown:
    """A picture of the run. Raises UserError when its file is damaged."""
    run.require_intact(file)
    try:
        return shown_row(run.path / file, row)
    except LookupError as error:
        raise run.damaged(file, str(error).rstrip(".")) from error


def _decisions(run: Run) -> list[dict[str, Any]]:
    standing = review.verdicts(run.workspace, run.id)
    rows = review.journal(run.workspace, run.id).groupby("sample").last()
    rows = rows[rows.index.isin(list(standing))]
    return [
        {
            "decision": STANDING[str(decision)],
            "samples": len(group),
            "reviewers": ", ".join(sorted(set(group["reviewer"]))),
            "last": str(group["created"].max())[:16].replace("T", " "),
        }
        for decision, group in rows.groupby("decision")
    ]


def _tiles(opened: OpenedRun, table: pd.DataFrame) -> list[dict[str, Any]]:
    run, names = opened.run, opened.data.class_names
    called = [opened.names[place] for place in table.index]
    folder = run.workspace / "datasets" / run.dataset
    return [
        {
            "id": int(sample["id"]),
            "name": one_line(name) if is_file_name(name) else "",
            "short": short_name(name) if is_file_name(name) else "",
            "label": names[sample["label"]],
            "predicted": names[sample["predicted"]] if pd.notna(sample["predicted"]) else "?",
            "verdict": sample["verdict"],
            "shown": shown_input(folder, 0, int(sample["row"])),
        }
        for sample, name in zip(table.to_dict("records"), called, strict=True)
    ]


def _facts(opened: OpenedRun, child: Run | None) -> list[tuple[str, str]]:
    run = opened.run
    shown = {key: value for key, value in run.config.items() if value not in (None, "", [], ()) and key != "weights"}
    config = ", ".join(f"{key} {value}" for key, value in shown.items())
    settings = [
        (
            f"{DETECTORS[name].title}",
            ", ".join(f"{k} {v}" for k, v in runs.about_detection(run, name)["settings"].items()),
        )
        for name in opened.own_detections
    ]
    versions = ", ".join(f"{name} {version}" for name, version in run.versions.items())
    repaired = [("Repaired in run", child.id)] if child else []
    data = [("Data set", run.dataset), ("Data fingerprint", run.fingerprint)]
    about = runs.loaded(run)
    if about:
        digest = f"{about['file']}, {about['bytes']:,} bytes, SHA-256 {about['sha256']}"
        data += [("Model from", " ".join([digest, *about["notes"]]))]
    return [
        *data,
        _trained(run, config),
        ("Device", run.device),
        *settings,
        *repaired,
        ("Versions", versions),
    ]


def _trained(run: Run, config: str) -> tuple[str, str]:
    if run.recorded:
        about = runs.recorded(run)
        sources = ", ".join(f"{kind} {path}" for kind, path in about["sources"].items())
        return "Trained elsewhere, recorded", " ".join([f"{sources}.", *about["notes"]])
    return "Training" if run.traced else "Inspected as it is", config


def percent(value: float | None) -> str:
    return "–" if value is None or np.isnan(value) else f"{value:.1%}"
