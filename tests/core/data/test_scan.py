"""A look before an import: counts, sizes, examples, and everything that is wrong."""

import io
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from core.data.collection import Collection, Part, Problem
from core.data.preview import read_preview, write_preview
from core.data.preview.faults import tiny_classes
from core.data.preview.scan import scan
from core.errors import UserError
from core.modalities.image.duplicates import glance, lookalikes, outline, repeats
from core.runs.jobs import Cancelled


def picture(seed, side=32, channels=3):
    """A smooth random picture: noise of 6×6 cells, enlarged."""
    cells = np.random.default_rng(seed).integers(0, 255, (6, 6, channels), np.uint8)
    large = Image.fromarray(cells[:, :, 0] if channels == 1 else cells).resize((side, side), Image.Resampling.BICUBIC)
    return np.asarray(large).reshape(side, side, channels)


def encoded(image, form="PNG", **options):
    stream = io.BytesIO()
    Image.fromarray(image[:, :, 0] if image.shape[2] == 1 else image).save(stream, form, **options)
    return stream.getvalue()


def part(contents, labels, name="image {}"):
    def read(index):
        if isinstance(contents[index], Exception):
            raise contents[index]
        return contents[index]

    return Part(tuple(name.format(index) for index in range(len(contents))), np.array(labels, np.int64), read)


def collection(contents, labels, k=2, **more):
    return Collection("some", tuple(f"class {index}" for index in range(k)), part(contents, labels), **more)


def of_kind(preview, kind):
    return [(problem.what, problem.detail) for problem in preview.problems if problem.kind == kind]


def test_counts_sizes_modes_and_examples_are_those_of_the_source():
    images = [picture(seed) for seed in range(29)] + [picture(99, side=48)]
    contents = [encoded(image) for image in images[:20]] + images[20:]
    test = part([picture(200)], [1], "test {}")
    preview = scan(collection(contents, [0] * 12 + [1] * 18, test=test, about={"licence": "free"}))
    assert (preview.name, preview.n, preview.n_test, preview.n_looked_at) == ("some", 30, 1, 31)
    assert (preview.counts, preview.test_counts) == ((12, 18), (0, 1))
    assert preview.sizes == ((32, 32, 30), (48, 48, 1))
    assert preview.n_sizes == 2
    assert preview.modes == {"RGB": 20, "pixels": 11}
    assert preview.shape == (32, 32, 3)
    assert preview.example_labels == (0, 1) * 6
    assert preview.example_names[:4] == ("image 0", "image 12", "image 1", "image 13")
    assert np.array_equal(preview.examples[:2], [images[0], images[12]])
    assert preview.found == {}
    assert preview.about == {"licence": "free"}


def test_grey_images_kept_as_colour_are_proposed_as_grey():
    grey = [encoded(np.repeat(picture(seed, channels=1), 3, axis=2)) for seed in range(4)]
    assert scan(collection(grey, [0, 1, 0, 1])).shape == (32, 32, 1)
    assert scan(collection([*grey[:3], encoded(picture(5))], [0, 1, 0, 1])).shape == (32, 32, 3)


def test_the_same_pixels_are_found_whatever_the_file():
    image, other = picture(0), picture(1)
    contents = [encoded(image), encoded(other), encoded(image, compress_level=0), image, encoded(picture(2))]
    test = part([encoded(other, "BMP"), encoded(picture(3))], [1, 0], "test {}")
    preview = scan(collection(contents, [0, 1, 0, 1, 1], test=test))
    assert of_kind(preview, "duplicate") == [("image 2", "It is the same image as image 0.")]
    assert of_kind(preview, "two labels") == [
        ("image 3", "Labelled class 1. It is the same image as image 0, which is labelled class 0.")
    ]
    assert of_kind(preview, "in both sets") == [
        ("test 0", "This test image is the same as the training image image 1.")
    ]
    assert of_kind(preview, "near duplicate") == []


def test_recompressed_and_resized_images_are_near_duplicates_and_others_are_not():
    images = [picture(seed, side=64) for seed in range(40)]
    smaller = np.asarray(Image.fromarray(images[7]).resize((48, 48), Image.Resampling.BICUBIC))
    contents = [*images, encoded(images[3], "JPEG", quality=80), smaller]
    preview = scan(collection(contents, [0] * 41 + [1]))
    assert of_kind(preview, "near duplicate") == [
        ("image 40", "It looks like image 3."),
        ("image 41", "Labelled class 1. It looks like image 7, which is labelled class 0."),
    ]
    assert of_kind(preview, "duplicate") == []


def test_drawings_of_one_outline_are_no_duplicates():
    # Bars in one place whose shades differ: every difference hash is the same, the pictures are not.
    bars = []
    for shade in range(60, 256, 30):
        image = np.zeros((28, 28, 1), np.uint8)
        image[4:24, 10:18] = shade
        bars.append(glance(image))
    assert len({one.outline for one in bars}) == 1
    assert lookalikes(bars) == []


