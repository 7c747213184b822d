"""Exclusionary reclassification: train again without the suspect clusters, and ask that model what they are."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from torch import nn

from core import runs
from core.analysis.opened_run import OpenedRun
from core.analysis.suspect_clusters import (
    THRESHOLD,
    Reclassification,
    reclassification,
    save_reclassifications,
    suspect_clusters,
)
from core.journal.changes import apply
from core.runs.plan import reclassified_classes
from core.stages.load import beginning
from core.stages.progress import Reporter
from core.training.config import TrainConfig, restored
from core.training.evaluating import evaluate
from core.training.loop import build_model, train
from core.types import Changes, Dataset, Ints

Listen = Callable[[float, str], None]


def exclusionary_reclassification(
    dataset: Dataset,
    suspects: Mapping[int, Ints],
    config: TrainConfig,
    *,
    begin: Callable[[Dataset], nn.Module] | None = None,
    each: bool = False,
    threshold: float = THRESHOLD,
    listen: Listen = lambda fraction, message: None,
) -> tuple[dict[int, Reclassification], dict[int, Ints]]:
    """For each suspect cluster the result of a model that never saw it, and the classes (m,) which that predicted.

    Of a cluster, l samples are taken for their own class and p for the most frequent other one. Where l / p < T, the
    cluster is called poison and that other class its suspected source class. The same arguments give the same answer.

    Args:
        dataset: all n samples, as they are labelled.
        suspects: class → rows (m,) of the cluster under suspicion.
        config: of the training.
        begin: makes the model that each training starts from; None draws its weights from the configuration's seed.
        each: train one model for each cluster, without that one only, as published. Else one for all, without any of
            them, which takes the time of one training and cannot be misled by the other clusters' poison.
        threshold: T; the paper: 1.
        listen: told the fraction of the work that is done, in [0, 1], and which epoch it is at.

    Raises:
        UserError: fewer than two classes would keep a sample.

    References: Chen et al. 2018, arXiv 1811.03728.
    """
    together = [[index] for index in suspects] if each else [list(suspects)]
    predicted: dict[int, Ints] = {}
    for place, classes in enumerate(together):
        without = np.concatenate([suspects[index] for index in classes])

        def listen_on(fraction: float, message: str, before: int = place) -> None:
            listen((before + fraction) / len(together), message)

        model = trained_without(dataset, without, config, begin, listen_on)
        for index in classes:
            rows = suspects[index]
            predicted[index] = evaluate(model, dataset.inputs.take(rows), dataset.labels[rows])[1]
    results = {
        index: reclassification(taken_for, index, dataset.n_classes, threshold)
        for index, taken_for in predicted.items()
    }
    return results, predicted


def trained_without(
    dataset: Dataset,
    rows: Ints | Sequence[int],
    config: TrainConfig,
    begin: Callable[[Dataset], nn.Module] | None,
    listen: Listen,
) -> nn.Module:
    """A model of `config` that never saw `rows`."""
    rest = apply(dataset, Changes(frozenset(dataset.ids[rows].tolist())))
    rest = replace(rest, test_inputs=dataset.test_inputs.take(slice(0)), test_labels=dataset.test_labels[:0])
    model, done = begin(rest) if begin else build_model(config, dataset.shape, dataset.n_classes), 0

    def on_batch(fraction: float) -> None:
        listen((done + fraction) / config.epochs, f"epoch {done + 1} of {config.epochs} without {len(rows):,} samples")

    for epoch in train(model, rest, config, trace=False, on_batch=on_batch):
        done = epoch.index + 1
    return model


def reclassify_stage(opened: OpenedRun, argument: str, reporter: Reporter) -> None:
    """Train again without suspect clusters and classify them.

    Args:
        opened: with clusters.
        argument: classes, separated by commas, by default those that look poisoned; "each" among them trains one model
            for each. It starts anew when it was cut short.
        reporter: told the epochs.
    """
    classes, each = reclassified_classes(argument)
    suspects = suspect_clusters(opened, classes)
    config = restored(runs.from_scratch(opened.run).config)
    results, predicted = exclusionary_reclassification(
        opened.data,
        suspects,
        config,
        begin=partial(beginning, opened.run, config),
        each=each,
        listen=reporter.update,
    )
    save_reclassifications(opened, results, predicted)
