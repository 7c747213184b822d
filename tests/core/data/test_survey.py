"""What one look at each sample tells, and which samples a choice leaves, in which order."""

from math import inf

import numpy as np
import pytest

from core.data.browsing import ALIKE, RANDOM, STORED, Choice, histogram, orders, shown_rows, widened
from core.data.survey import survey
from core.modalities.contract import Trait
from core.modalities.image.inputs import ImageInputs
from core.modalities.text.inputs import text_inputs

N = 40


@pytest.fixture
def images() -> ImageInputs:
    """Forty noisy images of which some are wrong: 0 black, 1 white, 2 flat grey, 5 and 6 are copies of 4."""
    array = np.random.default_rng(0).integers(0, 256, (N, 16, 16, 3)).astype(np.uint8)
    array[0], array[1], array[2] = 4, 250, 128
    array[5] = array[6] = array[4]
    return ImageInputs(array)


@pytest.fixture
def labels():
    """Two classes of twenty; the copy in row 6 has the other label than the one in row 4."""
    return np.array([0, 1] * (N // 2))


def test_a_look_at_images_finds_what_is_dark_bright_and_blank(images, labels):
    found = survey(images, labels, 2).problems
    assert found["too dark"].tolist() == [0]
    assert found["too bright"].tolist() == [1]
    assert found["blank"].tolist() == [0, 1, 2]


def test_copies_under_one_label_are_duplicates_and_under_two_are_worse(images, labels):
    assert survey(images, labels, 2).problems["two labels"].tolist() == [4, 5, 6]
    alike = survey(images, np.zeros(N, np.int64), 2)
    assert alike.problems["duplicate"].tolist() == [4, 5, 6]
    assert "two labels" not in alike.problems
    assert alike.like(5).tolist() == [4, 6]
    assert alike.problems_of(4) == ["duplicate"]


def test_the_worst_problems_come_first(images, labels):
    found = survey(images, labels, 2, images.take([9]), np.array([[16, 16]] * (N - 1) + [[90, 20]]))
    assert list(found.problems) == ["two labels", "in both sets", "blank", "too dark", "too bright", "odd size"]
    assert found.problems["in both sets"].tolist() == [9]
    assert found.problems["odd size"].tolist() == [N - 1]


def test_an_image_that_looks_like_another_is_a_near_duplicate():
    array = np.tile(np.linspace(0, 250, 32, dtype=np.uint8), (12, 32, 1))[..., None].copy()
    array[:10] = np.random.default_rng(1).integers(0, 256, (10, 32, 32, 1)).astype(np.uint8)
    array[11, 3, 3] += 1
    found = survey(ImageInputs(array), np.zeros(12, np.int64), 1)
    assert found.problems["near duplicate"].tolist() == [10, 11]
    assert found.first[11] == 10


def test_a_look_at_texts_finds_what_is_empty_long_and_broken():
    texts = [f"text number {row} SAYS a few words" for row in range(30)]
    texts[3], texts[7], texts[9] = " ?! ", "word " * 3000, "na\ufffdve words of a text here"
    texts[12] = texts[11].upper()
    found = survey(text_inputs(texts), np.zeros(30, np.int64), 1)
    assert found.problems["empty"].tolist() == [3]
    assert 7 in found.problems["odd length"]
    assert found.problems["broken characters"].tolist() == [9]
    assert {11, 12} <= set(found.problems["near duplicate"].tolist())
    assert [trait.name for trait in found.traits] == ["words", "capitals", "signs", "copies"]
    assert found.traits[0].values[:2].tolist() == [7, 7]


def test_a_class_with_hardly_any_sample_is_tiny(images):
    labels = np.array([0] * (N - 3) + [1] * 3)
    assert survey(images, labels, 3).problems["tiny class"].tolist() == [N - 3, N - 2, N - 1]


def test_sizes_are_odd_where_they_are_far_from_those_of_the_others(images, labels):
    sizes = np.random.default_rng(2).integers(90, 110, (N, 2))
    assert "odd size" not in survey(images, labels, 2, sizes=sizes).problems
    sizes[5] = 2000, 100
    assert survey(images, labels, 2, sizes=sizes).problems["odd size"].tolist() == [5]


def test_of_too_much_only_labels_are_counted(images, labels):
    found = survey(images, labels, 2, most_bytes=images.nbytes - 1)
    assert (found.complete, found.traits, dict(found.problems)) == (False, (), {})
    assert len(shown_rows(images, labels, (), found, Choice())) == N


def test_every_sample_is_reached_in_a_random_order_that_a_seed_repeats(images, labels):
    found = survey(images, labels, 2)
    first, again, other = (shown_rows(images, labels, (), found, Choice(seed=seed)).tolist() for seed in (0, 0, 1))
    assert sorted(first) == list(range(N))
    assert first == again != other
    assert first != list(range(N))


def test_a_filter_leaves_the_order_of_what_remains(images, labels):
    found = survey(images, labels, 2)
    every = shown_rows(images, labels, (), found, Choice()).tolist()
    ones = shown_rows(images, labels, (), found, Choice(label=1)).tolist()
    assert ones == [row for row in every if labels[row] == 1]


def test_a_choice_of_class_problem_range_and_name_holds_together(images, labels):
    found, names = survey(images, labels, 2), [f"img{row:02}.png" for row in range(N)]
    shown = lambda **kept: shown_rows(images, labels, names, found, Choice(order=STORED, **kept)).tolist()  # noqa: E731
    assert shown(problem="blank") == [0, 1, 2]
    assert shown(problem="blank", label=0) == [0, 2]
    assert shown(ranges={"brightness": (90.0, inf)}) == [1]
    assert shown(problem="blank", ranges={"brightness": (-inf, 60.0)}) == [0, 2]
    assert shown(text="IMG07") == [7]
    assert shown(problem="blank", text="img02") == [2]


def test_texts_are_found_by_what_they_say():
    texts = text_inputs(["call me now", "nothing here", "CALL again"])
    found = survey(texts, np.zeros(3, np.int64), 1)
    chosen = Choice(text="call", order=STORED)
    assert shown_rows(texts, np.zeros(3, np.int64), ("row 0", "row 1", "row 2"), found, chosen).tolist() == [0, 2]


def test_copies_lie_together_and_traits_order_both_ways(images, labels):
    found = survey(images, labels, 2)
    assert orders(found)[:3] == [RANDOM, STORED, ALIKE]
    alike = shown_rows(images, labels, (), found, Choice(problem="two labels", order=ALIKE)).tolist()
    assert alike == [4, 5, 6]
    assert shown_rows(images, labels, (), found, Choice(order="brightness"))[0] == 0
    assert shown_rows(images, labels, (), found, Choice(order="-brightness"))[0] == 1


def test_a_histogram_counts_all_and_what_is_shown_and_its_ends_hold_what_lies_beyond():
    values = np.array([*np.linspace(0, 100, 998), -4000, 9000], np.float32)
    found = histogram(Trait("x", "", values, ""), np.arange(10))
    assert (found.every.sum(), found.shown.sum()) == (1000, 10)
    assert -5 < found.edges[0] < found.edges[-1] < 110
    assert widened(float(found.edges[0]), float(found.edges[-1]), found.edges) is None
    assert widened(20.0, float(found.edges[-1]), found.edges) == (20.0, inf)


def test_few_whole_numbers_have_a_bar_each():
    values = np.array([1, 1, 1, 2, 3], np.float32)
    found = histogram(Trait("copies", "×", values, ""), np.arange(5))
    assert found.edges.tolist() == [0.5, 1.5, 2.5, 3.5]
    assert found.every.tolist() == [3, 1, 1]


def test_many_whole_numbers_have_bars_that_hold_as_many_of_them_each():
    values = np.repeat(np.arange(1, 101), 3).astype(np.float32)
    found = histogram(Trait("words", "", values, ""), np.arange(300), bins=30)
    assert set(np.diff(found.edges)) == {4.0}
    assert found.edges[0] == 1
    assert set(found.every.tolist()) == {12}
    assert widened(float(found.edges[0]), float(found.edges[-1]), found.edges) is None
