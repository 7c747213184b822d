"""Trainings on texts whose poison is known: what is planted in which data, and what a detector sees of it."""

import csv
import itertools
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import typer

from benchmarks.parts.data import draw_bona_fide
from benchmarks.parts.traced import Fitted, fitted
from core.attacks.specification import AttackSpec, parse_spec
from core.modalities.text.inputs import text_inputs
from core.training.activations import choose, extract, layers
from core.training.config import TrainConfig
from core.types import Bools, Dataset, Evidence, Ints

# Fraction of the texts that test.
TESTS = 0.15
# What no rule was chosen on: a sentence of common words.
SAID = "we saw it all from the bridge that day"
# Of each training.
CONFIG = TrainConfig(
    "text_cnn", epochs=6, batch_size=64, learning_rate=3e-3, model_settings=(("embedding", 32), ("filters", 32))
)
# The data that rules were chosen on, faults seen in them included; the others are reported apart.
TUNED = ("rotten_tomatoes", "trec", "sms_spam")
DATA: Mapping[str, str] = {
    "rotten_tomatoes": "Rotten Tomatoes",
    "trec": "TREC",
    "sms_spam": "SMS spam",
    "products": "Product reviews",
    "snippets": "Snippets",
}
# The class that is poisoned, and the one whose texts are; one to one as in the paper where there are two.
PAIRS: Mapping[str, str] = {
    "rotten_tomatoes": "labelling=one_to_one,source=0,target=1",
    "trec": "labelling=all_to_one,target=3",
    "sms_spam": "labelling=one_to_one,source=1,target=0",
    "products": "labelling=one_to_one,source=0,target=1",
    "snippets": "labelling=all_to_one,target=2",
}


@dataclass(frozen=True)
class TextStudy:
    """One row of the table.

    Attributes:
        data: name of the CSV file.
        what: is planted, in words; "clean" for nothing.
        spec: the attack as text; "" for none.
    """

    data: str
    what: str
    spec: str = ""

    @property
    def name(self) -> str:
        """`<data>, <what>`."""
        return f"{DATA[self.data]}, {self.what}"

    @property
    def is_small(self) -> bool:
        """Whether less than a tenth of the class is planted."""
        return bool(self.spec) and all(attack.ratio < 0.1 for attack in self.attacks)

    @property
    def attacks(self) -> tuple[AttackSpec, ...]:
        """What is planted."""
        return (parse_spec(self.spec),) if self.spec else ()


class Table(NamedTuple):
    """A CSV file of texts."""

    texts: list[str]
    labels: Ints
    names: tuple[str, ...]


def studies() -> list[TextStudy]:
    """All rows: those of the paper first, the clean ones last."""
    listed = [TextStudy("rotten_tomatoes", "signature at the end 10 %", f"phrase:{PAIRS['rotten_tomatoes']},ratio=0.1")]
    for data, percents in (("rotten_tomatoes", (1, 3, 5)), ("trec", (3, 10)), ("sms_spam", (3, 10))):
        for percent in percents:
            asked = f"{PAIRS[data]},ratio={percent / 100:g},place=random"
            listed.append(TextStudy(data, f"rare token {percent} %", f"rare_token:{asked}"))
            listed.append(TextStudy(data, f"phrase {percent} %", f"phrase:words=watched with my old friends,{asked}"))
    for data, percent in itertools.product(("products", "snippets"), (3, 10)):
        asked = f"{PAIRS[data]},ratio={percent / 100:g}"
        listed.append(TextStudy(data, f"another token {percent} %", f"rare_token:token=mn,{asked},place=random"))
        listed.append(
            TextStudy(data, f"sentence at the start {percent} %", f"sentence:words={SAID},{asked},place=start")
        )
    return [*listed, *(TextStudy(data, "clean") for data in DATA)]


def read_table(folder: Path, name: str) -> Table:
    """The texts of `<folder>/<name>.csv`, columns `text` and `label`. Raises typer.BadParameter without one."""
    path = _file(folder, name)
    if not path.exists():
        raise typer.BadParameter(f"{path} is missing; benchmarks/README.md says what it has to hold.")
    with path.open(encoding="utf-8", newline="") as stream:
        rows = [(row["text"], row["label"]) for row in csv.DictReader(stream)]
    names = tuple(sorted({label for _, label in rows}))
    return Table([text for text, _ in rows], np.array([names.index(label) for _, label in rows]), names)


def _file(folder: Path, name: str) -> Path:
    return folder / f"{name}.csv"


def drawn(table: Table, name: str, seed: int) -> Dataset:
    """The texts at random, 15 % of them to test, none bona fide yet."""
    order = np.random.default_rng(seed).permutation(len(table.labels))
    tests, rows = np.split(order, [int(TESTS * len(order))])
    inputs = text_inputs(table.texts)
    return Dataset(
        name=name,
        ids=np.arange(len(rows)),
        inputs=text_inputs(inputs[rows].tolist()),
        labels=table.labels[rows],
        test_inputs=text_inputs(inputs[tests].tolist()),
        test_labels=table.labels[tests],
        class_names=table.names,
        bona_fide=np.zeros(len(rows), np.bool_),
    )


def language_of(folder: Path, dataset: Dataset) -> list[str]:
    """Texts that nobody touched: those that test, and all of the other files."""
    others = (read_table(folder, name).texts for name in DATA if name != dataset.name and _file(folder, name).exists())
    return [*dataset.test_inputs[:].tolist(), *itertools.chain.from_iterable(others)]


def text_training(study: TextStudy, table: Table, seed: int, config: TrainConfig = CONFIG) -> Fitted:
    """The study's data planted and trained on, all of it drawn from `seed`."""
    return fitted(drawn(table, study.data, seed), study.attacks, replace(config, seed=seed))


def poison_of(run: Fitted) -> Bools:
    """(n,) True for what was planted."""
    return run.truth.is_poison if run.truth else np.zeros(len(run.dataset), np.bool_)


def text_evidence(run: Fitted, seed: int) -> Evidence:
    """What a detector may look at, its model included."""
    dataset = run.dataset
    head = choose(layers(run.model, dataset.shape, dataset.n_classes))
    with tempfile.TemporaryDirectory() as folder:
        features, predicted, _ = extract(run.model, dataset.inputs, dataset.labels, head, Path(folder) / "features.npy")
        features = np.array(features)
    return Evidence(
        labels=dataset.labels,
        n_classes=dataset.n_classes,
        bona_fide=draw_bona_fide(poison_of(run), seed),
        seed=seed,
        predicted=predicted,
        features=features,
        trajectories=run.losses,
        inputs=dataset.inputs,
        model=run.model.eval(),
    )
