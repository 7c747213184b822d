"""From a source into the store: what is kept, what is skipped, and that nothing half done is ever seen."""

import json
import os
import signal
import threading
import tracemalloc
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from core import checksums, pipeline
from core.__main__ import app
from core.commands.common import working
from core.data import store
from core.data.collection import Collection, Part, Problem, abridged, legible
from core.data.store import fingerprints
from core.data.store import write as writing
from core.data.store.sample_sizes import sample_sizes
from core.data.store.shapes import common_shape, proposed_shape
from core.data.store.unfinished import unfinished
from core.data.store.write import write
from core.errors import UserError
from core.modalities.image.inputs import ImageInputs
from core.runs import jobs
from core.types import GroundTruth, PlantedAttack
from tests.core.pictures import encoded, noise, plain, png_of_size

SHAPE = (8, 8, 1)


def part(contents, n_classes=2):
    """A split of images given as bytes, pixels, or a grey value; classes go round."""
    held = [plain(one) if isinstance(one, int) else one for one in contents]
    names = tuple(f"image {index}" for index in range(len(held)))
    return Part(names, np.arange(len(held)) % n_classes, lambda index: held[index])


def collection(contents, **more):
    return Collection("My Flowers!", ("aster", "rose"), part(contents), **more)


def greys(dataset):
    return dataset.inputs[:][:, 0, 0, 0].tolist()


def test_images_are_stored_in_their_order(workspace):
    given = collection(list(range(200)), test=part([7, noise(shape=(8, 8, 1)), 9]), about={"licence": "CC0"})
    info = write(workspace, given, shape=SHAPE, source="here")
    found = store.load(workspace, info.id)
    assert greys(found) == list(range(200))
    assert found.labels.tolist() == [index % 2 for index in range(200)]
    assert np.array_equal(found.test_inputs[1], noise(shape=(8, 8, 1)))
    assert (found.name, found.class_names, found.shape) == ("My Flowers!", ("aster", "rose"), SHAPE)
    assert (info.n, info.n_test, info.n_skipped, info.source) == (200, 3, 0, "here")
    assert info.about == {"licence": "CC0"}
    assert info == store.describe(workspace, info.id)
    assert info.id.startswith("my-flowers-")
    assert store.names(workspace, info.id)[:2] == ("image 0", "image 1")
    assert store.names(workspace, info.id, "test") == ("image 0", "image 1", "image 2")
    assert isinstance(found.inputs.array, np.memmap)


def test_what_is_streamed_is_what_is_saved_from_memory(workspace, make_dataset):
    dataset = make_dataset(300, channels=3)
    given = Collection(
        dataset.name,
        dataset.class_names,
        Part(tuple(map(str, range(300))), dataset.labels, lambda index: dataset.inputs[index]),
        Part(tuple(map(str, range(40))), dataset.test_labels, lambda index: dataset.test_inputs[index]),
    )
    streamed = write(workspace, given, shape=dataset.shape, source="")
    saved = store.save(workspace.parent / "other", dataset, source="")
    assert (streamed.id, streamed.fingerprint) == (saved.id, saved.fingerprint)
    for name in ("ids", "images", "labels", "test_images", "test_labels", "bona_fide"):
        one, other = (root / "datasets" / saved.id / f"{name}.npy" for root in (workspace, workspace.parent / "other"))
        assert one.read_bytes() == other.read_bytes(), name


