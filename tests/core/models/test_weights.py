"""Weights are read from files of any kind; what could run code never does; differences are said in words."""

import io
import os
import subprocess
import sys
import tarfile
import zipfile

import numpy as np
import pytest
import torch
import torchvision
from safetensors.torch import save_file
from torch import nn

from benchmarks.hostile import pickles
from core.errors import UserError
from core.models.catalogue import signatures
from core.models.fit import fitting, has_fresh_head, take_weights
from core.models.signatures import signature
from core.models.weight_files import MOST_BYTES
from core.models.weights import read_weights
from core.pickle_bounds import require_modest
from tests.core import hostile
from tests.sources import ROOT


def network(k=3, hidden=4):
    return nn.Sequential(nn.Conv2d(1, hidden, 3), nn.BatchNorm2d(hidden), nn.Flatten(), nn.Linear(hidden, k))


STATE = network().state_dict()


def equal(found, expected=None):
    expected = STATE if expected is None else expected
    return found.keys() == expected.keys() and all(
        torch.equal(found[key], expected[key].float().to(found[key].dtype)) for key in expected
    )


def saved(path, content, **options):
    torch.save(content, path, **options)
    return path


@pytest.mark.parametrize(
    "content",
    [
        STATE,
        {"state_dict": STATE, "epoch": 3},
        {"model": STATE, "optimizer": {"lr": 0.1}},
        {"model_state_dict": {f"module.{name}": value for name, value in STATE.items()}},
        {"net": {f"_orig_mod.module.{name}": value for name, value in STATE.items()}},
        {"epoch": 1, "checkpoint": 2, "model": {"state_dict": STATE}},
    ],
    ids=["plain", "state_dict", "model", "parallel", "compiled", "nested"],
)
@pytest.mark.parametrize("zipped", [True, False])
def test_a_state_dict_is_found_wherever_it_lies(tmp_path, content, zipped):
    path = saved(tmp_path / "a.pth", content, _use_new_zipfile_serialization=zipped)
    assert equal(read_weights(path)[0])


def test_safetensors_by_content_whatever_its_name_is(tmp_path):
    save_file({f"model.{name}": value for name, value in STATE.items()}, tmp_path / "weights.bin")
    assert equal(read_weights(tmp_path / "weights.bin")[0])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_other_floats_become_float32(tmp_path, dtype):
    state = {"a": torch.tensor([1.5, -2.0], dtype=dtype), "n": torch.tensor(7)}
    found, _ = read_weights(saved(tmp_path / "a.pt", state))
    assert found["a"].dtype == torch.float32
    assert found["a"].tolist() == [1.5, -2.0]
    assert (found["n"].dtype, int(found["n"])) == (torch.int64, 7)


def test_a_prefix_that_not_all_share_stays(tmp_path):
    state = {"model.a": torch.zeros(1), "head": torch.zeros(1)}
    assert read_weights(saved(tmp_path / "a.pt", state))[0].keys() == {"model.a", "head"}


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (hostile.plain, "it is a pickle. A pickle can run any code when it is opened."),
        (hostile.plain_text, "it is of no kind that is known here"),
        (hostile.joblib_like, "it is a pickle"),
        (hostile.torch_zip, "it is a pickle that wants to call posix.system"),
        (hostile.torch_zip_script, "it is a TorchScript archive. It holds code that would be run."),
        (hostile.torch_legacy, "it is a pickle that wants to call posix.system"),
        (hostile.torch_tar, "it is a .tar file. torch's old .tar format is read by an unsafe unpickler."),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
@pytest.mark.parametrize("ending", [".pt", ".safetensors", ".onnx"])
def test_nothing_in_a_hostile_file_is_executed(tmp_path, make, words, ending):
    sentinel = tmp_path / "sentinel"
    path = make(tmp_path / f"model{ending}", sentinel)
    with pytest.raises(UserError) as caught:
        read_weights(path)
    assert not sentinel.exists()
    if ending == ".pt":
        assert words in str(caught.value)
        assert "state_dict()" in caught.value.hint
    assert "Traceback" not in str(caught.value)


