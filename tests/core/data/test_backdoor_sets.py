"""Poisoned sets of backdoor-toolbox and BackdoorBench: what is read, what is never run, and what follows from it."""

import io
import zipfile
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from core.data import open_source, store
from core.data.decoding import decoded
from core.data.published.poison_truth import truth_of
from core.data.store.demo import gathered
from core.errors import UserError
from core.evaluation import measure, trials
from core.models.convnet import convnet
from tests.core import hostile
from tests.core.data.test_torchvision_datasets import PIXELS, cifar_python
from tests.core.opened import refusal

LABELS = [0, 1, 2, 2, 2, 1]


def png(level):
    stream = io.BytesIO()
    Image.fromarray(np.full((8, 8, 3), level, np.uint8)).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture
def toolbox(tmp_path):
    """A poisoned set in files: rows 2 and 4 poisoned with class 2, row 5 a cover sample, and the toolbox's test set."""
    folder = tmp_path / "poisoned_train_set" / "cifar10" / "adaptive_blend_0.003_alpha=0.150_cover=0.003"
    (folder / "imgs").mkdir(parents=True)
    for row in range(6):
        (folder / "imgs" / f"{row}.png").write_bytes(png(10 * row))
    torch.save(torch.tensor(LABELS), folder / "labels")
    torch.save([4, 2], folder / "poison_indices")
    torch.save([5], folder / "cover_indices")
    test = tmp_path / "clean_set" / "cifar10" / "test_split"
    test.mkdir(parents=True)
    torch.save(torch.full((2, 3, 8, 8), 0.2), test / "imgs")
    torch.save(torch.tensor([3, 9]), test / "labels")
    return folder


def test_a_set_of_the_toolbox(toolbox):
    found = open_source(toolbox)
    assert found.train.labels.tolist() == LABELS
    assert decoded(found.train.read(3))[0, 0, 0] == 30
    assert found.class_names[:3] == ("airplane", "automobile", "bird")
    assert found.test.labels.tolist() == [3, 9]
    assert (found.test.read(1) == 51).all()
    truth = found.truth
    assert truth.is_poison.tolist() == [False, False, True, False, True, False]
    assert truth.is_cover.tolist() == [False] * 5 + [True]
    assert truth.attack_index.tolist() == [-1, -1, 0, -1, 0, -1]
    assert truth.original_labels.tolist() == [0, 1, -1, 2, -1, 1]
    (attack,) = truth.attacks
    assert (attack.kind, attack.target_class, attack.n_poisoned, attack.n_cover, attack.labelling) == (
        "adaptive_blend of backdoor-toolbox",
        2,
        2,
        1,
        "all_to_one",
    )


@pytest.mark.parametrize("zipped", [True, False])
def test_a_set_of_the_toolbox_in_one_tensor(toolbox, zipped):
    for file in (toolbox / "imgs").iterdir():
        file.unlink()
    (toolbox / "imgs").rmdir()
    images = torch.arange(6 * 3 * 8 * 8).reshape(6, 3, 8, 8) / 1152
    torch.save(images, toolbox / "imgs", _use_new_zipfile_serialization=zipped)
    read = open_source(toolbox).train.read(4)
    assert (read == np.rint(255 * images[4].permute(1, 2, 0).numpy())).all()
    torch.save(images[:5].clone(), toolbox / "imgs")
    assert "imgs holds 5 images, labels 6" in refusal(toolbox)


@pytest.mark.parametrize("wrapping", [name for name in hostile.WRAPPINGS if not name.startswith("object")])
@pytest.mark.parametrize("name", ["labels", "poison_indices"])
def test_a_file_of_the_toolbox_that_would_run_something_does_not(toolbox, wrapping, name, tmp_path):
    hostile.WRAPPINGS[wrapping](toolbox / name, tmp_path / "sentinel")
    assert name in refusal(toolbox)
    assert not (tmp_path / "sentinel").exists()