def test_images_that_cannot_be_read_are_left_out_and_all_else_stays_aligned(workspace):
    def gone(index):
        raise FileNotFoundError(2, "No such file or directory")

    contents = [10, b"a text", 12, png_of_size(9000, 4000), plain(14)[:40], 15, 16]
    given = collection(contents, test=Part(("lost", "there"), np.array([0, 1]), lambda i: plain(3) if i else gone(i)))
    poison = np.array([0, 1, 1, 0, 0, 1, 0], bool)
    truth = GroundTruth(
        poison,
        np.where(poison, 0, -1),
        np.array([0, 0, 0, 1, 0, 0, 0]),
        (PlantedAttack("patch", "patch", 1, {}, 0, 3),),
        np.array([0, 0, 0, 1, 0, 0, 1], bool),
    )
    given = replace(given, truth=truth, problems=(Problem("link", "x", "It is a link."),))
    guaranteed = np.array([0, 1, 1, 1, 0, 0, 1], bool)
    info = write(workspace, given, shape=SHAPE, source="", bona_fide=guaranteed)
    found, known = store.load(workspace, info.id), store.load_truth(workspace, info.id)
    assert greys(found) == [10, 12, 15, 16]
    assert found.labels.tolist() == [0, 0, 1, 0]
    assert found.ids.tolist() == [0, 2, 5, 6]
    assert found.bona_fide.tolist() == [False, True, False, True]
    assert store.names(workspace, info.id) == ("image 0", "image 2", "image 5", "image 6")
    assert store.names(workspace, info.id, "test") == ("there",)
    assert known.is_poison.tolist() == [False, True, True, False]
    assert known.attack_index.tolist() == [-1, 0, 0, -1]
    assert known.original_labels.tolist() == [0, 0, 0, 0]
    assert known.is_cover.tolist() == [False, False, False, True]
    assert known.attacks[0].n_poisoned == 2
    assert info.n_skipped == 4
    problems = store.problems(workspace, info.id)
    assert [(one.kind, one.what) for one in problems] == [
        ("link", "x"),
        *[("unreadable", f"image {index}") for index in (1, 3, 4)],
        ("unreadable", "lost"),
        *[("bona fide", f"image {index}") for index in (1, 3)],
    ]
    assert "no image that can be read" in problems[1].detail
    assert "9,000 × 4,000 pixels" in problems[2].detail
    assert "No such file or directory" in problems[4].detail


@pytest.mark.parametrize("contents", [[b"x", b"y", b"z"], [1, b"y", 3], []])
def test_too_few_images_that_can_be_read(workspace, contents):
    with pytest.raises(UserError, match=r"can be read, of fewer than two classes"):
        write(workspace, collection(contents), shape=SHAPE, source="")
    assert store.describe_all(workspace) == []
    assert list((workspace / "datasets").iterdir()) == []


@pytest.mark.parametrize("when", ["early", "late"])
def test_who_cancels_leaves_nothing_behind(workspace, when):
    heard, threads = [], threading.active_count()

    def listen(fraction, words):
        heard.append(fraction)
        assert store.describe_all(workspace) == []
        if when == "early" or fraction >= 0.99:
            raise jobs.Cancelled

    given = collection(list(range(100)))
    with pytest.raises(jobs.Cancelled):
        write(workspace, given, shape=SHAPE, source="", listen=listen, chunk_images=4, pause_seconds=0.0)
    assert len(heard) == 1 if when == "early" else len(heard) == 25
    assert list((workspace / "datasets").iterdir()) == []
    assert threading.active_count() == threads


def test_progress_goes_up_to_the_end(workspace):
    heard = []
    given = collection(list(range(40)), test=part(list(range(10))))

    def listen(fraction, words):
        heard.append((round(fraction, 3), words))

    write(workspace, given, shape=SHAPE, source="", listen=listen, chunk_images=10, pause_seconds=0.0)
    assert heard[0] == (0.198, "10 of 50 samples")
    assert heard[-1] == (0.99, "50 of 50 samples")
    assert len(heard) == 5


def test_what_a_killed_worker_left_is_cleared_away_and_what_another_is_at_stays(workspace):
    datasets = workspace / "datasets"
    (datasets / ".unfinished-dead").mkdir(parents=True)
    (datasets / ".unfinished-dead" / "images.npy").write_bytes(b"half")
    with unfinished(datasets) as alive:
        write(workspace, collection([1, 2]), shape=SHAPE, source="")
        assert alive.exists()
    assert len(list(datasets.iterdir())) == 1


