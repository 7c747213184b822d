"""From Python: frames, figures, decisions and exports of a workspace, through the same pipeline as the pages."""

import numpy as np
import plotly.graph_objects as go
import pytest

from core.api import Assay
from core.errors import UserError

N = 120


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A workspace with tiny data and one run on them."""
    folder = tmp_path_factory.mktemp("api")
    rng = np.random.default_rng(0)
    labels = np.arange(N) % 3
    images = (rng.integers(0, 60, (N, 12, 12)) + labels[:, None, None] * 60).astype(np.uint8)
    np.savez(folder / "tiny.npz", x_train=images, y_train=labels, x_test=images[:30], y_test=labels[:30])
    (folder / "trusted.txt").write_text("\n".join(map(str, range(40))))
    assay = Assay(str(folder / "workspace"))
    data = assay.import_data(folder / "tiny.npz", name="tiny", bona_fide=folder / "trusted.txt")
    return assay, data, assay.train("tiny", epochs=3, seed=1)


def test_frames_say_what_is_in_the_workspace(made):
    assay, data, run = made
    assert assay.datasets.loc[data, ["name", "modality", "n", "n_bona_fide"]].tolist() == ["tiny", "image", N, 40]
    assert assay.runs.loc[run.id, "dataset"] == data
    assert (assay.run("latest").id, assay.describe("tiny")["id"]) == (run.id, data)


def test_an_empty_workspace_has_empty_frames(tmp_path):
    assert (len(Assay(tmp_path).datasets), list(Assay(tmp_path).runs)) == (0, ["name", "dataset", "state", "parent"])
    with pytest.raises(UserError):
        Assay(tmp_path).run("latest")


def test_a_run_is_frames_of_samples_detectors_and_families(made):
    run = made[2]
    samples = run.samples
    assert samples.index.tolist() == list(range(N))
    assert {"name", "class_name", "loss", "consensus_suspicion", "verdict", "all_pca_x"} <= set(samples)
    assert run.detections.loc["badloss", "state"] == "ran"
    assert len(run.families) == samples["flagged"].any()
    assert 0 <= run.outcome["clean_accuracy"] <= 1


def test_figures_are_plotly_figures(made):
    run = made[2]
    for figure in (run.curves(), run.suspicion_figure("badloss"), run.map_figure(), run.map_figure(colour="loss")):
        assert isinstance(figure, go.Figure)
    groups = run.map_figure(colour="class_name").data
    assert [group.name for group in groups] == ["0", "1", "2"]
    assert sum(len(group.x) for group in groups) == N
    with pytest.raises(UserError, match="nothing"):
        run.map_figure(colour="nothing")
    with pytest.raises(UserError, match="strip"):
        run.suspicion_figure("strip")


def test_a_detector_runs_and_a_decision_is_journalled_and_exported(made, tmp_path):
    run = made[2]
    assert run.detect("spectral_signatures")["flagged"] >= 0
    before = len(run.decisions)
    assert run.decide([3, 7], "exclude", reason="seen", reviewer="ann") == 2
    assert run.decisions.iloc[before:][["sample", "decision", "reviewer"]].to_numpy().tolist() == [
        [3, "exclude", "ann"],
        [7, "exclude", "ann"],
    ]
    with pytest.raises(UserError, match="no sample 500"):
        run.decide([3, 500], "exclude")
    assert len(run.decisions) == before + 2
    assert run.samples.loc[[3, 7], "verdict"].tolist() == ["exclude", "exclude"]
    assert run.export(tmp_path / "kept.npy", "is_clean") == N
    assert np.flatnonzero(np.load(tmp_path / "kept.npy") == 0).tolist() == [3, 7]
    assert run.report(tmp_path / "report.html") > 1000


def test_a_recording_of_another_training_is_a_run(made, tmp_path):
    assay, data, _ = made
    np.save(tmp_path / "losses.npy", np.random.default_rng(0).random((N, 4), np.float32))
    recorded = assay.load_recorded(data, name="elsewhere", losses=tmp_path / "losses.npy")
    assert recorded.run.recorded
    assert recorded.detections.loc["badloss", "state"] == "ran"
