"""One row per sample: what every page shows and every export writes."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from core import runs
from core.analysis.families import membership
from core.analysis.opened_run import CLUSTERING, clustered_classes, detections, leading, rows_in_store, training_data
from core.analysis.rules import words_in_force
from core.detectors.parts.statistics import ranks
from core.journal import review
from core.journal.review import Verdict
from core.runs import Run


def rules_in_words(run: Run) -> dict[str, str]:
    """Detector → the rule in force for it, in words, with the settings that its own rule was made with."""
    return {name: words_in_force(run, name, detection) for name, detection in runs.detections(run).items()}


def sample_table(run: Run) -> pd.DataFrame:
    """One row per sample in data-set order.

    Columns: id, label, predicted, loss, then `<detector>_suspicion` and `<detector>_flagged` for each detector that
    ran, then verdict and new_label. What is not known yet is missing (NA), never a guess.
    """
    return with_verdicts(_machine_columns(run), review.verdicts(run.workspace, run.id))


def review_table(run: Run) -> pd.DataFrame:
    """What `suspicion_table` says of every sample, and its verdict and new_label."""
    return with_verdicts(suspicion_table(run), review.verdicts(run.workspace, run.id))


def suspicion_table(run: Run) -> pd.DataFrame:
    """All that the machine has to say of every sample: the sample table without verdicts, and what screens need.

    Further columns: `row` in the stored data set; `bona_fide`; `flagged` by a leading detector; `flagged_by`, how many
    detectors agree; `suspicion`, the percentile in [0, 1] by which samples are ranked, the mean over the leading
    detectors; `family`, its number, 0 in none, −1 not flagged, −2 not grouped yet; `cluster`, of Activation Clustering,
    −1 where unknown, within the class `cluster_class`.
    """
    table, found = _machine_columns(run), detections(run)
    table["row"], table["bona_fide"] = rows_in_store(run), np.array(training_data(run).bona_fide)
    table["flagged_by"] = np.sum([detection.flagged for detection in found.values()], axis=0) if found else 0
    chosen = [found[name] for name in leading(found)]
    table["flagged"] = np.logical_or.reduce([detection.flagged for detection in chosen]) if chosen else False
    table["family"] = membership(run, table["flagged"].to_numpy())
    placed = [ranks(detection.suspicion) / len(table) for detection in chosen]
    table["suspicion"] = np.mean(placed, axis=0) if placed else 0.0
    clustering = found.get(CLUSTERING)
    table["cluster_class"] = clustered_classes(run) if clustering else table["label"]
    table["cluster"] = clustering.groups if clustering and clustering.groups is not None else -1
    return table


def with_verdicts(table: pd.DataFrame, verdicts: Mapping[int, Verdict]) -> pd.DataFrame:
    """A table of samples with two columns more: verdict, "" for none, and new_label, missing for none."""
    decisions = np.full(len(table), "", object)
    labels, known = np.zeros(len(table), np.int64), np.zeros(len(table), bool)
    if verdicts:
        ids = table["id"].to_numpy()
        order = np.argsort(ids, kind="stable")
        decided = np.array([sample for sample in verdicts if ids[order[0]] <= sample <= ids[order[-1]]], np.int64)
        rows = order[np.searchsorted(ids, decided, sorter=order)]
        for sample, row in zip(decided.tolist(), rows.tolist(), strict=True):
            if ids[row] == sample:
                verdict = verdicts[sample]
                decisions[row], known[row] = verdict.decision, verdict.new_label is not None
                labels[row] = verdict.new_label or 0
    return table.assign(verdict=decisions, new_label=pd.arrays.IntegerArray(labels, ~known))


def _machine_columns(run: Run) -> pd.DataFrame:
    """Ids, labels, predictions, losses, and what each detector says."""
    dataset = training_data(run)
    table = pd.DataFrame({"id": dataset.ids, "label": dataset.labels})
    known = run.done("activations")
    table["predicted"] = pd.array(run.array("predictions") if known else [pd.NA] * len(table), dtype="Int64")
    table["loss"] = np.array(run.array("final_losses")) if known else np.nan
    for name, detection in detections(run).items():
        table[f"{name}_suspicion"] = detection.suspicion
        table[f"{name}_flagged"] = detection.flagged
    return table


def flags_stage(run: Run) -> str:
    """The stage of the run's plan after which all its flags are there."""
    detecting = [stage for stage in run.plan if stage.startswith("detect:")]
    return detecting[-1] if detecting else "activations"


def flagged_samples(table: pd.DataFrame, by: str = "") -> pd.DataFrame:
    """The flagged rows of a review table, by the leading detectors or by the one named, most suspicious first."""
    return table[table[f"{by}_flagged" if by else "flagged"]].sort_values(
        ["suspicion", "id"], ascending=[False, True], kind="stable"
    )


def flagged_ids(run: Run) -> list[int]:
    """Ids of the samples that a leading detector flags, in data-set order."""
    found = detections(run)
    flags = [found[name].flagged for name in leading(found)]
    return training_data(run).ids[np.logical_or.reduce(flags)].tolist() if flags else []