def test_the_sentinel_would_tell(tmp_path):
    """The payload does what it says where somebody does unpickle it: in a process of its own, here on purpose."""
    sentinel = tmp_path / "sentinel"
    path = hostile.plain(tmp_path / "a.pkl", sentinel)
    subprocess.run(["python3", "-c", f"import pickle; pickle.load(open({str(path)!r}, 'rb'))"], check=True)
    assert sentinel.exists()


def test_a_whole_module_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"wants to call torch\.nn\.modules\.\w+\.\w+.*save its weights alone"):
        read_weights(saved(tmp_path / "whole.pt", network()))


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"archive/archive_format": b"pt2", "archive/models/model.json": b"{}"}, "an exported program (.pt2)"),
        ({"serialized_exported_program.json": b"{}"}, "an exported program (.pt2)"),
        ({"x_train.npy": b"..."}, "a NumPy archive, so data and no model"),
        ({"readme.txt": b"hello"}, "some ZIP archive"),
    ],
)
def test_other_archives_are_called_what_they_are(tmp_path, members, words):
    path = tmp_path / "model.pt"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(UserError) as caught:
        read_weights(path)
    assert f"it is {words}." in caught.value.title


def test_a_compressed_archive_may_be_a_bomb(tmp_path):
    whole = saved(tmp_path / "a.pt", STATE)
    packed = tmp_path / "b.pt"
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(name, source.read(name))
    with pytest.raises(UserError, match="may be a decompression bomb"):
        read_weights(packed)


@pytest.mark.parametrize("cut", [10, 200, -100])
@pytest.mark.parametrize("kind", ["safetensors", "torch", "legacy"])
def test_a_truncated_file_is_said_to_be_one(tmp_path, kind, cut):
    path = tmp_path / "a"
    if kind == "safetensors":
        save_file(dict(STATE), path)
    else:
        saved(path, STATE, _use_new_zipfile_serialization=kind == "torch")
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(UserError):
        read_weights(path)


@pytest.mark.parametrize("seed", range(20))
def test_any_bytes_are_refused_in_words(tmp_path, seed):
    rng = np.random.default_rng(seed)
    heads = (b"", b"PK\x03\x04", b"\x80\x02", bytes([40, 0, 0, 0, 0, 0, 0, 0]) + b"{", b"x\x9c")
    path = tmp_path / "a.pt"
    path.write_bytes(heads[seed % len(heads)] + rng.bytes(int(rng.integers(1, 2000))))
    with pytest.raises(UserError):
        read_weights(path)


def test_what_is_no_number_is_counted(tmp_path):
    state = {"good": torch.ones(2), "bad": torch.tensor([1.0, float("nan"), float("inf")])}
    with pytest.raises(UserError, match=r"2 values in 1 tensors are no numbers \(NaN or infinite\), first in bad"):
        read_weights(saved(tmp_path / "a.pt", state))


def test_a_tensor_that_only_looks_small_is_not_blown_up(tmp_path):
    spread = torch.zeros(1).expand(MOST_BYTES)  # one number in the file, 16 GiB in float32
    with pytest.raises(UserError, match="more than 4,294,967,296 bytes of memory"):
        read_weights(saved(tmp_path / "a.pt", {"a": spread, "b": torch.zeros(1)}))


def test_no_weights_no_file_and_nothing_in_it(tmp_path):
    with pytest.raises(UserError, match=r"holds no weights.*It holds: epoch, lr"):
        read_weights(saved(tmp_path / "a.pt", {"epoch": 1, "lr": 0.1}))
    with pytest.raises(UserError, match="There is no file"):
        read_weights(tmp_path / "none.pt")
    (tmp_path / "empty.pt").touch()
    with pytest.raises(UserError, match="holds 0 bytes"):
        read_weights(tmp_path / "empty.pt")
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        archive.addfile(tarfile.TarInfo("x"), io.BytesIO())
    with pytest.raises(UserError, match=r"it is a \.tar file"):
        read_weights(tmp_path / "a.tar")


