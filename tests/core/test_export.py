"""The sample table in three formats, each readable by others."""

import numpy as np
import pandas as pd
import pytest

from core import pipeline
from core.errors import UserError
from core.export import write_samples
from core.runs import detections

READERS = {"csv": pd.read_csv, "parquet": pd.read_parquet, "json": pd.read_json}


@pytest.mark.parametrize("ending", READERS)
def test_what_is_written_is_what_is_known(finished, tmp_path, ending):
    pipeline.decide(finished, [5], "relabel", reviewer="ann", new_label=2)
    path = tmp_path / f"samples.{ending}"
    assert write_samples(finished, path) == 200
    table = READERS[ending](path)
    assert table["id"].tolist() == list(range(200))
    assert table["predicted"].tolist() == finished.array("predictions").tolist()
    assert np.allclose(table["loss"], finished.array("final_losses"), rtol=1e-5)
    badloss = detections(finished)["badloss"]
    assert np.allclose(table["badloss_suspicion"], badloss.suspicion, rtol=1e-5)
    assert table["badloss_flagged"].tolist() == badloss.flagged.tolist()
    assert (table["verdict"][5], table["new_label"][5]) == ("relabel", 2)
    assert table["new_label"].isna().sum() == 199


def test_a_run_that_has_just_begun_is_exported_too(finished, tmp_path):
    info = pipeline.store.describe(finished.workspace, finished.dataset)
    run = pipeline.runs.create(finished.workspace, info, finished.config, ("train",))
    write_samples(run, tmp_path / "samples.csv")
    table = pd.read_csv(tmp_path / "samples.csv")
    assert table.columns.tolist() == ["id", "label", "predicted", "loss", "verdict", "new_label"]
    assert table["predicted"].isna().all()


@pytest.mark.parametrize(
    ("name", "words"), [("samples.xlsx", "has to end in"), ("nowhere/a.csv", "There is no folder")]
)
def test_where_nothing_can_be_written(finished, tmp_path, name, words):
    with pytest.raises(UserError, match=words):
        write_samples(finished, tmp_path / name)
    assert not (tmp_path / name).exists()
