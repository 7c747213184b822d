"""From verdicts to a data set to train again on."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from core.errors import UserError
from core.journal.review import Verdict
from core.types import Changes, Dataset


def changes_of(verdicts: Mapping[int, Verdict]) -> Changes:
    """What the verdicts do to the data: exclusions and new labels; kept and marked samples stay as they are."""
    excluded = frozenset(sample for sample, verdict in verdicts.items() if verdict.decision == "exclude")
    relabelled = {
        sample: verdict.new_label
        for sample, verdict in verdicts.items()
        if verdict.decision == "relabel" and verdict.new_label is not None
    }
    return Changes(excluded, relabelled)


def apply(dataset: Dataset, changes: Changes) -> Dataset:
    """The data set without the excluded samples and with the new labels; ids stay as they were.

    Raises:
        UserError: fewer than two classes would keep a sample.
    """
    if not changes.excluded and not changes.relabelled:
        return dataset
    labels = np.array(dataset.labels)
    if changes.relabelled:
        new = np.vectorize(lambda sample, old: changes.relabelled.get(int(sample), old), otypes=[np.int64])
        labels = new(dataset.ids, labels)
    kept = ~np.isin(dataset.ids, list(changes.excluded))
    if len(np.unique(labels[kept])) < 2:
        raise UserError(
            "Nothing would be left to train on.",
            f"{int((~kept).sum())} of {len(kept)} samples are excluded, and fewer than two classes keep any.",
            "Undo some exclusions.",
        )
    return replace(
        dataset,
        ids=np.array(dataset.ids[kept]),
        inputs=dataset.inputs.take(kept),
        labels=labels[kept],
        bona_fide=np.array(dataset.bona_fide[kept]),
    )


def summary(dataset: Dataset, changes: Changes) -> pd.DataFrame:
    """Per class: samples now, excluded, relabelled away, relabelled in, and samples after the repair."""
    excluded = np.isin(dataset.ids, list(changes.excluded))
    after = np.array(dataset.labels)
    if changes.relabelled:
        moved = np.isin(dataset.ids, list(changes.relabelled)) & ~excluded
        after[moved] = [changes.relabelled[int(sample)] for sample in dataset.ids[moved]]
    changed = ~excluded & (after != dataset.labels)
    groups = (dataset.labels, dataset.labels[excluded], dataset.labels[changed], after[changed])
    now, gone, away, arrived = (np.bincount(labels, minlength=dataset.n_classes) for labels in groups)
    columns = {"class": dataset.class_names, "samples": now, "excluded": gone, "relabelled away": away}
    return pd.DataFrame({**columns, "relabelled in": arrived, "after": now - gone - away + arrived})