def test_the_same_data_again_are_another_version(workspace):
    truth = GroundTruth(
        np.array([True, False]),
        np.array([0, -1]),
        np.array([1, 1]),
        (PlantedAttack("patch", "patch", 1, {}, 0, 1),),
        np.zeros(2, bool),
    )
    first = write(workspace, collection([1, 2], truth=truth), shape=SHAPE, source="first")
    again = write(workspace, collection([1, 2], bona_fide=np.array([True, False])), shape=SHAPE, source="again")
    third = write(workspace, collection([1, 2]), shape=SHAPE, source="")
    assert (again.id, again.name) == (f"{first.id}-2", "My Flowers! (version 2)")
    assert (third.id, third.name) == (f"{first.id}-3", "My Flowers! (version 3)")
    assert store.describe(workspace, first.id).source == "first"
    assert store.load_truth(workspace, first.id) is not None
    assert store.load_truth(workspace, again.id) is None
    assert store.load(workspace, first.id).bona_fide.tolist() == [False, False]
    assert store.load(workspace, again.id).bona_fide.tolist() == [True, False]


def images(folder, greys):
    folder.mkdir(parents=True, exist_ok=True)
    for index, grey in enumerate(greys):
        (folder / f"{index}.png").write_bytes(plain(grey, 9))


def test_a_list_names_rows_of_the_source_whatever_is_left_out(workspace, tmp_path):
    images(tmp_path / "img", range(10, 34))
    labels = ["" if row < 2 else "abc"[row // 8] for row in range(24)]
    lines = [f"img/{row}.png,{label}" for row, label in enumerate(labels)]
    lines.insert(4, "img/4.png,b,one cell too many")
    (tmp_path / "t.csv").write_text("\n".join(["path,label", *lines]))
    (tmp_path / "img" / "7.png").write_text("no image")
    (tmp_path / "list.txt").write_text("\ufeff0\n3\n4\n8\n11\nimg/20.png\n")  # rows after the odd line count one more
    info = pipeline.import_dataset(workspace, tmp_path / "t.csv", bona_fide=tmp_path / "list.txt")
    dataset, names = store.load(workspace, info.id), np.array(store.names(workspace, info.id))
    assert names[dataset.bona_fide].tolist() == ["img/3.png", "img/10.png", "img/20.png"]
    assert dataset.ids[dataset.bona_fide].tolist() == [3, 11, 21]
    lost = [problem.what for problem in store.problems(workspace, info.id) if problem.kind == "bona fide"]
    assert lost == ["row 0: img/0.png", "row 4: line 6", "img/7.png"]
    for text, words in (("25", "do not exist"), ("img/99.png", "no sample's name"), ("", "is empty")):
        (tmp_path / "list.txt").write_text(text)
        with pytest.raises(UserError, match=words):
            pipeline.import_dataset(workspace, tmp_path / "t.csv", bona_fide=tmp_path / "list.txt")


def test_memory_does_not_grow_with_the_number_of_images(workspace):
    held = [encoded(noise(shape=(64, 64, 3)))] * 400  # 5 MB of pixels
    write(workspace, collection(held[:2]), shape=(64, 64, 3), source="")
    tracemalloc.start()
    write(workspace, collection(held), shape=(64, 64, 3), source="", chunk_bytes=2**16)
    assert tracemalloc.get_traced_memory()[1] < 3 * 2**20 < 400 * 64 * 64 * 3
    tracemalloc.stop()


def test_a_disk_without_room(workspace, monkeypatch):
    # A disk cannot be filled by a test, so the one question about it is answered here.
    monkeypatch.setattr(writing.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 2**28}))
    with pytest.raises(UserError, match=r"257 MB are needed at .* and 256 MB are free"):
        write(workspace, collection([1, 2]), shape=SHAPE, source="")


@pytest.mark.parametrize("shape", [(0, 8, 1), (8, 1025, 3), (8, 8, 2), (-1, 8, 1)])
def test_shapes_that_cannot_be(workspace, shape):
    with pytest.raises(UserError, match="Images cannot be kept as"):
        write(workspace, collection([1, 2]), shape=shape, source="")