def test_what_is_wrong_in_a_set_of_the_toolbox_is_said(toolbox):
    for wrong, words in (([6], "rows"), ([-1], "rows"), ([0.5], "rows"), (["a"], "no numbers"), ({}, "no numbers")):
        torch.save(wrong, toolbox / "poison_indices")
        assert words in refusal(toolbox)
    torch.save([], toolbox / "poison_indices")
    assert open_source(toolbox).truth is None
    torch.save(torch.tensor([0, -1, 2, 2, 2, 1]), toolbox / "labels")
    assert "Class indices are needed" in refusal(toolbox)
    torch.save(torch.zeros(1).expand(10**9), toolbox / "labels")
    assert "no plain tensor" in refusal(toolbox)


@settings(derandomize=True, deadline=None, max_examples=80)
@given(st.integers(0, 2000), st.binary(min_size=1, max_size=12), st.sampled_from(["labels", "poison_indices"]))
def test_damage_anywhere_is_refused_or_harmless(tmp_path_factory, place, noise, name):
    folder = tmp_path_factory.getbasetemp() / "damaged"
    (folder / "imgs").mkdir(parents=True, exist_ok=True)
    torch.save(torch.tensor(LABELS), folder / "labels")
    torch.save([4, 2], folder / "poison_indices")
    content = (folder / name).read_bytes()
    place %= len(content)
    (folder / name).unlink()  # an earlier mapping keeps the file that it was made of
    (folder / name).write_bytes(content[:place] + noise + content[place + len(noise) :])
    with suppress(UserError):
        found = open_source(folder, "backdoor_toolbox")
        assert len(found.train.names) == len(found.train.labels)
        assert 0 <= found.train.labels.min() <= found.train.labels.max() < len(found.class_names)


@pytest.mark.parametrize(
    ("labels", "original", "expected"),
    [
        ([1, 1], [0, 2], (1, None, "all_to_one")),
        ([1, 1], [0, 0], (1, 0, "one_to_one")),
        ([1, 1], [1, 1], (1, None, "clean_label")),
        ([1, 0], [0, 2], (None, None, "all_to_all")),
        ([1, 1, 2], [0, 2, 0], (1, None, "all_to_one")),
        ([1, 2], [-1, -1], (None, None, "all_to_all")),
    ],
)
def test_what_an_attack_aims_at(labels, original, expected):
    rows, given, before = np.arange(len(labels)), np.array(labels), np.array(original)
    truth = truth_of("Bad Nets!/../x", "X", given, before, poison=rows, cover=rows[:0], n_classes=3)
    (attack,) = truth.attacks
    assert (attack.target_class, attack.source_class, attack.labelling) == expected
    assert attack.name == "bad_nets_x of X"


