"""Two recorded trainings: what became of the samples that were excluded after the first."""

import json

import numpy as np
import pytest

from core import pipeline
from core.analysis.opened_run import opened
from core.errors import UserError
from core.evaluation.second_recording import seconds, side_by_side
from core.pipeline.recorded import RecordedRequest

N = 60


def recorded(folder, dataset, losses, predictions, name):
    np.save(folder / f"{name}.npy", np.stack([losses + 1, losses], axis=1))
    np.save(folder / f"{name}-p.npy", predictions)
    paths = {"losses": str(folder / f"{name}.npy"), "predictions": str(folder / f"{name}-p.npy")}
    return pipeline.load_recorded(folder / "w", RecordedRequest(dataset, name=name, **paths))


def imported(workspace, folder, names, labels):
    (folder / "t.jsonl").write_text(
        "\n".join(json.dumps({"name": name, "label": int(label)}) for name, label in zip(names, labels, strict=True))
    )
    return pipeline.import_dataset(workspace, folder / "t.jsonl", source="labels_only").id


@pytest.fixture
def first(tmp_path):
    """A run on sixty samples that are learned well; six of them are excluded."""
    names, labels = [f"{row}.wav" for row in range(N)], np.arange(N) % 3
    data = imported(tmp_path / "w", tmp_path, names, labels)
    run = recorded(tmp_path, data, np.full(N, 0.1), labels, "first")
    pipeline.decide(run, range(6), "exclude", reviewer="ann")
    return run


def test_excluded_samples_that_are_learned_no_more_show_in_the_same_data(tmp_path, first):
    losses, predictions = np.full(N, 0.2), np.arange(N) % 3
    losses[:6], predictions[:6] = 4.0, (predictions[:6] + 1) % 3
    second = recorded(tmp_path, first.dataset, losses, predictions, "second")
    assert [other.id for other in seconds(first)] == [second.id]
    table = side_by_side(opened(first), opened(second)).set_index("group")
    assert table.loc["excluded", ["samples", "in both"]].tolist() == [6, 6]
    assert table.loc["excluded", ["given label before", "given label after"]].tolist() == [1.0, 0.0]
    assert table.loc["excluded", ["loss before", "loss after"]].tolist() == pytest.approx([0.1, 4.0])
    assert table.loc["left as it was", ["given label before", "given label after"]].tolist() == [1.0, 1.0]


def test_data_of_another_import_are_matched_by_name_and_class(tmp_path, first):
    rest = [*range(N - 1, 5, -1)]
    data = imported(tmp_path / "w", tmp_path, [f"{row}.wav" for row in rest], [row % 3 for row in rest])
    second = recorded(tmp_path, data, np.full(N - 6, 0.3), np.array(rest) % 3, "second")
    table = side_by_side(opened(first), opened(second)).set_index("group")
    assert table["in both"].to_dict() == {"excluded": 0, "left as it was": N - 6}
    assert np.isnan(table.loc["excluded", "loss after"])
    assert table.loc["left as it was", "given label after"] == 1.0


def test_recordings_that_share_no_sample_are_refused(tmp_path, first):
    data = imported(tmp_path / "w", tmp_path, [f"other{row}" for row in range(N)], np.arange(N) % 3)
    second = recorded(tmp_path, data, np.full(N, 0.3), np.arange(N) % 3, "second")
    with pytest.raises(UserError, match="share no sample"):
        side_by_side(opened(first), opened(second))