def test_the_fingerprint_of_large_images_reads_a_part_of_them(make_dataset):
    images = np.zeros((48, 1024, 1024, 1), np.uint8)  # 32 of these 48 MB are read
    small, mapped = make_dataset(48), ImageInputs(images)
    none = mapped.take(slice(0))
    dataset = replace(small, inputs=mapped, test_inputs=none, test_labels=small.test_labels[:0])
    part = fingerprints.sampled(dataset)
    rows = np.unique(np.linspace(0, 47, 32).astype(int)).tolist()
    passed_over = next(row for row in range(48) if row not in rows)
    images[passed_over] ^= 1
    assert fingerprints.sampled(dataset) == part
    images[rows[-2]] ^= 1
    assert fingerprints.sampled(dataset) != part


def test_data_sets_made_here_have_no_names_and_no_problems(workspace, make_dataset):
    info = store.save(workspace, make_dataset(), source="")
    assert store.names(workspace, info.id) == ()
    assert store.problems(workspace, info.id) == ()


def test_a_description_of_before_images_were_skipped(workspace):
    info = write(workspace, collection([1, 2]), shape=SHAPE, source="")
    path = workspace / "datasets" / info.id / "dataset.json"
    content = json.loads(path.read_text())
    del content["n_skipped"], content["about"]
    checksums.forget(path.parent, path.name)
    path.write_text(json.dumps(content))
    assert store.describe(workspace, info.id).n_skipped == 0


@pytest.mark.parametrize(
    ("sizes", "shape"),
    [
        ({(32, 32): 10}, (32, 32)),
        ({(28, 20): 99, (500, 400): 1}, (28, 20)),
        ({(28, 20): 98, (500, 400): 2}, (20, 20)),
        ({(300, 500): 4, (300, 200): 5, (90, 300): 3}, (200, 200)),
        ({(300, 500): 4, (300, 200): 4}, (224, 224)),
        ({(480, 640): 5}, (224, 299)),
        ({(2, 3): 5}, (8, 8)),
        ({(10, 3000): 5}, (10, 10)),
    ],
)
def test_the_shape_that_is_proposed(sizes, shape):
    assert common_shape(sizes, 3) == (*shape, 3)


def test_grey_is_proposed_only_where_every_image_is():
    grey = [plain(index, 12) for index in range(200)]
    assert proposed_shape(collection(grey), n_looked_at=20) == (12, 12, 1)
    grey[123] = encoded(noise(shape=(12, 12, 3)))  # not one of the 20
    assert proposed_shape(collection(grey), n_looked_at=20) == (12, 12, 3)
    with pytest.raises(UserError, match="None of the images"):
        proposed_shape(collection([b"x", b"y"]))


def test_names_that_are_no_unicode_become_legible():
    assert legible("a\udcffb\ud83dc") == "a�b�c"
    assert legible("😀 é") == "😀 é"


def test_problems_are_listed_up_to_a_thousand_of_a_kind():
    found = abridged([Problem("link", str(index), "") for index in range(1005)] + [Problem("other", "x", "")])
    assert len(found) == 1002
    assert found[1000] == Problem("link", "", "5 more of this kind are not listed.")
    assert found[1001].kind == "other"


def test_importing_a_folder_by_the_pipeline(workspace, tmp_path):
    for name, grey in (("a/1.png", 1), ("a/2.png", 2), ("b/3.png", 3), ("b/4.png", 4)):
        (tmp_path / "f" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "f" / name).write_bytes(plain(grey, 9))
    (tmp_path / "f" / "a" / "bad.png").write_text("no image")
    (tmp_path / "ids.txt").write_text("1\n4\n")
    info = pipeline.import_dataset(workspace, tmp_path / "f", "Mine", tmp_path / "ids.txt")
    assert (info.name, info.n, info.shape, info.n_bona_fide, info.n_skipped) == ("Mine", 4, (9, 9, 1), 2, 1)
    assert store.load(workspace, info.id).bona_fide.tolist() == [False, True, False, True]
    asked = pipeline.import_dataset(workspace, tmp_path / "f", size=(10, 12), channels=3)
    assert asked.shape == (10, 12, 3)
    assert asked.name == "f"
    assert pipeline.import_dataset(workspace, tmp_path / "f", channels=3).shape == (9, 9, 3)
    (tmp_path / "ids.txt").write_text("5")
    with pytest.raises(UserError, match=r"do not exist: \[5\]. Ids run from 0 to 4"):
        pipeline.import_dataset(workspace, tmp_path / "f", None, tmp_path / "ids.txt")


