"""The corpus of malicious pickles is armed, and no data source sets it off, whatever name it travels under."""

import subprocess
import sys

import pytest

from core.data import SOURCES, open_source
from core.errors import UserError
from tests.core import hostile

ENDINGS = (".npz", ".npy", ".csv", ".parquet", ".zip", ".tar", ".tgz", ".pt", ".mat", ".png")


@pytest.mark.parametrize("wrapping", ["plain", "plain_text", "joblib_like", "cifar_batch"])
def test_the_corpus_is_armed(tmp_path, wrapping):
    path = hostile.WRAPPINGS[wrapping](tmp_path / "evil", tmp_path / "sentinel")
    load = "import sys, pickle; pickle.load(open(sys.argv[1], 'rb'))"
    subprocess.run([sys.executable, "-c", load, str(path)], check=False, capture_output=True)
    assert (tmp_path / "sentinel").exists()


@pytest.mark.parametrize("wrapping", hostile.WRAPPINGS)
def test_no_source_sets_it_off(tmp_path, wrapping):
    for ending in ENDINGS:
        path = hostile.WRAPPINGS[wrapping](tmp_path / f"evil{ending}", tmp_path / "sentinel")
        for source in (None, *SOURCES):
            with pytest.raises(UserError):
                open_source(path, source)
    assert not (tmp_path / "sentinel").exists()


@pytest.mark.parametrize("wrapping", hostile.WRAPPINGS)
def test_no_source_sets_it_off_in_a_folder(tmp_path, wrapping):
    names = (
        "labels",
        "poison_indices",
        "imgs",
        "data_batch_1",
        "batches.meta",
        "train",
        "test",
        "meta",
        "images.npy",
        "labels.npy",
        "train-images-idx3-ubyte",
        "train_32x32.mat",
        "train_X.bin",
        "dataset_dict.json",
        "state.json",
        "attack_result.pt",
        "train.parquet",
        "data.arrow",
        "GT-final_test.csv",
    )
    folder = tmp_path / "evil"
    (folder / "bd_train_dataset" / "0").mkdir(parents=True)
    for name in names:
        hostile.WRAPPINGS[wrapping](folder / name, tmp_path / "sentinel")
    for source in (None, *SOURCES):
        with pytest.raises(UserError):
            open_source(folder, source)
    assert not (tmp_path / "sentinel").exists()
