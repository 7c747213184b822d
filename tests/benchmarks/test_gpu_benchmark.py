"""The benchmark of a GPU runs whole on a CPU at tiny sizes, without what such a machine may lack."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.gpu import SMALL, arguments, main
from benchmarks.gpu_data import pack
from benchmarks.on_gpu.measuring import HEAD
from benchmarks.parts.packed import packed, unpacked
from tests.sources import ROOT

# What a machine with a card may lack; core imports it only where it is asked for.
ABSENT = (
    *("streamlit", "timm", "sqlalchemy", "alembic", "umap", "plotly", "onnx", "onnxruntime", "typer", "rich"),
    *("accelerate", "cleanlab", "authlib", "jinja2", "pyarrow", "psycopg", "safetensors"),
)


def cells(line):
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_every_row_is_there_and_the_device_says_what_the_cpu_says():
    lines = list(main(arguments().parse_args(["--small"])))
    rows = {cells(line)[0]: cells(line)[1:] for line in lines[3:-2]}
    assert lines[2] == HEAD
    for network in ("small ResNet, 16 px", "ResNet-18, 16 px", "ResNet-50, 16 px", "ResNet-50, 72 px"):
        for measured in ("training", "training with tracing", "evaluation, upload included", "activations to a file"):
            assert rows[f"{network}: {measured}"][0].endswith("images/s")
    equal = [row for name, row in rows.items() if name.startswith("equality")]
    assert len(equal) >= 11
    assert {row[2] for row in equal} == {"equal"}
    assert {row[0] for row in equal} == {"0"}  # the CPU beside itself
    for detector in ("BaDLoss", "Consensus", "SPECTRE", "Activation Clustering"):
        assert rows[f"{detector}, 600 × 32"][0].endswith(" s")
    assert any(name.startswith("Cognitive Distillation") for name in rows)


def test_the_papers_setting_goes_from_planting_to_training_again():
    lines = list(main(arguments().parse_args(["--small", "--paper"])))
    rows = [cells(line) for line in lines[3:-2]]
    assert len(rows) == 7
    assert all("mean attack success rate" in row[1] for row in (rows[1], *rows[4:]))
    assert rows[5][2] == "7.98 % (the paper)"


def test_a_hundredth_of_imagenet_is_trained_on_from_a_file(tmp_path):
    lines = list(main(arguments().parse_args(["--small", "--scale", str(tmp_path)])))
    rows = [cells(line) for line in lines[3:-2]]
    assert [row[0].startswith("24 images of 224 px") for row in rows[:3]] == [True] * 3
    assert len(rows) >= 12
    assert all(row[1].endswith("images/s") for row in rows)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_begun_when_the_time_is_spent():
    one_network = replace(SMALL, cases=SMALL.cases[:1])
    lines = list(main(arguments().parse_args(["--small", "--minutes", "0"]), one_network))
    assert any("not run: about" in line for line in lines)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_packed_data_set_is_read_as_it_was(tmp_path, channels):
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (70, 4, 4, channels)).astype(np.uint8)
    images = np.kron(coarse, np.ones((1, 8, 8, 1), np.uint8)).reshape(70, 32, 32, *([channels] if channels > 1 else []))
    labels = np.arange(70) % 7
    np.savez(tmp_path / "some.npz", x_train=images[:50], y_train=labels[:50], x_test=images[50:], y_test=labels[50:])
    words = pack(tmp_path, "some", tmp_path / "packed.npz")
    found = unpacked(tmp_path / "packed.npz")
    assert "50 + 20 images of some" in words
    for inputs, expected in ((found.inputs, images[:50]), (found.test_inputs, images[50:])):
        gap = np.abs(inputs[:].reshape(expected.shape).astype(int) - expected).mean()
        assert gap <= (0 if channels == 1 else 6)
    assert found.labels.tolist() == labels[:50].tolist()
    assert (found.n_classes, found.labels.dtype) == (7, np.int64)


def test_the_best_quality_that_fits_is_taken_and_what_does_not_fit_is_said():
    noise = np.random.default_rng(0).integers(0, 256, (40, 32, 32, 3)).astype(np.uint8)
    arrays = {"x_train": noise, "x_test": noise, "y_train": np.zeros(40, int), "y_test": np.zeros(40, int)}
    best, words = packed(arrays, 10**7)
    fitting, other = packed(arrays, len(best) - 1)
    assert (words[:15], other[:15]) == ("JPEG quality 97", "JPEG quality 96")
    assert len(fitting) < len(best)
    for some in (arrays, {**arrays, "x_train": noise[..., 0], "x_test": noise[..., 0]}):
        with pytest.raises(ValueError, match="the images have"):
            packed(some, 1000)


def test_it_starts_and_all_it_calls_is_there_without_what_such_a_machine_lacks():
    """The functions behind each row are imported, and the detectors that ask no absent package loaded."""
    names = ", ".join(f"{name!r}: None" for name in ABSENT)
    command = (
        f"import sys; sys.modules |= {{{names}}}; import benchmarks.gpu, benchmarks.gpu_data; "
        "from core.detectors import DETECTORS; from benchmarks.on_gpu.plain import Case; "
        "[entry.load() for name, entry in DETECTORS.items() if name != 'confident_learning']; "
        "import core.detectors.networks.masks, core.detectors.networks.frequency_cnn; "
        "import core.detectors.networks.overlays; import core.attacks.triggers.surrogate; "
        "[Case('', name, 32, 2).network() for name in ('small_resnet', 'resnet18', 'resnet50')]; "
        "from core.training.config import TrainConfig; from core.training.loop import build_model; "
        "build_model(TrainConfig('torchvision:resnet18'), (64, 64, 3), 10)"
    )
    done = subprocess.run([sys.executable, "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_scripts_say_what_they_take():
    for module in ("benchmarks.gpu", "benchmarks.gpu_data"):
        command = [sys.executable, "-m", module, "--help"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert "--data" in done.stdout