def test_all_that_fits_is_taken():
    target = network()
    assert take_weights(target, STATE, 3, "mine") == []
    assert equal(target.state_dict())


@pytest.mark.parametrize("headless", [False, True])
def test_a_head_for_other_classes_stays_fresh_and_this_is_said(headless):
    weights = {name: value for name, value in network(k=7).state_dict().items() if not headless or name[0] != "3"}
    target = network()
    fresh = target[3].weight.clone()
    (note,) = take_weights(target, weights, 3, "mine")
    words = "The file has no head" if headless else "The file's head is for 7 classes, this data set has 3"
    assert note.startswith(words)
    assert torch.equal(target[3].weight, fresh)
    assert torch.equal(target[0].weight, weights["0.weight"])


def behind(prefix, state=STATE):
    return {f"{prefix}{name}": value for name, value in state.items()}


OTHER = {name: value + 1 if value.is_floating_point() else value for name, value in STATE.items()}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"state_dict": {**behind("model."), "criterion.weight": torch.ones(3)}}, "criterion.weight"),
        ({"state_dict": {**behind("model."), "acc.confmat": torch.zeros(3, 3)}}, "acc.confmat"),
        ({"epoch": torch.tensor(3), "best_acc1": torch.tensor(71.0), "state_dict": STATE}, "the top"),
        ({"model": STATE, "trigger": torch.zeros(3, 8, 8), "mask": torch.zeros(1, 8, 8)}, "the top"),
        ({**STATE, "total_ops": torch.zeros(1), "total_params": torch.zeros(1)}, "total_ops, total_params"),
        ({"state_dict_ema": STATE}, ""),
        ({"model_ema": OTHER, "model": STATE}, "model_ema"),
        ({"a": {"b": behind("student.module.") | behind("teacher.module.", OTHER)}}, "teacher.module.0.weight"),
    ],
)
def test_the_weights_are_found_by_names_and_shapes_and_the_rest_is_said(tmp_path, content, words):
    target = network()
    weights, notes = read_weights(saved(tmp_path / "a.pth", content), target.state_dict())
    notes += take_weights(target, weights, 3, "mine")
    assert equal(target.state_dict())
    assert words in " ".join(notes)
    assert bool(words) == bool(notes)
    assert not has_fresh_head(notes)


def test_a_head_in_a_sequential(tmp_path):
    tuned = torchvision.models.resnet18(num_classes=3)
    tuned.fc = nn.Sequential(nn.Dropout(0.5), nn.Linear(512, 3))
    target = torchvision.models.resnet18(num_classes=3)
    notes = take_weights(target, tuned.state_dict(), 3, "torchvision:resnet18")
    assert notes == ["The head fc is the layer fc.1 of the file."]
    assert torch.equal(target.fc.weight, tuned.fc[1].weight)
    tuned.fc = nn.Sequential(nn.Linear(512, 64), nn.ReLU(), nn.Linear(64, 3))
    notes = take_weights(torchvision.models.resnet18(num_classes=3), tuned.state_dict(), 3, "torchvision:resnet18")
    assert has_fresh_head(notes)
    assert "fc.0.weight" in notes[1]


def test_two_heads_for_other_classes_and_one_head_too_many():
    class Two(nn.Module):
        def __init__(self, k, extra=True):
            super().__init__()
            self.body, self.head = nn.Linear(50, 20), nn.Linear(20, k)
            if extra:
                self.second = nn.Linear(20, k)

    (note,) = take_weights(Two(3), Two(7).state_dict(), 3, "mine")
    assert "head and second is fresh and untrained" in note
    (note,) = take_weights(Two(3, extra=False), Two(3).state_dict(), 3, "mine")
    assert note == "Ignored, as the architecture has no place for them: second.weight, second.bias."


