"""Every chart, from little or odd input: it is drawn, and it shows the numbers it was given."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from core.evaluation.experiments import Spread
from core.output import detector_figures, figures, repair_figures
from core.output.palette import ACCENT, POISON

HISTORY = [
    {"epoch": 1, "train_loss": 2.0, "test_loss": 2.1, "train_accuracy": 0.3, "test_accuracy": 0.2},
    {"epoch": 2, "train_loss": 1.0, "test_loss": float("nan"), "train_accuracy": 0.6, "test_accuracy": 0.5},
]
LOSSES = np.array([[2, 1, 0.5], [2, 1.5, 1], [3, 0.1, 0.0], [np.nan] * 3], np.float32)
NONE = np.zeros(4, np.bool_)
ALL = ~NONE


def drawable(figure):
    """The figure, having been turned into what a browser gets."""
    assert isinstance(figure, go.Figure)
    assert figure.to_json()
    return figure


def lists(values):
    return [None if value is None else float(value) for value in values]


@pytest.mark.parametrize(("quantity", "train"), [("loss", [2.0, 1.0]), ("accuracy", [0.3, 0.6])])
def test_learning_curves(quantity, train):
    figure = drawable(figures.learning_curves(HISTORY, quantity, 10))
    assert [trace.name for trace in figure.data] == ["training data", "test data"]
    assert lists(figure.data[0].y) == train
    assert list(figure.data[0].x) == [1, 2]
    assert list(figure.layout.xaxis.range) == [0.5, 10.5]


def test_learning_curves_without_a_test_set_and_before_the_first_epoch():
    without = [entry | {"test_loss": None, "test_accuracy": None} for entry in HISTORY]
    assert [trace.name for trace in drawable(figures.learning_curves(without, "loss", 2)).data] == ["training data"]
    assert len(drawable(figures.learning_curves([], "accuracy", 2)).data) == 0


@pytest.mark.parametrize(("epochs", "limits"), [(0, (0, 1.02)), (1, (0, 1.02)), (2, None)])
def test_an_accuracy_is_never_drawn_beyond_what_it_can_be(epochs, limits):
    axis = drawable(figures.learning_curves(HISTORY[:epochs], "accuracy", 10)).layout.yaxis
    assert axis.range == limits
    if limits is None:
        assert (axis.autorangeoptions.clipmin, axis.autorangeoptions.clipmax) == (0, 1.02)


def test_bars():
    figure = drawable(figures.bars(["a", "7"], [1, 2], x="samples"))
    assert list(figure.data[0].y) == ["a", "7"]
    assert lists(figure.data[0].x) == [1, 2]
    assert figure.layout.yaxis.type == "category"
    assert figure.data[0].textangle == 0  # a figure that has no room in its bar stands beside it, and is not turned
    drawable(figures.bars([], [], x="samples", percent=True))


def test_the_loss_histogram_counts_every_sample():
    figure = drawable(figures.loss_histogram(np.array([0.0, 1e-9, 0.1, 2.0, 2.0], np.float32)))
    assert sum(figure.data[0].y) == 5
    assert figure.layout.xaxis.type == "log"
    drawable(figures.loss_histogram(np.array([0.5], np.float32)))


def test_the_suspicion_histogram_counts_each_group_and_turns_the_bona_fide_upside_down():
    suspicion = np.array([0.1, 0.2, 0.9, 0.15], np.float32)
    flagged, trusted = np.array([0, 0, 1, 0], bool), np.array([0, 0, 0, 1], bool)
    figure = drawable(figures.suspicion_histogram(suspicion, flagged, trusted, 0.9))
    assert [trace.name for trace in figure.data] == ["not flagged (2)", "flagged (1)", "bona fide (1)"]
    assert [sum(trace.y) for trace in figure.data] == [2, 1, 1]
    assert figure.data[1].marker.color == POISON
    assert [trace.yaxis for trace in figure.data] == ["y", "y", "y2"]
    assert figure.layout.yaxis2.autorange == "reversed"
    assert figure.layout.yaxis.domain[0] > figure.layout.yaxis2.domain[1]
    assert figure.layout.shapes[0].x0 == pytest.approx(0.9)
    alone = drawable(figures.suspicion_histogram(suspicion * 0, NONE, NONE))
    assert (len(alone.data), len(alone.layout.shapes)) == (1, 0)
    assert alone.layout.yaxis.domain[0] == 0


def test_a_long_tail_of_suspicion_is_drawn_on_a_logarithmic_axis():
    suspicion = np.concatenate([np.full(900, 1.0), np.full(100, 1000.0)]).astype(np.float32)
    figure = drawable(figures.suspicion_histogram(suspicion, suspicion > 10, suspicion < 0, 1000.0))
    assert figure.layout.shapes[0].x0 == pytest.approx(3)  # log₁₀ 1,000
    labels = dict(zip(figure.layout.xaxis.ticktext, figure.layout.xaxis.tickvals, strict=True))
    assert labels["10"] == pytest.approx(1)
    below_zero = drawable(figures.suspicion_histogram(suspicion - 2, suspicion > 10, suspicion < 0, 998.0))
    assert below_zero.layout.shapes[0].x0 == pytest.approx(998)


def test_the_curves_of_a_detection_and_where_it_flags_now():
    rates = {"false_positive_rate": [0, 0, 1], "true_positive_rate": [0, 0.5, 1], "recall_at": [0.5, 1]}
    now = {"precision_at": [1, 0.5], "flagged_clean": 0.1, "recall": 0.8, "precision": 0.7}
    roc, precision = (drawable(figure) for figure in figures.detection_curves(rates | now))
    assert (lists(roc.data[0].x), lists(roc.data[0].y)) == ([0, 0, 1], [0, 0.5, 1])
    assert (lists(roc.data[1].x), lists(roc.data[1].y)) == ([0.1], [0.8])
    assert (lists(precision.data[0].x), lists(precision.data[0].y)) == ([0.5, 1], [1, 0.5])
    assert (lists(precision.data[1].x), lists(precision.data[1].y)) == ([0.8], [0.7])


def test_before_and_after():
    figure = drawable(repair_figures.before_after({"patch": 0.9, "single_pixel": 0.2}, {"patch": 0.01}))
    before, after = figure.data
    assert list(before.x) == ["patch", "single pixel"]
    assert lists(before.y) == [0.9, 0.2]
    assert lists(after.y) == [0.01, None]
    assert (before.marker.color, after.marker.color) == (POISON, ACCENT)
    assert figure.layout.shapes[0].y0 == 0.10
    drawable(repair_figures.before_after({}, {}))


def test_the_overlap_of_detectors_is_a_matrix_with_words():
    fraction = np.array([[1, 0.25], [np.nan, np.nan]], np.float32)
    figure = drawable(detector_figures.overlap_matrix(("one", "<b>other</b>"), np.array([[4, 1], [1, 0]]), fraction))
    assert [list(row) for row in figure.data[0].text] == [["100%", "25%"], ["–", "–"]]
    assert list(figure.data[0].y) == ["one", "&lt;b&gt;other&lt;/b&gt;"]


def test_bars_of_suspicion_count_every_sample_and_know_their_values():
    suspicion = np.concatenate([np.full(90, 1.0), [1000.0]]).astype(np.float32)
    values, ticks, counts = detector_figures.suspicion_bars(suspicion, {"all": suspicion > 0, "high": suspicion > 10})
    assert (sum(counts["all"]), sum(counts["high"]), len(values)) == (91, 1, 61)
    assert values[-1] == pytest.approx(1000)
    assert "1000" in [text for _, text in ticks]
    assert all(0 <= at <= 1 for at, _ in ticks)
    even, _, _ = detector_figures.suspicion_bars(np.linspace(-1, 1, 50, dtype=np.float32), {})
    assert (even[0], even[-1]) == (-1.0, 1.0)


def test_many_attacks_lie_below_each_other():
    before = {f"patch-{index}": index / 10 for index in range(10)}
    figure = drawable(repair_figures.before_after(before, {"patch-3": 0.05}))
    assert [trace.orientation for trace in figure.data] == ["h", "h"]
    assert list(figure.data[0].y) == list(before)
    assert lists(figure.data[0].x) == list(before.values())
    assert lists(figure.data[1].x) == [0.05 if index == 3 else None for index in range(10)]
    assert figure.layout.height > 440
    assert figure.layout.shapes[0].x0 == 0.10


def test_planted_counts_add_up_to_the_samples_afterwards():
    counts = pd.DataFrame(
        {
            "class": ["a", "b"],
            "samples": [10, 10],
            "taken away": [4, 0],
            "poisoned into it": [1, 4],
            "cover samples": [0, 2],
            "samples afterwards": [6, 14],
        }
    )
    untouched, cover, poison = drawable(figures.planted_counts(counts)).data
    assert lists(untouched.x) == [5, 8]
    assert lists(cover.x) == [0, 2]
    assert lists(poison.x) == [1, 4]
    assert poison.marker.color == POISON
    no_cover = drawable(figures.planted_counts(counts.assign(**{"cover samples": 0})))
    assert [trace.name for trace in no_cover.data] == ["untouched", "poisoned"]


def test_markup_in_class_names_is_shown_letter_by_letter() -> None:
    figure = figures.bars(("<i>cat</i> & co", "dog"), [1, 2], x="samples")
    assert list(figure.data[0].y) == ["&lt;i&gt;cat&lt;/i&gt; &amp; co", "dog"]


def test_a_long_name_leaves_room_for_its_bar() -> None:
    names = ("n02099601_golden_retriever", "dog")
    figure = figures.bars(names, [1, 2], x="samples")
    assert list(figure.data[0].y) == list(names)
    assert list(figure.layout.yaxis.ticktext) == ["n0209960…triever", "dog"]


def test_bands_are_quantiles_of_groups_that_have_members():
    losses = np.arange(12, dtype=np.float32).reshape(4, 3) + 1
    groups = {"class": np.array([True, True, True, False]), "bona fide": np.zeros(4, bool)}
    found = figures.bands(losses, groups)
    assert list(found) == ["class"]
    np.testing.assert_allclose(found["class"], [[1.6, 2.6, 3.6], [4, 5, 6], [6.4, 7.4, 8.4]], rtol=1e-6)


def test_a_training_that_diverged_has_empty_curves():
    history = [{"epoch": epoch, "train_loss": None, "test_loss": None, "train_accuracy": 0.1} for epoch in (1, 2)]
    assert not figures.learning_curves(history, "loss", 2).data
    flat = figures.learning_curves([one | {"test_accuracy": 0.1} for one in history], "accuracy", 2)
    assert flat.layout.yaxis.tickformat == ".1%"


def test_repairs_stand_side_by_side_with_their_spread_over_seeds() -> None:
    spreads = {"1: retrained": Spread(0.9, 0.02), "2: continued": None}
    figure = repair_figures.repairs(spreads, {"1: retrained": Spread(0.05), "2: continued": Spread(0.4, 0.1)})
    accuracy, success = figure.data
    assert (list(accuracy.y), list(accuracy.x)) == (list(spreads), [0.9, None])
    assert (list(accuracy.error_x.array), list(success.error_x.array)) == ([0.02, None], [None, 0.1])


def test_success_rates_over_seeds_are_means_with_their_deviation() -> None:
    before, spreads = {"patch": 1.0, "blend": 0.9}, {"patch": Spread(0.05, 0.01)}
    _, after = repair_figures.before_after(before, {"patch": 0.04, "blend": 0.2}, spreads).data
    assert (list(after.y), list(after.error_y.array)) == ([0.05, None], [0.01, 0])
    _, after = repair_figures.before_after(before, {"patch": 0.04, "blend": 0.2}).data
    assert (list(after.y), after.error_y.array) == ([0.04, 0.2], None)


def test_detectors_above_the_matrix_keep_their_whole_names_or_both_ends():
    titles = ("Activation Clustering", "Independent component outliers")
    figure = detector_figures.overlap_matrix(titles, np.eye(2, dtype=np.int64), np.eye(2))
    whole, cut = figure.layout.xaxis.ticktext
    assert (whole, cut[:11], cut[-8:]) == (titles[0], "Independent", "outliers")
