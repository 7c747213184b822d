"""One row per sample: what every page shows and every export writes."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from core.analysis.decision import confirmed, sample_states
from core.analysis.families import membership
from core.analysis.opened_run import CLUSTERING, OpenedRun, leading
from core.detectors.parts.statistics import ranks
from core.journal import review
from core.journal.review import Verdict
from core.modalities import modality_of
from core.modalities.saying import Part
from core.runs import Run
from core.runs.plan import ACTIVATIONS, of_kind
from core.types import Bools, Ints

# Words of the samples and what they speak for: the array of a run.
SPEAKING = "speaking"
MOST = 2000  # characters of a sample that are read in a list


def sample_table(opened: OpenedRun) -> pd.DataFrame:
    """One row per sample in data-set order.

    Columns: id, label, predicted, loss, then `<detector>_suspicion` and `<detector>_flagged` for each detector that
    ran. Then `decision` and `group` where it was decided, verdict and new_label. What is not known yet is missing (NA),
    never a guess.
    """
    return with_verdicts(_machine_columns(opened), review.verdicts(opened.run.workspace, opened.run.id))


def review_table(opened: OpenedRun) -> pd.DataFrame:
    """What `suspicion_table` says of every sample, and its verdict and new_label."""
    return with_verdicts(suspicion_table(opened), review.verdicts(opened.run.workspace, opened.run.id))


def suspicion_table(opened: OpenedRun) -> pd.DataFrame:
    """All that the machine has to say of every sample: the sample table without verdicts, and what screens need.

    Further columns: `row` in the stored data set; `bona_fide`; `flagged` by a leading detector; `flagged_by`, how many
    detectors agree; `confirmed` by the decision, flagged or not. `suspicion` is the percentile in [0, 1] by which
    samples are ranked, the mean over the leading detectors. `family` is its number, 0 in none, −1 not flagged, −2 not
    grouped yet. `cluster` is that of Activation Clustering, −1 where unknown, within the class `cluster_class`.
    """
    table, detections = _machine_columns(opened), opened.detections
    table["row"], table["bona_fide"] = opened.rows, opened.bona_fide
    table["flagged_by"] = np.sum([detection.flagged for detection in detections.values()], axis=0) if detections else 0
    chosen = [detections[name] for name in leading(detections)]
    table["flagged"] = opened.flagged
    table["confirmed"] = confirmed(opened)
    table["family"] = membership(opened.run, opened.flagged)
    placed = [ranks(detection.suspicion) / len(table) for detection in chosen]
    table["suspicion"] = np.mean(placed, axis=0) if placed else 0.0
    clustering = detections.get(CLUSTERING)
    table["cluster_class"] = opened.clustered_classes if clustering else table["label"]
    table["cluster"] = clustering.groups if clustering and clustering.groups is not None else -1
    return table


def loss_percentiles(table: pd.DataFrame) -> "pd.Series[float]":
    """The percentile in (0, 1] of each sample's loss among all of a table of samples, as `suspicion` is one."""
    return pd.Series(ranks(table["loss"].to_numpy()) / max(1, len(table)), table.index)


def loss_span(table: pd.DataFrame, low: int, high: int) -> tuple[float, float]:
    """The losses at two percentiles of a table of samples."""
    first, last = np.nanpercentile(table["loss"].to_numpy(np.float64), [low, high])
    return float(first), float(last)


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


def _machine_columns(opened: OpenedRun) -> pd.DataFrame:
    """Ids, labels, predictions, losses, and what each detector says."""
    dataset = opened.data
    table = pd.DataFrame({"id": dataset.ids, "label": dataset.labels})
    known = opened.run.done("activations")
    n, classes = (len(table),), len(dataset.class_names)
    predicted = opened.run.array("predictions", n, classes) if opened.run.has_predictions else [pd.NA] * len(table)
    table["predicted"] = pd.array(predicted, dtype="Int64")
    table["loss"] = np.array(opened.run.array("final_losses", n)) if known else np.nan
    for name, detection in opened.detections.items():
        table[f"{name}_suspicion"] = detection.suspicion
        table[f"{name}_flagged"] = detection.flagged
    if decided := sample_states(opened):
        table["decision"], table["group"] = decided
    return table


def flags_stage(run: Run) -> str:
    """The stage of the run's plan after which the flags are there that are put before a person.

    For a detector that is asked for beside them, and waits, works or failed, nobody waits.
    """
    detections = of_kind(run.plan, "detect")
    first = leading([stage.argument for stage in detections])
    return str(next((stage for stage in reversed(detections) if stage.argument in first), ACTIVATIONS))


def suspected(table: pd.DataFrame, by: str = "") -> Bools:
    """(n,) True for the suspects of a review table: confirmed by the decision, or flagged by those that are counted.

    Args:
        table: see `review_table`.
        by: the detector that is counted; "" for what the column `flagged` says.
    """
    return np.asarray(table["confirmed"] | table[f"{by}_flagged" if by else "flagged"], np.bool_)


def suspects(table: pd.DataFrame, by: str = "") -> pd.DataFrame:
    """The same rows, most suspicious first."""
    return table[suspected(table, by)].sort_values(["suspicion", "id"], ascending=[False, True], kind="stable")


def suspect_ids(opened: OpenedRun) -> list[int]:
    """Ids of what the decision confirmed or a leading detector flags, in data-set order."""
    ids: list[int] = opened.data.ids[opened.flagged | confirmed(opened)].tolist()
    return ids


def confused(table: pd.DataFrame, by: str = "") -> pd.DataFrame:
    """How the given classes are predicted: a row for each pair that occurs, with label, predicted, samples, suspects.

    The pairs that differ come first, the most frequent before the others. Samples without a prediction are left out.

    Args:
        table: see `review_table`.
        by: the detector that is counted; see `suspected`.
    """
    known = table["predicted"].notna().to_numpy()
    pairs = table.loc[known, ["label", "predicted"]].astype(np.int64).assign(suspects=suspected(table, by)[known])
    found = pairs.groupby(["label", "predicted"])["suspects"].agg(samples="size", suspects="sum").reset_index()
    order = [found["predicted"], found["label"], -found["samples"], found["label"] == found["predicted"]]
    return found.iloc[np.lexsort(order)].reset_index(drop=True)


def ids_confused(table: pd.DataFrame, label: int, predicted: int) -> Ints:
    """Ids of the samples of a given class that are predicted as another, or as the same."""
    holds = (table["label"] == label) & (table["predicted"] == predicted).fillna(False)
    return table["id"].to_numpy(np.int64)[holds.to_numpy(bool)]


def parts(opened: OpenedRun, rows: Ints, most: int = MOST) -> list[tuple[Part, ...]]:
    """The samples in parts, what speaks for a class marked; one part or none where nothing is known of that."""
    known = opened.run.has(f"{SPEAKING}.npy")
    speaking = opened.run.array(SPEAKING, (None, 2)) if known else np.zeros((0, 2), np.float16)
    return modality_of(opened.data.inputs).parts(opened.data.inputs, np.asarray(rows, np.int64), speaking, most)