def test_an_import_closes_what_it_opened(workspace, tmp_path):
    with zipfile.ZipFile(tmp_path / "f.zip", "w") as archive:
        archive.writestr("a/1.png", plain(1))
        archive.writestr("b/2.png", b"no image")
    before = len(list(Path("/dev/fd").iterdir()))
    with pytest.raises(UserError, match="fewer than two classes"):
        pipeline.import_dataset(workspace, tmp_path / "f.zip")
    assert len(list(Path("/dev/fd").iterdir())) == before


def test_importing_from_the_command_line(workspace, tmp_path):
    for name, grey in (("a/1.png", 1), ("b/2.png", 2)):
        (tmp_path / "f" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "f" / name).write_bytes(plain(grey, 9))
    (tmp_path / "f" / "a" / "bad.png").write_text("no image")
    (tmp_path / "f" / "a" / "notes.txt").write_text("no image")
    options = ["--workspace", str(workspace), "--json", "--size", "12x10", "--colour", "--source", "image_folder"]
    answer = CliRunner().invoke(app, ["import", str(tmp_path / "f"), *options])
    assert answer.exit_code == 0, answer.output
    said = json.loads(answer.stdout)
    assert said.pop("dataset").startswith("f-")
    assert said == {
        "n": 2,
        "n_test": 0,
        "classes": 2,
        "shape": [12, 10, 3],
        "bona_fide": 0,
        "skipped": 1,
        "problems": {"no image": 1, "unreadable": 1},
    }
    refused = CliRunner().invoke(app, ["import", str(tmp_path / "f"), "--size", "huge", "--workspace", str(workspace)])
    assert (refused.exit_code, "is no size" in refused.stderr) == (2, True)


def test_importing_in_a_worker_says_how_far_it_is_and_can_be_cancelled(workspace):
    job, heard = jobs.new_job(workspace, "imports"), []

    def listen(fraction, words):
        publish(fraction, words)
        heard.append(jobs.poll(job).message)
        if words == "20 of 40 samples":
            os.kill(os.getpid(), signal.SIGTERM)  # what the page's cancel sends

    given = collection(list(range(40)))
    with pytest.raises(jobs.Cancelled), working(job) as publish:
        write(workspace, given, shape=SHAPE, source="", listen=listen, chunk_images=4, pause_seconds=0.0)
    assert "12 of 40 samples" in heard
    assert jobs.poll(job).state == "cancelled"
    assert jobs.poll(job).fraction == pytest.approx(0.495)
    assert list((workspace / "datasets").iterdir()) == []


def test_the_sizes_of_the_source_are_kept_where_they_differ(workspace):
    given = collection([noise(shape=(8, 8, 1)), noise(shape=(20, 10, 1)), b"no image"], test=part([7, 8]))
    info = write(workspace, given, shape=SHAPE, source="here")
    assert sample_sizes(workspace, info.id).tolist() == [[8, 8], [20, 10]]
    assert sample_sizes(workspace, info.id, 1) is None


def test_a_poisoned_copy_has_the_sizes_of_its_data(workspace):
    given = collection([noise(shape=(8 + row, 10, 1)) for row in range(20)], test=part([7, 8]))
    info = write(workspace, given, shape=SHAPE, source="here")
    held = store.load(workspace, info.id)
    rows = np.arange(19, 9, -1)
    copy = replace(
        held,
        ids=held.ids[rows],
        inputs=held.inputs.take(rows),
        labels=held.labels[rows],
        bona_fide=held.bona_fide[rows],
    )
    child = store.save(workspace, copy, source="a copy", parent=info.id)
    assert sample_sizes(workspace, child.id)[:, 0].tolist() == (8 + rows).tolist()
