"""The recorder stands alone, survives a kill, and takes samples in any order from any number of processes."""

import ast
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from core import recorder
from core.data.recorded.recording import read_recording
from core.errors import UserError
from core.recorder import Recorder


def test_what_was_recorded_is_read_in_the_order_of_the_ids(tmp_path):
    with Recorder(tmp_path / "r", 4, ["cat", "dog"], ["a.png", "b.png", "c.png", "d.png"]) as one:
        one.record(1, [3, 1], [0.5, 0.25])
        one.record(0, np.array([0, 1, 2, 3]), [4.0, 3.0, 2.0, 1.0])
        one.record(1, [0, 2], np.float64([8.0, 9.0]))
        one.activations([2, 3, 0, 1], np.arange(12).reshape(4, 3))
        one.predictions([0, 1, 2, 3], [1, 0, 1, 0])
    found = read_recording(tmp_path / "r")
    assert found.losses.tolist() == [[4.0, 8.0], [3.0, 0.25], [2.0, 9.0], [1.0, 0.5]]
    assert found.activations[2].tolist() == [0.0, 1.0, 2.0]
    assert found.predictions.tolist() == [1, 0, 1, 0]
    assert (found.names[1], found.class_names) == ("b.png", ("cat", "dog"))


def test_a_later_word_counts_and_what_is_missing_is_not_a_number(tmp_path):
    with Recorder(tmp_path / "r", 2) as one:
        one.record(0, [0], [1.0])
    with Recorder(tmp_path / "r", 2) as again:  # the training went on from a checkpoint
        again.record(0, [0], [7.0])
        again.record(2, [1], [5.0])
    losses = read_recording(tmp_path / "r").losses
    assert losses[0, 0] == 7.0
    assert losses[1, 2] == 5.0
    assert np.isnan(losses).sum() == 4


def test_the_end_of_a_killed_process_is_passed_over(tmp_path):
    with Recorder(tmp_path / "r", 3) as one:
        one.record(0, [0, 1, 2], [1.0, 2.0, 3.0])
    (path,) = (tmp_path / "r").glob("*.losses.bin")
    path.write_bytes(path.read_bytes()[:-5])
    losses = read_recording(tmp_path / "r").losses
    assert losses[:2, 0].tolist() == [1.0, 2.0]
    assert np.isnan(losses[2, 0])


LOOP = """
import sys, time
sys.path.insert(0, {folder!r})
import recorder
assert "core" not in sys.modules and "torch" not in sys.modules
one = recorder.Recorder({to!r}, 1000)
for epoch in range(10_000):
    one.record(epoch, [{row}], [float(epoch)])
    time.sleep(0.001)
"""


def test_copied_beside_a_script_it_works_alone_in_several_processes_and_nothing_is_lost_by_a_kill(tmp_path):
    shutil.copy(Path(recorder.__file__), tmp_path / "recorder.py")
    to = tmp_path / "r"
    started = [
        subprocess.Popen([sys.executable, "-c", LOOP.format(folder=str(tmp_path), to=str(to), row=row)])
        for row in range(2)
    ]
    while len(list(to.glob("*.losses.bin"))) < 2 or min(path.stat().st_size for path in to.glob("*.bin")) < 160:
        time.sleep(0.01)
    for process in started:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    losses = read_recording(to).losses
    for row in range(2):
        known = losses[row][np.isfinite(losses[row])]
        assert len(known) >= 10
        assert known.tolist() == list(range(len(known)))


def test_it_imports_numpy_and_the_standard_library_alone():
    tree = ast.parse(Path(recorder.__file__).read_text())
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in names} - set(sys.stdlib_module_names) == {"numpy"}


def test_an_epoch_of_50_000_samples_takes_a_blink(tmp_path):
    losses, ids = np.random.default_rng(0).random(50_000), np.random.default_rng(1).permutation(50_000)
    with Recorder(tmp_path / "r", 50_000) as one:
        began = time.perf_counter()
        for start in range(0, 50_000, 128):
            one.record(0, ids[start : start + 128], losses[start : start + 128])
        seconds = time.perf_counter() - began
    assert seconds < 0.5  # an epoch of the smallest network takes tens of seconds on such a machine


def test_tensors_are_taken_as_they_are(tmp_path):
    torch = pytest.importorskip("torch")
    with Recorder(tmp_path / "r", 2) as one:
        one.record(0, torch.tensor([1, 0]), torch.tensor([1.0, 2.0], requires_grad=True))
        one.activations(torch.tensor([0, 1]), torch.ones(2, 3, dtype=torch.bfloat16))
    assert read_recording(tmp_path / "r").losses[:, 0].tolist() == [2.0, 1.0]


def test_mistakes_are_said_where_they_are_made(tmp_path):
    one = Recorder(tmp_path / "r", 3, ["a", "b"])
    with pytest.raises(ValueError, match="Ids run from 0 to 2; here are 1 to 3"):
        one.record(0, [1, 3], [0.0, 0.0])
    with pytest.raises(ValueError, match="2 ids for 3 samples"):
        one.record(0, [1, 2], [0.0, 0.0, 0.0])
    with pytest.raises(ValueError, match="recording of other data"):
        Recorder(tmp_path / "r", 4, ["a", "b"])


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("recording.json", "{", "no JSON"),
        ("recording.json", '{"format": "assay-recording", "version": 2, "n": 3}', "version"),
        ("recording.json", '{"format": "assay-recording", "version": 1, "n": 99999999999}', "no recording"),
        ("names.json", '["a"]', "1 names for 3"),
        ("names.json", '{"a": 1}', "no list of texts"),
        ("00000000000000000001-1-abcd.losses.bin", "\xff" * 16, "names samples beyond"),
        ("00000000000000000001-1-abcd.activations-999999.bin", "\x00" * 16, ""),
    ],
)
def test_a_folder_that_no_recorder_wrote_is_refused_in_words(tmp_path, name, content, words):
    Recorder(tmp_path, 3).record(0, [0, 1, 2], [1.0, 1.0, 1.0])
    (tmp_path / name).write_text(content, encoding="latin-1")
    if not words:  # half a record is nothing
        assert read_recording(tmp_path).losses.shape == (3, 1)
        return
    with pytest.raises(UserError, match=words):
        read_recording(tmp_path)


def test_an_epoch_out_of_all_bounds_takes_no_memory(tmp_path):
    Recorder(tmp_path, 3).record(2**31 - 2, [0], [1.0])
    with pytest.raises(UserError, match="At most 10,000"):
        read_recording(tmp_path)
