"""From a folder of photographs and a training of one's own to the list of files to remove."""

from core.api import Assay
from tests.own_loop import CLASSES, photographs, train


def test_photographs_trained_in_a_loop_of_ones_own_give_the_files_to_remove(tmp_path):
    planted = photographs(tmp_path / "photos")
    train(tmp_path / "photos", tmp_path / "recording")
    assay = Assay(tmp_path / "workspace")
    run = assay.load_recorded(assay.import_data(tmp_path / "photos"), recording=tmp_path / "recording")
    samples = run.samples
    found = samples[samples["flagged"] & (samples["class_name"] == CLASSES[0])]
    assert samples["flagged"].sum() <= len(planted) + 10
    run.decide(found.index, "exclude", reviewer="ann")
    assert run.export(tmp_path / "removed_files.txt", "removed_files") == len(planted)
    assert sorted((tmp_path / "removed_files.txt").read_text().splitlines()) == planted
