"""Repairs of one run as experiments: what each did, what came of it, and where its "after" is not what one hoped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isnan
from statistics import fmean, stdev
from typing import Any, TypeVar

from core import runs
from core.analysis.caveats import emptied_words
from core.analysis.recovered_triggers import estimates_of
from core.data import store
from core.errors import UserError
from core.evaluation import results
from core.evaluation.own_errors import SAID, of_each, strongest
from core.evaluation.untold import hardly_learned, no_class, no_room
from core.journal import changes, revisions
from core.runs import Run, jobs
from core.types import Changes, Outcome

T = TypeVar("T")
# How much of the clean accuracy a repair may cost before it is said; two points are what seeds alone do on small data.
ACCURACY_LOST = 0.02
# The same within one class, which has a tenth of the test samples or fewer.
CLASS_ACCURACY_LOST = 0.10


@dataclass(frozen=True)
class Spread:
    """A figure over repetitions with other seeds.

    Attributes:
        mean: of them.
        deviation: the standard deviation; None of a single one.
    """

    mean: float
    deviation: float | None = None

    def words(self) -> str:
        """As a percentage.

        >>> Spread(0.981, 0.0031).words(), Spread(0.5).words()
        ('98.1% ± 0.3', '50.0%')
        """
        spread = "" if self.deviation is None else f" ± {100 * self.deviation:.1f}"
        return f"{self.mean:.1%}{spread}"


@dataclass(frozen=True)
class OverSeeds:
    """What came of a repair, each figure over its repetitions with other seeds.

    Attributes:
        n: finished repetitions.
        accuracy: clean accuracy; None where there is no test set.
        success: attack → its success rate.
        doubled: attack → the same at twice the strength, of those that have one.
        estimated: group of the decision → the success rate of its recovered trigger.
    """

    n: int
    accuracy: Spread | None
    success: dict[str, Spread]
    doubled: dict[str, Spread]
    estimated: dict[int, Spread]


@dataclass(frozen=True)
class Experiment:
    """One repair, with its repetitions: the same changes and the same training with other seeds.

    Attributes:
        runs: ids of the finished ones, the first one first; then of those that are not.
        finished: how many of them are.
        how: "retrain" or "continue".
        epochs, learning_rate: of the training.
        revision: of the data that it was trained on; None for repairs of before there were revisions.
        removed, relabelled: samples.
        accuracy: clean accuracy before and after; None where there is no test set or nothing is finished.
        success: the highest attack success rate before and after; None where no attack is known and none estimated.
        estimated: whether it is that of recovered triggers.
        class_accuracy: before, and after as a mean over the seeds, NaN for a class without test samples.
        doubts: what is wrong with its "after", in words.
    """

    runs: tuple[str, ...]
    finished: int
    how: str
    epochs: int
    learning_rate: float
    revision: int | None
    removed: int
    relabelled: int
    accuracy: tuple[float | None, Spread | None]
    success: tuple[float | None, Spread | None]
    estimated: bool
    class_accuracy: tuple[tuple[float, ...], tuple[float, ...]]
    doubts: tuple[str, ...]


def experiments(run: Run) -> list[Experiment]:
    """The repairs of a run, those that differ in their seeds alone as one, the newest first."""
    groups: dict[str, list[Run]] = {}
    for child in runs.children(run):
        groups.setdefault(_recipe(child), []).append(child)
    return [_experiment(run, group[::-1]) for group in groups.values()]


def rows(found: Sequence[Experiment]) -> list[dict[str, Any]]:
    """The same as plain data, one dict an experiment, for tables and the command line."""
    return [
        {
            "repair": one.runs[0],
            "how": one.how,
            "seeds": len(one.runs),
            "finished": one.finished,
            "revision": one.revision,
            "removed": one.removed,
            "relabelled": one.relabelled,
            "accuracy_before": one.accuracy[0],
            "accuracy_after": one.accuracy[1].mean if one.accuracy[1] else None,
            "accuracy_deviation": one.accuracy[1].deviation if one.accuracy[1] else None,
            "success_before": one.success[0],
            "success_after": one.success[1].mean if one.success[1] else None,
            "success_deviation": one.success[1].deviation if one.success[1] else None,
            "success_is": "estimated" if one.estimated else "measured" if one.success[1] else "unknown",
            "doubts": "; ".join(one.doubts),
        }
        for one in found
    ]


def over_seeds(done: Sequence[Run]) -> OverSeeds:
    """The figures after a repair, of its finished repetitions together."""
    after = [outcome for child in done if (outcome := runs.outcome(child))]
    return OverSeeds(
        len(done),
        _spread([one.clean_accuracy for one in after]),
        _of_each([one.attack_success_rate for one in after]),
        _of_each([one.doubled_attack_success_rate for one in after]),
        _of_each([{one.group: one.after for one in estimates_of(child)} for child in done]),
    )


def class_rows(found: Sequence[Experiment], names: Sequence[str]) -> list[dict[str, Any]]:
    """Accuracy of each class before and after each experiment; the class that lost most comes first."""
    finished = [one for one in found if one.finished and one.class_accuracy[1]]
    if not finished:
        return []
    before = finished[0].class_accuracy[0]
    table = [
        {"class": name, "before": before[index]} | {one.runs[0]: one.class_accuracy[1][index] for one in finished}
        for index, name in enumerate(names)
        if not isnan(before[index])
    ]
    return sorted(table, key=lambda row: min(row[one.runs[0]] - row["before"] for one in finished))


def _recipe(child: Run) -> str:
    """What makes two repairs the same but for their seed."""
    made = runs.read_changes(child)
    config = {name: value for name, value in sorted(child.config.items()) if name != "seed"}
    return repr((child.how, config, sorted(made.excluded), sorted(made.relabelled.items())))


def _experiment(run: Run, group: list[Run]) -> Experiment:
    """Of repairs that differ in their seed alone, oldest first."""
    # What repeats a seed repeats its figures: counted twice, it would make them look certain.
    done = list({child.config["seed"]: child for child in group if child.done("evaluate")}.values())
    group = [*done, *(child for child in group if not child.done("evaluate"))]
    first, made, was = group[0], runs.read_changes(group[0]), runs.read_changes(run)
    before, after = runs.outcome(run), [outcome for child in done if (outcome := runs.outcome(child))]
    success, estimated = _success(before, after, done)
    accuracy = _spread([one.clean_accuracy for one in after])
    classes = tuple(fmean(values) for values in zip(*(one.class_accuracy for one in after), strict=True))
    known = before or Outcome(None, (), {})
    found = Experiment(
        tuple(child.id for child in group),
        len(done),
        first.how,
        int(first.config["epochs"]),
        float(first.config["learning_rate"]),
        runs.revision_of(first),
        len(made.excluded - was.excluded),
        sum(was.relabelled.get(sample) != label for sample, label in made.relabelled.items()),
        (known.clean_accuracy, accuracy),
        success,
        estimated,
        (known.class_accuracy, classes),
        (),
    )
    names = store.describe(run.workspace, run.dataset).class_names
    lost = _lost(found, names, *_plain_and_added(done))
    untold = _untold(found, done)
    doubts = [*_states(group[len(done) :]), *untold, *lost, *_emptied(run, made), *_since(run, group[0])]
    return Experiment(**{**vars(found), "doubts": tuple(doubts)})


def _success(
    before: Outcome | None, after: Sequence[Outcome], done: Sequence[Run]
) -> tuple[tuple[float | None, Spread | None], bool]:
    """The highest attack success rate before and after, and whether it is that of recovered triggers."""
    known = results.measured(before.attack_success_rate) if before else []
    rates = [measured for one in after if (measured := results.measured(one.attack_success_rate))]
    if known and rates:
        return (max(known), _spread([max(one) for one in rates])), False
    found = [estimates for child in done if (estimates := estimates_of(child))]
    if not found:
        return (None, None), False
    highest = _spread([max(one.after for one in estimates) for estimates in found])
    return (max(one.before for one in found[0]), highest), True


def _of_each(rates: Sequence[Mapping[T, float | None]]) -> dict[T, Spread]:
    """Key → its figure over the seeds; a rate that could not be measured is left out."""
    every = dict.fromkeys(key for one in rates for key in one)
    spreads = {key: _spread([one.get(key) for one in rates]) for key in every}
    return {key: spread for key, spread in spreads.items() if spread}


def _spread(values: Sequence[float | None]) -> Spread | None:
    numbers = [value for value in values if value is not None and not isnan(value)]
    if not numbers:
        return None
    return Spread(fmean(numbers), stdev(numbers) if len(numbers) > 1 else None)


def _states(unfinished: Sequence[Run]) -> list[str]:
    """What keeps the repetitions that are not finished; nothing of those that are being worked on."""
    words = []
    for child in unfinished:
        progress = jobs.poll(child.path)
        if progress.active:
            words.append(f"running: {progress.fraction:.0%}")
        elif progress.state == "failed":
            words.append(f"failed: {UserError(**progress.error).title}" if progress.error else "failed")
        else:
            words.append("not started" if progress.state == "waiting" else f"{progress.state}, not finished")
    return [f"{words.count(one)} × {one}" if words.count(one) > 1 else one for one in dict.fromkeys(words)]


def _plain_and_added(done: Sequence[Run]) -> tuple[float, float]:
    """What the repaired models take for the attacker's class without the trigger; what the one that does most adds.

    Each is a mean over the seeds, 0 where not recorded.
    """
    every = [list(each.values()) for child in done if (each := of_each(child))]
    if not every:
        return 0.0, 0.0
    plain = [errors.plain for each in every if (errors := strongest(each))]
    return fmean(plain), fmean(max(errors.added for errors in each) for each in every)


def _lost(found: Experiment, names: Sequence[str], plain: float, added: float) -> list[str]:
    """Where the repaired model is worse than one hoped.

    Args:
        found: the repair.
        names: of the classes.
        plain: the fraction of the strongest attack's samples that the model takes for its class anyway.
        added: by the trigger that does most, to the like.
    """
    (was, now), (success_before, success) = found.accuracy, found.success
    words = []
    if was is not None and now is not None and was - now.mean > ACCURACY_LOST:
        words.append(f"clean accuracy fell by {100 * (was - now.mean):.1f} points")
    if success is not None and added > results.GONE:
        kept = "still succeeds" if success_before is None or success.mean <= success_before else "succeeds more often"
        aside = f", {plain:.0%} without its trigger" if plain >= SAID else ""
        words.append(f"the attack {kept}: {success.mean:.0%}{aside}")
    falls = [(a - b, names[index]) for index, (a, b) in enumerate(zip(*found.class_accuracy, strict=False))]
    worst, name = max((fall for fall in falls if not isnan(fall[0])), default=(0.0, ""))
    if worst > CLASS_ACCURACY_LOST:
        words.append(f"accuracy of {name} fell by {100 * worst:.0f} points")
    return words


def _untold(found: Experiment, done: Sequence[Run]) -> list[str]:
    """Why success rates do not tell whether a backdoor is gone: of the mean model, else of the first that is so."""
    if not done:
        return []
    rates = (no_room(each) or no_class(child, each) for child in done for each in [of_each(child)])
    return [one for one in (hardly_learned(done[0], *found.class_accuracy), *rates) if one][:1]


def _emptied(run: Run, made: Changes) -> list[str]:
    """The classes that keep no training sample, or nearly none: the model after has nothing to learn them from."""
    if not made.excluded and not made.relabelled:
        return []
    words = emptied_words(changes.summary(store.load(run.workspace, run.dataset), made))
    return [f"{words[0].lower()}{words[1:-1]}"] if words else []


def _since(run: Run, child: Run) -> list[str]:
    """Whether people decided otherwise since, so that this is no repair of what is decided now."""
    other = revisions.decided_since(run, child)
    return [f"decided otherwise since: {other:,} sample{'s' * (other != 1)}"] if other else []
