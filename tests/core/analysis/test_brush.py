"""Membership in brush areas, against answers worked out by hand."""

import numpy as np
import pytest

from core.analysis.brush import points_inside

# A "U": the notch from x = 1 to x = 2 above y = 1 is outside.
U = [[0, 0], [3, 0], [3, 3], [2, 3], [2, 1], [1, 1], [1, 3], [0, 3]]


def polygon(corners):
    return {"brush_type": "polygon", "coord_range": corners}


def rectangle(x, y):
    return {"brush_type": "rect", "coord_range": [x, y]}


def inside(points, *areas):
    return points_inside(np.array(points, float).reshape(-1, 2), areas).tolist()


def test_a_concave_polygon_leaves_its_notch_out():
    points = [[0.5, 2], [1.5, 2], [2.5, 2], [1.5, 0.5], [4, 2], [1.5, 4]]
    assert inside(points, polygon(U)) == [True, False, True, True, False, False]


def test_the_direction_and_the_start_of_a_polygon_do_not_matter():
    points = np.random.default_rng(0).uniform(-1, 4, (500, 2))
    expected = points_inside(points, [polygon(U)])
    assert (points_inside(points, [polygon(U[::-1])]) == expected).all()
    assert (points_inside(points, [polygon(U[3:] + U[:3])]) == expected).all()
    assert (points_inside(points, [polygon([*U, U[0]])]) == expected).all()


def test_a_polygon_that_crosses_itself_is_even_odd():
    star = [[np.cos(a), np.sin(a)] for a in np.pi / 2 + np.arange(5) * 4 * np.pi / 5]
    assert inside([[0, 0], [0, 0.7], [0.9, 0.9]], polygon(star)) == [False, True, False]


def test_a_shared_edge_belongs_to_one_side_only():
    left, right = polygon([[0, 0], [1, 0], [1, 1], [0, 1]]), polygon([[1, 0], [2, 0], [2, 1], [1, 1]])
    assert inside([[1, 0.5]], left) != inside([[1, 0.5]], right)


def test_a_rectangle_holds_its_border_and_may_be_given_backwards():
    points = [[0, 0], [1, 2], [0.5, 1], [1.1, 1], [0.5, -0.1]]
    assert inside(points, rectangle([1, 0], [2, 0])) == [True, True, True, False, False]


def test_areas_add_up():
    areas = rectangle([-1, 1], [-1, 1]), rectangle([4, 6], [4, 6])
    assert inside([[0, 0], [5, 5], [9, 9]], *areas) == [True, True, False]


def test_a_point_without_coordinates_is_in_no_area():
    points = [[np.nan, 1], [1, np.nan], [np.nan, np.nan], [np.inf, 1]]
    assert inside(points, polygon(U), rectangle([-9, 9], [-9, 9])) == [False] * 4


def test_no_points_and_no_areas():
    assert inside([]) == []
    assert inside([], polygon(U)) == []
    assert inside([[1, 1]]) == [False]


@pytest.mark.parametrize(
    "area",
    [
        {},
        {"brush_type": "polygon"},
        {"brush_type": "rect", "coord_range": None},
        {"brush_type": "rect", "coord_range": [[0, 1], [0]]},
        {"brush_type": "rect", "coord_range": U},
        {"brush_type": "lineX", "coord_range": [0, 1]},
        {"brush_type": ["rect"], "coord_range": [[0, 1], [0, 1]]},
        {"brush_type": "polygon", "coord_range": [[0, 0], [3, 3]]},
        {"brush_type": "polygon", "coord_range": [[0, 0], [3, "x"], [1, 2]]},
        {"brush_type": "polygon", "coord_range": [[0, 0], [3, None], [1, 2]]},
        {"brush_type": "polygon", "coord_range": [[0, 0], [float("nan"), 1], [1, 2]]},
        {"brush_type": "polygon", "coord_range": [[1, 1], [1, 1], [1, 1]]},
        "rect",
        None,
    ],
)
def test_a_malformed_area_holds_nothing(area):
    assert inside([[0.5, 0.5], [1, 1]], area) == [False, False]


def test_a_long_lasso_agrees_with_the_circle_it_draws():
    points = np.random.default_rng(1).normal(size=(20_000, 2)).astype(np.float32)
    angles = np.linspace(0, 2 * np.pi, 400, endpoint=False)
    found = points_inside(points, [polygon(np.stack([np.cos(angles), np.sin(angles)], axis=1).tolist())])
    radius = np.linalg.norm(points, axis=1)
    assert found[radius < 0.999].all()
    assert not found[radius > 1].any()
