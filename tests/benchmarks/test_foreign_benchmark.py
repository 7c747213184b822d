"""Sets whose triggers share no code with the lab's: what is planted, and that a decision on them has a row."""

from pathlib import Path

import numpy as np
import pytest
import typer
from PIL import Image

from benchmarks.decisions import decisions_table, measured
from benchmarks.foreign.foreign import known
from benchmarks.foreign.sets import FOREIGN, SETS, foreign_set

SIZE = 1000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small stand-ins for the data that benchmarks are brought: a class is the row of a bright bar."""
    made = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    for name, colours in (("mnist", ()), ("fashion_mnist", ()), ("cifar10", (3,))):
        arrays = {}
        for part, n in (("train", 2000), ("test", 100)):
            labels = rng.integers(10, size=n)
            images = rng.integers(0, 60, (n, 32, 32, *colours)).astype(np.uint8)
            images[np.arange(n), 2 * labels] = 200
            arrays |= {f"x_{part}": images, f"y_{part}": labels}
        np.savez(made / f"{name}.npz", **arrays)
    for index in range(100):
        path = made / "traffic_signs" / f"kind-{index % 3}"
        path.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((48, 48, 4), (index, 255 - index, 9, 255), np.uint8)).save(path / f"{index}.png")
    return made


@pytest.mark.parametrize("name", FOREIGN)
def test_what_is_planted_is_what_is_said(name: str, folder: Path) -> None:
    what, data, percent = name.split("/")
    made, clean = foreign_set(name, folder, 3, SIZE), foreign_set(f"clean/{data}/0", folder, 3, SIZE)
    rows = np.flatnonzero(made.is_poison)
    assert made.dataset.inputs[:].dtype == np.uint8
    if made.kind == "clean data":
        assert not len(rows)
        assert np.array_equal(made.dataset.labels, clean.dataset.labels)
        return
    if what == "unequal":
        assert np.bincount(made.dataset.labels)[:2].min() > 3 * (made.dataset.labels == 8).sum()
        assert set(made.dataset.labels[rows]) == {9}
        return
    wanted = round(len(clean.dataset) * float(percent) / 100)
    assert abs(len(rows) - wanted) <= (0 if what != "part_of_a_class" else 1)
    assert (made.dataset.labels[rows] != clean.dataset.labels[rows]).all()
    rest = ~made.is_poison
    assert np.array_equal(made.dataset.labels[rest], clean.dataset.labels[rest])
    changed = (made.dataset.inputs[:] != clean.dataset.inputs[:]).any((1, 2, 3))
    covered = what in ("adaptive", "source_specific")
    if made.kind == "backdoor" and what != "part_of_a_class":
        assert changed[rows].all()
        assert changed[rest].sum() == len(rows) if covered else not changed[rest].any()
    else:
        assert not changed.any()
    for images, asked in made.tried:
        assert len(images) == len(asked) > 0


def test_a_set_is_the_same_for_the_same_seed_alone(folder: Path) -> None:
    one, same, other = (foreign_set("sticker/mnist/10", folder, seed) for seed in (1, 1, 2))
    assert np.array_equal(one.dataset.inputs[:], same.dataset.inputs[:])
    assert not np.array_equal(one.is_poison, other.is_poison)


def test_the_table_lists_sets_that_there_are_and_others_are_named(folder: Path) -> None:
    assert {name.split("/")[0] for name in FOREIGN} | {"corner"} <= set(SETS)
    with pytest.raises(typer.BadParameter, match="there are china, flower"):
        foreign_set("unheard/mnist/1", folder, 0)
    (empty := folder / "empty").mkdir()
    with pytest.raises(typer.BadParameter, match="no 100 drawings"):
        foreign_set("clean/signs-100/0", empty, 0)


def test_a_decision_has_a_row_with_easy_bona_fide_samples_and_with_none(folder: Path) -> None:
    names = ["corner/mnist/10"]
    rows = list(measured(names, lambda name, seed: known(name, folder, seed, 2, 120), [0], ["none", "250 easy"], None))
    assert [(row.regime, row.trust, row.kind, row.poison) for row in rows] == [
        ("corner/mnist/10", "none", "backdoor", 12),
        ("corner/mnist/10", "250 easy", "backdoor", 12),
    ]
    assert all(row.success is not None and 0 <= row.success <= 1 for row in rows)
    assert "| corner/mnist/10 | 250 easy |" in "\n".join(decisions_table(rows))
