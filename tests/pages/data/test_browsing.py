"""The Data page: every sample is reached, filters are in the address, and the same holds for images and for texts."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.data import store
from core.modalities.image.inputs import ImageInputs
from core.modalities.text.inputs import text_inputs
from core.types import Dataset, Inputs
from pages.ui.data.browsing import number
from pages.ui.widgets.histogram import Axis
from tests.pages.drawn import page, said, walk, whole_app

N = 300
ROOT = Path(__file__).parents[3]


def dataset(inputs: Inputs, names: tuple[str, ...], test: Inputs) -> Dataset:
    n = len(inputs)
    labels = np.arange(n) % len(names)
    tests = np.zeros(len(test), np.int64)
    return Dataset("browsed", np.arange(n) * 2, inputs, labels, test, tests, names, np.zeros(n, np.bool_))


def noisy(n: int, seed: int = 0) -> ImageInputs:
    return ImageInputs(np.random.default_rng(seed).integers(0, 256, (n, 8, 8, 1)).astype(np.uint8))


@pytest.fixture
def images(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> store.DatasetInfo:
    """Three hundred images of twenty classes, of which number 20 is black and 30 and 50 are the same as 10."""
    monkeypatch.setenv("ASSAY_WORKSPACE", str(workspace))
    inputs = noisy(N)
    inputs.array[10] = 0
    inputs.array[15] = inputs.array[25] = inputs.array[5]
    names = tuple(f"class {index}" for index in range(20))
    return store.save(workspace, dataset(inputs, names, noisy(5, 1)), source="test")


def tiles(app: AppTest) -> list[dict[str, Any]]:
    """What the gallery of the page shows."""
    return next(found for one in walk(app.main) if (found := _sent(one).get("tiles")) is not None)


def components(app: AppTest, title: str) -> dict[str, Any]:
    """What the list or histogram with this title was sent."""
    return next(found for one in walk(app.main) if (found := _sent(one)).get("title") == title)


def _sent(element: object) -> dict[str, Any]:
    proto = getattr(element, "proto", None)
    text = getattr(proto, "json", "") if getattr(element, "type", "") == "bidi_component" else ""
    return json.loads(text) if text else {}


def opened(**address: str) -> AppTest:
    app = whole_app()
    app.run()
    for name, value in address.items():
        app.query_params[name] = value
    return page("data", app)


def test_the_first_page_is_a_random_order_and_all_pages_together_are_all_samples(images: store.DatasetInfo) -> None:
    app = opened()
    first = [tile["id"] for tile in tiles(app)]
    assert len(first) == 120
    assert first != sorted(first)
    seen = set(first)
    for number_ in (2, 3):
        app = opened(page=str(number_))
        seen |= {tile["id"] for tile in tiles(app)}
    assert seen == set(range(N))
    assert "300 images" in said(app)


def test_filters_of_the_address_hold_and_an_unknown_one_is_passed_over(images: store.DatasetInfo) -> None:
    app = opened(label="10", order="as stored")
    assert [tile["id"] for tile in tiles(app)] == list(range(10, N, 20))
    app = opened(problem="blank")
    assert [tile["id"] for tile in tiles(app)] == [10]
    app = opened(problem="nonsense", label="999", brightness="high", page="-4")
    assert len(tiles(app)) == 120


def test_copies_under_other_labels_are_named_and_lie_beside_the_sample(images: store.DatasetInfo) -> None:
    app = opened(problem="two labels", order="alike together", sample="10")
    assert [tile["id"] for tile in tiles(app)] == [5, 15, 25]
    assert "2 more like it" in said(app)
    assert "two labels" in said(app)
    rows = components(app, "Problems")["rows"]
    assert [row["value"] for row in rows] == ["two labels", "blank", "too dark"]


def test_a_class_says_how_many_the_other_filters_leave(images: store.DatasetInfo) -> None:
    app = opened(problem="blank", label="10")
    rows = components(app, "Classes")["rows"]
    assert len(rows) == 20
    assert (rows[10]["count"], rows[10]["shown"], rows[0]["shown"]) == (15, 1, 0)
    assert components(app, "Classes")["chosen"] == "10"


def test_test_samples_are_browsed_too_and_nothing_left_is_said(images: store.DatasetInfo) -> None:
    app = opened(part="test")
    assert sorted(tile["id"] for tile in tiles(app)) == list(range(5))
    assert all("/test/" in tile["image_url"] for tile in tiles(app))
    app = opened(text="no such name")
    assert "No sample is left by these filters." in said(app)


def test_texts_are_browsed_by_what_they_say_and_measured_by_their_words(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSAY_WORKSPACE", str(workspace))
    texts = [f"sample number {'nine ' * (row % 7)}{row}" for row in range(60)]
    texts[7] = "?!"
    store.save(workspace, dataset(text_inputs(texts), ("ham", "spam"), text_inputs(())), source="test")
    app = opened(problem="empty")
    assert [tile["told"] for tile in tiles(app)] == ["?!"]
    assert [words for _, words in components(app, "words")["ticks"]] == ["1", "5", "9"]
    app = opened(text="NUMBER 14")
    assert [tile["told"] for tile in tiles(app)] == ["sample number 14"]


def test_other_data_are_not_filtered_by_what_was_chosen_before(images: store.DatasetInfo, workspace: Path) -> None:
    names = tuple(f"other {index}" for index in range(20))
    other = store.save(workspace, dataset(noisy(60, 3), names, noisy(5, 4)), source="test")
    app = opened(data=images.id, label="10")
    next(field for field in app.selectbox if field.label == "Data set").select(other.id).run()
    assert not app.exception
    assert len(tiles(app)) == 60
    assert re.search("60 training images", said(app))


def test_an_axis_says_what_lies_where() -> None:
    axis = Axis((0.0, 10.0, 20.0, 100.0), ())
    assert (axis.at(0.5), axis.at(-1), axis.at(2)) == (15.0, 0.0, 100.0)
    assert axis.place(axis.at(0.9)) == pytest.approx(0.9)
    assert (axis.place(-5), axis.place(1e9)) == (0.0, 1.0)
    assert number(99.987) == "100"
