"""What one training on texts is measured by, the bars, and the tables of many."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

from benchmarks.parts.cells import number, percent, table

# Attack success rate from which on a backdoor is gone.
GONE = 0.05
# What a model may be worse than one that never saw poison, as a fraction of the test texts.
WORSE = 0.02
# Success of an attack that is worth repairing.
LEARNED = 0.9
# F1 within the poisoned class, AUROC and recall that are asked for.
F1 = 0.99
AUROC = 0.98
RECALL = 0.9
# Fraction of what is flagged that may be clean.
WRONG = 0.1


@dataclass(frozen=True)
class TextRow:
    """One training, all but counts in [0, 1]; None where undefined.

    Attributes:
        study: its name.
        poison: poisoned texts.
        accuracy: on untouched test texts; unpoisoned: of a model that learned the same texts before the attack.
        success: of the attack; turned: the same of the test texts alone that the model has right without the trigger.
        clusters, raw: F1 of Activation Clustering within the poisoned class, by the smaller cluster, on activations and
            on TF-IDF of the texts.
        strange: AUROC of what a text's oddest word costs a model of word pairs (`perplexity`).
        auroc, f1: of the consensus, by its own rule.
        recall, wrong: of what it flags by p-values alone, at a false discovery rate of 10 %, and how much is clean.
        flagged: texts that the consensus flags by its own rule.
        verdict: of the decision; accused: clean classes that it calls poisoned.
        decided: texts that it calls backdoor or wrong label; right, found: those of them that are, and of the poison.
        relabelled, retrained: success of the attack after both repairs, with what consensus or decision name.
        relabelled_turned, retrained_turned: the same of the texts that the repaired model has right.
        floor, floor_turned: success of the attack and what it turns, on the model that learned the texts before it.
        relabelled_accuracy, retrained_accuracy: on untouched test texts.
        blind_flagged, blind_verdict, blind_accused: of clean texts, what is said without bona fide ones.
        relabelled_epochs, retrained_epochs: until the trigger turns nothing more and the accuracy is there; None where
            never.
    """

    study: str
    poison: int
    accuracy: float
    unpoisoned: float | None
    success: float | None
    turned: float | None
    clusters: float | None
    raw: float | None
    auroc: float | None
    f1: float | None
    recall: float | None
    wrong: float | None
    flagged: int
    verdict: str
    accused: int
    decided: int
    right: float | None
    found: float | None
    relabelled: float | None = None
    retrained: float | None = None
    floor: float | None = None
    relabelled_turned: float | None = None
    retrained_turned: float | None = None
    floor_turned: float | None = None
    relabelled_accuracy: float | None = None
    retrained_accuracy: float | None = None
    relabelled_epochs: float | None = None
    retrained_epochs: float | None = None
    blind_flagged: int | None = None
    blind_verdict: str = ""
    blind_accused: int | None = None
    strange: float | None = None

    @property
    def own_recall(self) -> float | None:
        """The fraction of the poison that the consensus flags by its own rule; None where there is none."""
        return self._hits / self.poison if self.poison else None

    @property
    def own_wrong(self) -> float | None:
        """The fraction of what it flags by its own rule that is clean; None where nothing is flagged."""
        return 1 - self._hits / self.flagged if self.flagged else None

    @property
    def _hits(self) -> int:
        return round((self.f1 or 0.0) * (self.flagged + self.poison) / 2)


def missed(row: TextRow, *, small: bool, repaired: bool = True) -> list[str]:
    """The bars that a training misses, each in a few words.

    Args:
        row: of it.
        small: whether so little is planted that recall is asked for, and not F1.
        repaired: whether repairs were asked for: their bars are not missed where nobody tried.
    """
    return [words for words, is_missed in _bars(row, small=small, repaired=repaired) if is_missed]


def _bars(row: TextRow, *, small: bool, repaired: bool) -> Iterator[tuple[str, bool]]:
    if not row.poison:
        yield "texts flagged", row.flagged > 0
        yield "a class accused", row.accused > 0
        return
    if row.unpoisoned is not None:
        yield "accuracy", row.accuracy < row.unpoisoned - WORSE
    yield "ASR", _below(row.success, LEARNED)
    yield "AUROC", _below(row.auroc, AUROC)
    if small:
        of_consensus = _below(row.own_recall, RECALL) or _above(row.own_wrong, WRONG)
        of_decision = _below(row.found, RECALL) or row.right is None or row.right < 1 - WRONG
        asked = row.found is not None
        yield f"recall of {'consensus and decision' if asked else 'the consensus'}", of_consensus and of_decision
        yield "recall of the consensus (the decision's is there)", of_consensus and not of_decision
    else:
        yield "F1 of Activation Clustering", _below(row.clusters, F1)
        yield "F1 of the consensus", _below(row.f1, F1)
    yield "a clean class accused", row.accused > 0
    if repaired and (row.retrained is not None or not _below(row.success, LEARNED)):
        for way, turned in (("relabelling", row.relabelled_turned), ("training again", row.retrained_turned)):
            of_words = turned is not None and row.floor_turned is not None and turned <= row.floor_turned + WORSE
            yield f"turned after {way}{' (no more than never poisoned)' * of_words}", _above(turned, GONE)


def _below(value: float | None, bar: float) -> bool:
    return value is None or not value >= bar


def _above(value: float | None, bar: float) -> bool:
    return value is None or not value <= bar


def text_table(rows: Sequence[TextRow], small: Sequence[str] = (), *, repaired: bool = True) -> list[str]:
    """The rows of each study as Markdown: what is found, then what is left after a repair; what missed its bar.

    Args:
        rows: trainings.
        small: names of studies of which recall is asked for (`missed`).
        repaired: whether repairs were asked for.
    """
    found, after_repair = [], []
    for name in dict.fromkeys(row.study for row in rows):
        some = [row for row in rows if row.study == name]
        of = {one.name: [getattr(row, one.name) for row in some] for one in fields(TextRow)}
        models = [percent(of[key]) for key in ("accuracy", "unpoisoned", "success", "turned")]
        of |= {key: [getattr(row, key) for row in some] for key in ("own_recall", "own_wrong")}
        measures = ("clusters", "raw", "strange", "auroc", "f1", "own_recall", "own_wrong", "recall")
        detected = [number(of[key]) for key in measures]
        decided = [percent(of[key]) for key in ("right", "found")]
        verdicts = ", ".join(dict.fromkeys(of["verdict"]))
        counts = [number(of[key], 0) for key in ("flagged", "accused")]
        lacking = dict.fromkeys(words for row in some for words in missed(row, small=name in small, repaired=repaired))
        found.append([name, *models, *detected, counts[0], verdicts, *decided, counts[1], ", ".join(lacking) or "none"])
        rates = [percent(of[key]) for key in ("success", "relabelled", "retrained", "floor")]
        turned = [percent(of[key]) for key in ("turned", "relabelled_turned", "retrained_turned", "floor_turned")]
        accuracies = [percent(of[key]) for key in ("relabelled_accuracy", "retrained_accuracy")]
        epochs = [number(of[key], 1) for key in ("relabelled_epochs", "retrained_epochs")]
        after_repair.append([name, *rates, *turned, *accuracies, *epochs])
    head = ["texts", "accuracy", "unpoisoned model", "ASR", "turned", "F1 of Activation Clustering", "of TF-IDF"]
    head += ["AUROC of perplexity", "of the consensus", "its F1", "its recall", "of its flags wrong"]
    head += ["recall by p-values alone", "flagged", "decision", "precision", "recall"]
    head += ["clean classes accused", "bars missed"]
    after = ["texts", "ASR before", "relabelled and continued", "trained again", "never poisoned"]
    after += ["turned before", "relabelled", "again", "never poisoned"]
    after += ["accuracy continued", "again", "epochs to repair continued", "again"]
    left = [row for row in after_repair if row[1] != "–"] if repaired else []
    return [*table(head, found), *(["", *table(after, left)] if left else []), *_clean(rows)]


def _clean(rows: Sequence[TextRow]) -> list[str]:
    """A line on all clean trainings together, and a table of what is said of them with bona fide texts and without."""
    clean = [row for row in rows if not row.poison]
    if not clean:
        return []
    flagged, accused = sum(row.flagged > 0 for row in clean), sum(row.accused > 0 for row in clean)
    said = []
    for name in dict.fromkeys(row.study for row in clean):
        some = [row for row in clean if row.study == name]
        blind = [row for row in some if row.blind_flagged is not None]
        counts = [", ".join(str(getattr(row, key)) for row in some) for key in ("flagged", "verdict", "accused")]
        without = [
            ", ".join(str(getattr(row, f"blind_{key}")) for row in blind) for key in ("flagged", "verdict", "accused")
        ]
        said.append([name, str(len(some)), *counts, *without])
    head = ["texts", "trainings", "flagged", "decision", "classes accused"]
    head += ["flagged without bona fide texts", "decision", "classes accused"]
    return [
        "",
        *table(head, said),
        "",
        f"Clean trainings: {len(clean)}. Texts were flagged in {flagged} of them, a class accused in {accused}.",
    ]
