"""ImageNet at a hundredth: every step has a command, the files differ, and the first step runs."""

from itertools import islice

import numpy as np
from PIL import Image

from benchmarks.hundredth import generate, hundredth_lines, steps


def test_poisoned_files_lie_in_the_first_class_and_no_bona_fide_one_is_among_them(tmp_path):
    trusted = generate(tmp_path, 200, 24, 2)
    files = sorted(tmp_path.rglob("*.jpeg"))
    assert len(files) == len({path.read_bytes() for path in files}) == 200
    marked = {path for path in files if np.asarray(Image.open(path))[-2:, -2:].min() > 230}
    assert 1 <= len(marked) < 20
    assert {path.parent.name for path in marked} == {"class 0"}
    assert trusted
    assert all((tmp_path / name).exists() and tmp_path / name not in marked for name in trusted)


def test_the_steps_are_commands_from_files_to_a_repair(tmp_path):
    commands = [step.arguments[0] for step in steps(tmp_path, 200, 1)]
    assert commands == ["import", "train", "detect", "detect", "detect", "threshold", "decide", "verdict", "repair"]
    assert steps(tmp_path, 200, 1)[5].arguments[-1] == "4"  # 2 % of 200


def test_a_step_has_its_seconds_and_its_peak():
    [line] = islice(hundredth_lines(200, 1, 16, 2), 1)
    title, processor, each, megabytes = (cell.strip() for cell in line.split("|")[1:-1])
    assert title == "import"
    assert 0 <= float(processor) < 60
    assert float(each) > 0
    assert 20 < float(megabytes.replace(",", "")) < 4096