def test_the_outline_is_one_bit_for_each_step_to_brighter():
    # Nine columns of eight pixels each rise in steps of 10 but for the last, which falls: bits 1111 1110 in each row.
    columns = [0, 10, 20, 30, 40, 50, 60, 70, 5]
    image = np.repeat(np.repeat([columns], 8, axis=0), 8, axis=1).astype(np.uint8)
    assert outline(Image.fromarray(image)) == int("11111110" * 8, 2)
    assert outline(Image.fromarray(image[:, ::-1])) == int("10000000" * 8, 2)


def test_each_lookalike_is_told_once_with_the_first_of_its_kind():
    image = picture(0, side=64)
    glances = [glance(np.clip(image.astype(int) + shift, 0, 255).astype(np.uint8)) for shift in (0, 1, 2, 0)]
    assert repeats(glances) == [(3, 0)]
    assert lookalikes(glances) == [(1, 0), (2, 0)]


def test_an_unreadable_image_is_listed_and_costs_nothing_else():
    contents = [encoded(picture(0)), b"no image", encoded(picture(1))[:300], OSError(13, "Permission denied")]
    preview = scan(collection(contents, [0, 1, 1, 1]))
    names = [what for what, _ in of_kind(preview, "unreadable")]
    assert names == ["image 1", "image 2", "image 3"]
    assert of_kind(preview, "unreadable")[2][1] == "It cannot be read: Permission denied."
    assert (preview.n_looked_at, preview.n_unreadable, preview.counts) == (4, 3, (1, 3))


def test_nothing_readable_is_said_in_words():
    with pytest.raises(UserError, match="None of the images can be read"):
        scan(collection([b"a", b"b"], [0, 1]))


def test_classes_below_ten_samples_or_one_percent_of_the_mean_are_tiny():
    def with_counts(*counts):
        labels = np.repeat(np.arange(len(counts)), counts)
        names = tuple(f"class {index}" for index in range(len(counts)))
        return Collection("some", names, Part(("",) * len(labels), labels, lambda index: b""))

    def tiny(*counts):
        return [(one.what, one.detail) for one in tiny_classes(with_counts(*counts))]

    assert tiny(10, 10) == []
    assert tiny(9, 11) == [("class 0", "9 training images; the average class has 10.")]
    assert tiny(1, 0, 23)[:1] == [("class 0", "1 training image; the average class has 8.")]
    # The mean is 5,010: one percent is 50.1.
    assert [what for what, _ in tiny(50, 9970)] == ["class 0"]
    assert tiny(51, 9969) == []


def test_of_a_large_collection_evenly_spaced_images_are_looked_at():
    read = []

    def reading(index):
        read.append(index)
        return np.full((8, 8), index, np.uint8)

    labels = np.arange(100) % 2
    train = Part(tuple(map(str, range(100))), labels, reading)
    preview = scan(Collection("many", ("a", "b"), train), most=12)
    assert sorted(set(read)) == [0, 9, 18, 27, 36, 45, 54, 63, 72, 81, 90, 99]
    assert (preview.n, preview.n_looked_at, preview.counts) == (100, 12, (50, 50))


def test_what_the_source_found_comes_along_and_long_lists_are_counted_whole():
    found = (Problem("left out", "val", "Not needed."), *[Problem("label", f"row {n}", "None.") for n in range(1500)])
    preview = scan(collection([picture(0), picture(1)], [0, 1], problems=found))
    assert preview.found == {"left out": 1, "label": 1500, "tiny class": 2}
    assert Counter(one.kind for one in preview.problems) == {"left out": 1, "label": 1001, "tiny class": 2}


def test_progress_rises_to_the_end_and_what_listening_raises_ends_the_work():
    shares = []
    scan(
        collection([picture(seed) for seed in range(200)], [0, 1] * 100),
        lambda fraction, words: shares.append(fraction),
    )
    assert shares == sorted(shares)
    assert shares[0] <= 0.9 * 64 / 200 + 1e-9
    assert shares[-1] == pytest.approx(1.0)

    def stop(fraction, words):
        raise Cancelled

    with pytest.raises(Cancelled):
        scan(collection([picture(seed) for seed in range(200)], [0, 1] * 100), stop)


def test_a_preview_comes_back_from_its_folder(tmp_path):
    contents = [encoded(picture(0)), picture(0), b"no image", picture(3, side=40)]
    preview = scan(collection(contents, [0, 1, 1, 0], bona_fide=np.array([True, False, False, False])))
    write_preview(tmp_path, preview)
    again = read_preview(tmp_path)
    assert np.array_equal(again.examples, preview.examples)
    plain = [{key: value for key, value in vars(one).items() if key != "examples"} for one in (preview, again)]
    assert plain[0] == plain[1]
    assert again.n_bona_fide == 1
    with pytest.raises(UserError, match="preview is gone"):
        read_preview(tmp_path / "elsewhere")