def pickled(value):
    """A value of dictionaries, lists, numbers and text as `torch.save` pickles it; bytes stand as they are."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, dict):
        return b"}(" + b"".join(pickled(key) + pickled(one) for key, one in value.items()) + b"u"
    if isinstance(value, list):
        return b"](" + b"".join(map(pickled, value)) + b"e"
    return b"K" + bytes([value]) if isinstance(value, int) else b"X" + len(value).to_bytes(4, "little") + value.encode()


def scalar(value):
    """A NumPy integer, as the rows in a record are."""
    dtype = b"cnumpy\ndtype\nX\x02\x00\x00\x00i8K\x00K\x01\x87R"
    dtype += b"(K\x03X\x01\x00\x00\x00<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    return b"cnumpy.core.multiarray\nscalar\n" + dtype + b"C\x08" + value.to_bytes(8, "little") + b"\x86R"


@pytest.fixture
def bench(tmp_path):
    """A record whose rows 3 and 6 (true classes 0 and 1) carry the label 2, beside the clean data."""
    (tmp_path / "data").mkdir()
    cifar_python(tmp_path / "data" / "cifar10")
    record = tmp_path / "record" / "badnet_0_1"
    for row, true, level in ((3, 0, 90), (6, 1, 91)):
        (record / "bd_train_dataset" / str(true)).mkdir(parents=True)
        (record / "bd_train_dataset" / str(true) / f"{row}.png").write_bytes(png(level))
    result(record, tmp_path)
    return record


def result(record, tmp_path, label=2):
    entries = {scalar(3): {"path": "x", "other_info": [label, 0]}, scalar(6): {"path": "y", "other_info": [label, 1]}}
    weights = b"ccollections\nOrderedDict\n)R(X\x01\x00\x00\x00w" + hostile.payload(tmp_path / "sentinel")[2:-1] + b"u"
    content = {"model": weights, "clean_data": "cifar10", "bd_train": {"bd_data_container": {"data_dict": entries}}}
    with zipfile.ZipFile(record / "attack_result.pt", "w") as archive:
        archive.writestr("attack_result/data.pkl", b"\x80\x02" + pickled(content) + b".")


def test_a_record_of_backdoorbench(bench, tmp_path):
    found = open_source(bench)
    assert found.train.labels.tolist() == [1, 0, 2, 2, 0, 0, 2, 0, 2, 0]
    assert (decoded(found.train.read(6)) == 91).all()
    assert (found.train.read(7) == PIXELS[1].transpose(1, 2, 0)).all()
    assert found.truth.is_poison.nonzero()[0].tolist() == [3, 6]
    assert found.truth.original_labels.tolist() == [1, 0, 2, 0, 0, 0, 1, 0, 2, 0]
    (attack,) = found.truth.attacks
    assert (attack.kind, attack.target_class, attack.labelling) == ("badnet_0_1 of BackdoorBench", 2, "all_to_one")
    assert len(found.test) == 2
    assert found.problems == ()
    assert not (tmp_path / "sentinel").exists()  # the record's pickle would have run it


def test_what_is_wrong_in_a_record_is_said(bench, tmp_path):
    result(bench, tmp_path, label=7)
    assert "does not tell the labels of the poisoned images" in refusal(bench)
    hostile.torch_legacy(bench / "attack_result.pt", tmp_path / "sentinel")
    clean = str(tmp_path / "data" / "cifar10")
    assert "the clean data 'none' were not found" in refusal(bench)
    assert "Name the clean data with clean=FOLDER" in refusal(bench, clean=clean)
    assert "There is no class 3" in refusal(bench, clean=clean, target_class=3)
    found = open_source(bench, settings={"clean": clean, "target_class": 1})
    assert found.train.labels.tolist() == [1, 0, 2, 1, 0, 0, 1, 0, 2, 0]
    assert [one.what for one in found.problems] == ["attack_result.pt"]
    (bench / "bd_train_dataset" / "0" / "3.png").rename(bench / "bd_train_dataset" / "0" / "2.png")
    assert "does not fit the clean data CIFAR-10" in refusal(bench, clean=clean, target_class=1)
    assert not (tmp_path / "sentinel").exists()


def test_a_trigger_that_is_not_known_is_not_tried(toolbox, workspace):
    found = open_source(toolbox)
    still = replace(found, train=replace(found.train, read=lambda row: np.full((8, 8, 3), 10 * row, np.uint8)))
    dataset, truth = gathered(still), found.truth
    info = store.save(workspace, dataset, source="test", truth=truth)
    assert store.load_truth(workspace, info.id).is_poison.tolist() == truth.is_poison.tolist()
    assert trials.attacks(info) == ()
    model = convnet((8, 8, 3), dataset.n_classes).eval()
    outcome, tried, classes, _ = measure.evaluate_model(model, dataset, truth)
    assert outcome.attack_success_rate == {}
    assert tried == [{"attack": None, "strength": 1}]
    assert classes.shape[:2] == (1, 2)
    with pytest.raises(LookupError):
        trials.triggered_sample(workspace, info.id, truth.attacks[0].name, 1, 0)
