"""Detectors are run, their thresholds chosen, what they flag is grouped."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, replace
from typing import Any

from core import runs
from core.analysis.caveats import judged_of
from core.analysis.comparison import runnable
from core.analysis.detector_table import unmet
from core.analysis.opened_run import LEADING, leading, opened
from core.analysis.rule_words import rule_words
from core.analysis.rules import Rule, flags
from core.analysis.suspect_clusters import suspect_clusters
from core.detectors import DETECTORS
from core.errors import UserError
from core.evaluation.results import detector_figures
from core.pipeline.training import refuse_while_active, repeat, work
from core.registry import checked, find
from core.runs import Run, jobs
from core.runs.jobs import Progress
from core.runs.plan import FAMILIES, decision, detection, of_kind, reclassification, texts

# Models that a decision trains at most: one without all suspects, one without others where a change seems to be carried
# by them, one that saw carriers alone where a class may have been taught a change, one without those of whom the first
# speaks, and one without a cluster of each class.
MOST_TRAININGS = 5


def detect(
    run: Run, name: str, settings: Mapping[str, Any], listen: Callable[[Progress], None] = lambda progress: None
) -> dict[str, Any]:
    """Run one detector now, in this process; what it found, and how good that is where the truth is known.

    Raises:
        UserError: an unknown detector or setting, something it needs is missing, or the run is being worked on.
    """
    refuse_while_active(run)
    planned, stages = _planned(run, name, settings)
    now = opened(work(planned, listen, stages))
    return {"detector": name, "rule": rule_words(now, name)} | detector_figures(now)[name] | {"judged": judged_of(now)}


def start_detection(run: Run, name: str, settings: Mapping[str, Any]) -> None:
    """Have a worker run one detector, after what one is at work on; what it said before stays until then.

    It is part of the run's plan from now on: a worker that is killed is started again for it.

    Raises:
        UserError: an unknown detector or setting, or something it needs is missing.
    """
    entry = find(DETECTORS, name, "detector")
    values = checked(entry.load(), settings, name)
    if lacking := unmet(opened(run), entry):
        raise UserError(f"{entry.title} cannot run yet.", f"It needs {' and '.join(lacking)}.", "Add that first.")
    jobs.start_run(_planned(run, name, values)[0])


def start_all_detections(run: Run) -> tuple[str, ...]:
    """Have a worker run every detector that can run and did not, cheap ones first; returns their names.

    Raises:
        UserError: there is none.
    """
    names = tuple(runnable(opened(run)))
    if not names:
        raise UserError(
            "No other detector can run.", "All have run, or lack something that they need.", "See what each needs."
        )
    for name in names:
        run = _planned(run, name, run.detector_settings.get(name, {}))[0]
    jobs.start_run(run)
    return names


def choose_rule(run: Run, name: str, rule: Rule) -> int:
    """Let `rule` decide from now on what a detector flags, on every page and in the report; returns how many samples.

    Raises:
        UserError: the detector has not been run, or a rate is asked for that nothing can promise.
    """
    subject = opened(run)
    detections = subject.own_detections
    if name not in detections:
        raise UserError(
            f"{name} has not been run on {run.id}.", f"Run so far: {', '.join(detections) or 'none'}.", "Run it first."
        )
    count = int(flags(detections[name], subject.bona_fide, rule).sum())
    runs.save_rule(run, name, None if rule.kind == "own" else asdict(rule))
    return count


def group_again(run: Run) -> Run:
    """The run with its families to be made anew, from what is flagged now.

    Raises:
        UserError: the run is being worked on or has no activations yet.
    """
    refuse_while_active(run)
    if not run.has_activations:
        raise UserError("There is nothing to group yet.", "This run has no activations.", "Let its stages finish.")
    return repeat(run, (str(FAMILIES),))


def plan_reclassification(run: Run, classes: Collection[int] = (), *, each: bool = False) -> Run:
    """The run with exclusionary reclassification of suspect clusters to do, whether or not that was done before.

    Args:
        run: Activation Clustering has split it.
        classes: whose smaller clusters to check; by default those that look poisoned.
        each: train one model for each cluster instead of one without all of them.

    Raises:
        UserError: the run is being worked on, or there is no such cluster.
    """
    refuse_while_active(run)
    _require_model(run)
    if not run.trainable:
        raise UserError("An ONNX graph cannot be trained again.", "", "Load an architecture with weights instead.")
    stage = reclassification(suspect_clusters(opened(run), classes), each=each)
    earlier = texts(of_kind(run.plan, stage.kind))
    others = [text for text in run.plan if text not in earlier]
    done = {stage: seconds for stage, seconds in run.stages.items() if stage in others}
    return runs.update(run, plan=(*others, str(stage)), stages=done)


def plan_decision(run: Run, *, training: bool = True) -> Run:
    """The run with the decision to be made, once more where it was made, and the consensus first where it did not run.

    Args:
        run: with a model and activations.
        training: whether other models are trained, at most four, each for about as long as the run's own.

    Raises:
        UserError: the run is being worked on, or has no activations yet.
    """
    refuse_while_active(run)
    _require_model(run)
    if not (run.done("activations") and run.has_model):
        raise UserError("There is nothing to decide yet.", "This run has no activations.", "Let its stages finish.")
    others = [text for text in run.plan if text not in texts(of_kind(run.plan, "decide"))]
    done = {stage: seconds for stage, seconds in run.stages.items() if stage in others}
    first = () if LEADING in runs.detections(run) else texts([detection(LEADING)])
    plan = (*others, *(stage for stage in first if stage not in others), str(decision(training=training)))
    return runs.update(run, plan=plan, stages=done)


def start_decision(run: Run, *, training: bool = True) -> None:
    """Have a worker decide; what was decided before stays until then. Raises UserError as `plan_decision` does."""
    jobs.start_run(plan_decision(run, training=training))


def decision_seconds(run: Run, *, training: bool = True) -> float | None:
    """About how long a decision takes at most, by what the run's training and its activations took; None before these.

    Where the first of its trainings speaks of nobody, or every class is decided, there are fewer.
    """
    trained, asked = runs.from_scratch(run).stages.get("train"), run.stages.get("activations")
    if asked is None:
        return None
    return 15.0 + 20 * asked + MOST_TRAININGS * (trained or 0.0) * (training and run.traced)


def _require_model(run: Run) -> None:
    if run.recorded:
        raise UserError(
            "The model of this run is not here.",
            "Its training took place elsewhere and was recorded.",
            "Load the weights of the model with load-model, or train here.",
        )


def _planned(run: Run, name: str, settings: Mapping[str, Any]) -> tuple[Run, tuple[str, ...]]:
    """The run with one detector to be run, and these stages: it, and the families that follow from what it flags."""
    values = checked(find(DETECTORS, name, "detector").load(), settings, name)
    follows = run.done(FAMILIES) and name in leading([*runs.detections(run), name])
    stages = texts([detection(name), *([FAMILIES] if follows else [])])
    run = runs.change(run, lambda now: replace(now, detector_settings={**now.detector_settings, name: values}))
    return repeat(run, stages), stages