def test_mnasnet_is_not_taken_for_its_own_first_version():
    saved_ = torchvision.models.mnasnet0_5(num_classes=3)
    target = torchvision.models.mnasnet0_5(num_classes=3)
    assert take_weights(target, dict(saved_.state_dict()), 3, "torchvision:mnasnet0_5") == []
    assert target.layers[0].weight.shape == saved_.layers[0].weight.shape
    assert equal(target.state_dict(), saved_.state_dict())


def test_a_deeper_network_is_not_taken_for_a_shallower_one():
    deeper = torchvision.models.resnet34(num_classes=3).state_dict()
    with pytest.raises(UserError, match=r"They fit torchvision:resnet34"):
        take_weights(torchvision.models.resnet18(num_classes=3), deeper, 3, "torchvision:resnet18")


def test_a_difference_is_said_group_by_group():
    weights = {name: value for name, value in network(hidden=5).state_dict().items() if not name.startswith("1.b")}
    weights["extra.weight"] = torch.zeros(1)
    with pytest.raises(UserError) as caught:
        take_weights(network(), weights, 3, "mine")
    assert caught.value.title == "These weights do not fit mine."
    assert caught.value.detail == (
        "missing: 1 (first: 1.bias); not known here: 1 (first: extra.weight); "
        "other shape: 6 (first: 0.weight (5, 1, 3, 3) in the file, (4, 1, 3, 3) here)."
    )


def suggestion(weights, name):
    with pytest.raises(UserError) as caught:
        take_weights(network(), weights, 3, name)
    return caught.value.hint


def test_the_architecture_that_would_fit_is_named():
    with torch.device("meta"):
        weights = torchvision.models.resnet34(num_classes=5).state_dict()
    assert fitting(weights)[0] == "torchvision:resnet34"
    assert "torchvision:resnet34" not in suggestion(weights, "torchvision:resnet34")
    with pytest.raises(UserError, match=r"They fit torchvision:resnet34.*: choose that"):
        take_weights(network(), weights, 3, "mine")


def test_a_signature_is_of_names_and_shapes_without_the_head():
    one = {"a": (2, 3), "head.weight": (10, 3), "n.num_batches_tracked": ()}
    other = {"head.weight": (4, 3), "a": (2, 3)}
    assert signature(one.items(), ["head"]) == signature(other.items(), ["head"])
    assert signature(one.items(), ["head"]) != signature({"a": (3, 2)}.items(), ["head"])
    assert signature(one.items(), []) != signature(other.items(), [])
    assert ["timm:test_resnet"] in [names for marks in signatures().values() for names in marks.values()]


def test_a_damaged_pickle_before_one_that_never_ends_does_not_let_it_through(tmp_path):
    path = pickles.legacy_doubling(tmp_path / "w")
    content = path.read_bytes()
    damage = content.index(b"\x80\x02M\xe9\x03.")  # the version that torch's old format begins with
    path.write_bytes(content[:damage] + b"\x80\x020M\xe9\x03." + content[damage + 6 :])
    with pytest.raises(UserError, match=r"cannot be read\. It is damaged"):
        require_modest(path)


def test_quantised_weights_are_refused_since_their_scale_is_missing(tmp_path):
    state = {name: value.to(torch.int8) for name, value in STATE.items()}
    weights, _ = read_weights(saved(tmp_path / "a.pth", state))
    with pytest.raises(UserError, match="they are quantised, their scale is missing"):
        take_weights(network(), weights, 3, "ours")


def test_without_onnx_everything_else_works_and_a_graph_says_what_to_install(tmp_path):
    (tmp_path / "graph.onnx").write_bytes(b"\x08\x09")
    lines = (
        "import sys",
        "from pathlib import Path",
        "sys.modules |= dict.fromkeys(('onnx', 'onnxruntime'))",
        "import core.stages.worker, core.commands.training",
        "from core.errors import UserError",
        "from core.models.weight_files import kind_of",
        "try: kind_of(Path('graph.onnx'))",
        "except UserError as error: print(error.title, error.detail, error.hint)",
    )
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Not installed: onnx, onnxruntime." in done.stdout
    assert "extra `onnx`" in done.stdout
