"""What is stored comes back as it was, or not at all."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from core import checksums
from core.attacks.plant import plant
from core.attacks.specification import AttackSpec, Specification, read_specification
from core.data import store
from core.data.store import fingerprints
from core.errors import UserError

ARRAYS = ("ids", "labels", "test_labels", "bona_fide")


@pytest.mark.parametrize("n_test", [40, 0])
def test_a_data_set_comes_back_as_it_was(workspace, make_dataset, n_test):
    dataset = make_dataset(50, n_test=n_test, channels=3, name="My Flowers!")
    info = store.save(workspace, dataset, source="here")
    opened = store.load(workspace, info.id)
    for name in ARRAYS:
        assert np.array_equal(getattr(opened, name), getattr(dataset, name)), name
        assert getattr(opened, name).dtype == getattr(dataset, name).dtype
    for name in ("inputs", "test_inputs"):
        assert np.array_equal(getattr(opened, name)[:], getattr(dataset, name)[:]), name
    assert (opened.name, opened.class_names, opened.shape) == ("My Flowers!", dataset.class_names, (16, 16, 3))
    assert store.load_truth(workspace, info.id) is None
    assert info == store.describe(workspace, info.id)
    assert info.id.startswith("my-flowers-")
    assert (info.n, info.n_test, info.n_bona_fide) == (50, n_test, 0)


def test_images_are_mapped_not_read(workspace, make_dataset):
    opened = store.load(workspace, store.save(workspace, make_dataset(), source="").id)
    assert isinstance(opened.inputs.array, np.memmap)
    assert not opened.inputs.array.flags.writeable


def test_the_truth_comes_back_as_it_was(workspace, make_dataset):
    asked = Specification((AttackSpec("patch", 0.1, 2), AttackSpec("wanet", 0.05), AttackSpec("narcissus", 0.1)))
    pattern = np.full((16, 16, 1), 0.05, np.float32)
    poisoned, truth = plant(make_dataset(100), asked, patterns={"narcissus": pattern})
    info = store.save(workspace, poisoned, source="", truth=truth, specification=asked.as_dict())
    assert read_specification(store.describe(workspace, info.id).specification) == asked
    opened = store.load_truth(workspace, info.id)
    assert opened.attacks == truth.attacks
    assert opened.is_cover.sum() == 10
    for name in ("is_poison", "attack_index", "original_labels", "is_cover"):
        assert np.array_equal(getattr(opened, name), getattr(truth, name)), name
    assert opened.patterns.keys() == {"narcissus"}
    assert np.array_equal(opened.patterns["narcissus"], pattern)


def test_the_truth_of_a_data_set_of_before_there_were_cover_samples(workspace, make_dataset):
    poisoned, truth = plant(make_dataset(100), Specification((AttackSpec("patch", 0.1, 2),)))
    info = store.save(workspace, poisoned, source="", truth=truth)
    folder = workspace / "datasets" / info.id
    checksums.forget(folder, "truth-is_cover.npy", "dataset.json")
    (folder / "truth-is_cover.npy").unlink()
    content = json.loads((folder / "dataset.json").read_text())
    del content["specification"]
    for name in ("labelling", "source_class", "n_cover"):
        del content["attacks"][0][name]
    (folder / "dataset.json").write_text(json.dumps(content))
    opened = store.load_truth(workspace, info.id)
    assert opened.attacks == truth.attacks
    assert not opened.is_cover.any()


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("images", (17, 3, 3, 0)),
        ("test_images", (0, 0, 0, 0)),
        ("labels", 5),
        ("ids", 0),
        ("test_labels", 1),
    ],
)
def test_a_change_on_disk_is_noticed(workspace, make_dataset, name, place):
    info = store.save(workspace, make_dataset(), source="")
    path = workspace / "datasets" / info.id / f"{name}.npy"
    array = np.load(path)
    array[place] += 1
    np.save(path, array)
    with pytest.raises(UserError, match="was changed on disk"):
        store.load(workspace, info.id)
    (path.parent / checksums.FILE).unlink()  # the fingerprint alone tells it, too
    with pytest.raises(UserError, match=r"was changed on disk .* Its fingerprint differs"):
        store.load(workspace, info.id)


def test_the_fingerprint_covers_bona_fide_samples_the_test_set_and_the_names_of_classes(workspace, make_dataset):
    plain, other = make_dataset(30), make_dataset(30, seed=1)
    variants = [
        plain,
        replace(plain, bona_fide=~plain.bona_fide),
        replace(plain, test_inputs=other.test_inputs),
        replace(plain, test_labels=plain.test_labels[::-1].copy()),
        replace(plain, class_names=("a", *plain.class_names[1:])),
        replace(plain, ids=plain.ids + 1),
        replace(plain, labels=plain.labels[::-1].copy()),
    ]
    found = [store.save(workspace, one, source="").fingerprint for one in variants]
    assert len(set(found)) == len(variants)
    assert store.save(workspace, plain, source="").fingerprint == found[0]


@pytest.mark.parametrize("file", ["bona_fide.npy", "truth-is_poison.npy", "truth-is_cover.npy", "dataset.json"])
@pytest.mark.parametrize("damage", ["byte", "gone"])
def test_a_damaged_file_that_a_result_rests_on_is_named(workspace, make_dataset, file, damage):
    poisoned, truth = plant(make_dataset(100), Specification((AttackSpec("patch", 0.1, 2),)))
    info = store.save(workspace, poisoned, source="", truth=truth)
    path = workspace / "datasets" / info.id / file
    content = path.read_bytes()
    path.unlink()
    if damage == "byte":
        path.write_bytes(content.replace(b"patch", b"match") if file == "dataset.json" else content[:-9] + b"\xff" * 9)
    with pytest.raises(UserError, match=rf"({file}.*|There is no data set)"):
        store.load_truth(workspace, info.id), store.load(workspace, info.id)


def test_a_data_set_of_schema_1_opens_with_the_fingerprint_of_its_time(workspace, make_dataset):
    dataset = make_dataset(30)
    info = store.save(workspace, dataset, source="")
    folder = workspace / "datasets" / info.id
    (folder / checksums.FILE).unlink()
    old = asdict(info) | {"schema": 1, "fingerprint": fingerprints.sampled(dataset)}
    (folder / "dataset.json").write_text(json.dumps(old))
    assert store.load(workspace, info.id).class_names == dataset.class_names
    np.save(folder / "labels.npy", dataset.labels[::-1])
    with pytest.raises(UserError, match="was changed on disk"):
        store.load(workspace, info.id)


def test_a_file_that_is_gone_is_named(workspace, make_dataset):
    info = store.save(workspace, make_dataset(), source="")
    (workspace / "datasets" / info.id / "labels.npy").unlink()
    with pytest.raises(UserError, match=r"labels.npy of the data set .* is missing"):
        store.load(workspace, info.id)


def test_an_unknown_id_names_the_known_ones(workspace, make_dataset):
    with pytest.raises(UserError, match="Known: none yet"):
        store.load(workspace, "flowers")
    info = store.save(workspace, make_dataset(), source="")
    with pytest.raises(UserError, match=f"There is no data set 'flowers'. Known: {info.id}"):
        store.load(workspace, "flowers")


def test_an_id_cannot_leave_the_workspace(workspace, tmp_path, make_dataset):
    info = store.save(tmp_path / "other", make_dataset(), source="")
    store.save(workspace, make_dataset(seed=1), source="")
    path = f"../../other/datasets/{info.id}"
    assert (workspace / "datasets" / path / "dataset.json").exists()
    for wanted in (path, f"{info.id}/../x", "", "."):
        with pytest.raises(UserError, match="There is no data set"):
            store.describe(workspace, wanted)


def test_the_list_is_newest_first(workspace, make_dataset, monkeypatch):
    older = store.save(workspace, make_dataset(name="b"), source="")
    path = workspace / "datasets" / older.id / "dataset.json"
    checksums.forget(path.parent, path.name)
    path.write_text(path.read_text().replace(older.created, "2020-01-01T00:00:00+00:00"))
    newer = store.save(workspace, make_dataset(name="a"), source="")
    assert [info.id for info in store.describe_all(workspace)] == [newer.id, older.id]


def test_the_fingerprint_of_schema_1_sees_every_image_of_a_small_data_set(make_dataset):
    dataset = make_dataset(30)
    prints = {fingerprints.sampled(dataset)}
    for row in range(30):
        changed = make_dataset(30)
        changed.inputs.array[row, 0, 0, 0] ^= 1
        prints.add(fingerprints.sampled(changed))
    assert len(prints) == 31
