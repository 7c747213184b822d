"""Principal components beside those that the data was made from, where eigenvalues are repeated, too."""

import numpy as np
import pytest
import torch
from scipy import linalg, sparse
from scipy.linalg import eigh
from threadpoolctl import threadpool_info, threadpool_limits

from core.detectors.parts import subspaces
from core.detectors.parts.linear_algebra import lending
from core.detectors.parts.subspaces import class_spaces, nearest, principal_components, remembered_spaces


def features(n, d, widths, seed=0):
    """(n, d) centred values whose singular values are `widths`, then a tenth of the last and less; the directions."""
    rng = np.random.default_rng(seed)
    size = min(n, d) - 1
    values = np.concatenate([widths, widths[-1] / 10 / np.arange(1, size - len(widths) + 1)])
    raw = rng.normal(size=(n, size))
    left, right = np.linalg.qr(raw - raw.mean(0))[0], np.linalg.qr(rng.normal(size=(d, size)))[0]
    return (left * values @ right.T).astype(np.float32), left[:, : len(widths)] * widths


PRODUCTS = np.cov(np.random.default_rng(0).normal(size=(400, 200)) * np.linspace(1, 3, 200), rowvar=False)


@pytest.mark.parametrize(("n", "d"), [(150, 200), (240, 140), (90, 40)])
@pytest.mark.parametrize("widths", [[9.0, 8, 7, 6, 5, 4], [9.0, 5, 5, 5, 5, 5]])
def test_the_top_directions_are_those_of_the_data(n, d, widths):
    values, expected = features(n, d, widths)
    points = principal_components(values, 6, 0)
    assert np.linalg.norm(points, axis=0) == pytest.approx(widths, rel=1e-4)
    np.testing.assert_allclose(points @ points.T, expected @ expected.T, atol=2e-4 * widths[0] ** 2)


@pytest.mark.parametrize("d", [30, 150])
def test_components_of_many_samples_are_worked_out_in_parts_and_are_the_same(d):
    values, _ = features(4500, d, [9.0, 8, 7, 6, 5, 4])
    values = values + np.float32(3)
    whole = principal_components(values, 6, 0)
    np.testing.assert_allclose(principal_components(values, 6, 0, most=300), whole, atol=1e-4)


def test_lanczos_finds_what_the_plain_solver_finds():
    values, vectors = subspaces._top(PRODUCTS, 5)
    plain, directions = eigh(PRODUCTS, subset_by_index=[195, 199])
    np.testing.assert_allclose(values, plain, rtol=1e-9)
    np.testing.assert_allclose(np.abs((vectors * directions).sum(0)), 1, atol=1e-9)


def test_a_copy_that_lanczos_missed_has_all_worked_out(monkeypatch):
    """As if it had found 3, 2 and 1 where there are 3, 2, 2 and 1."""
    products = np.diag(np.r_[[3.0, 2, 2, 1], np.full(196, 0.1)]).astype(np.float32)
    real = sparse.linalg.eigsh
    answers = [(np.array([1.0, 2, 3], np.float32), np.eye(200, dtype=np.float32)[:, [3, 1, 0]])]
    # Whether Lanczos misses a copy depends on rounding: no data makes it do so on every machine.
    monkeypatch.setattr(sparse.linalg, "eigsh", lambda *given, **how: answers.pop() if answers else real(*given, **how))
    values, vectors = subspaces._top(products, 3)
    np.testing.assert_allclose(values, [2, 2, 3], rtol=1e-5)
    np.testing.assert_allclose(np.abs(vectors).sum(1)[3:], 0, atol=1e-4)


def test_lanczos_is_what_answers_for_large_matrices(monkeypatch):
    """Not the full decomposition: that is for matrices of 128 at most, and for those with a missed copy."""
    used = []
    # Both solvers give the same answer, and the time that one of them saves differs between machines.
    monkeypatch.setattr(linalg, "eigh", lambda *given, **how: used.append(len(given[0])) or eigh(*given, **how))
    principal_components(features(200, 300, [9.0, 8, 7, 6, 5, 4])[0], 6, 0)
    assert used == []
    principal_components(features(90, 40, [9.0, 8, 7, 6, 5, 4])[0], 6, 0)
    assert used == [40]


def test_blas_keeps_to_one_core_and_gets_back_what_it_had():
    def threads():
        return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}

    with threadpool_limits(2, "blas"):
        assert subspaces.on_one_core(threads)() == {1}
        assert threads() == {2}


def test_the_spaces_of_the_same_arrays_are_worked_out_once():
    rng, asked = np.random.default_rng(3), []
    values, labels = rng.normal(size=(60, 5)), np.arange(60) % 2

    def seen(own):
        asked.append(len(own))
        return own

    with remembered_spaces():
        first = class_spaces(values, labels, 2, 0, prepared=seen)
        n_asked = len(asked)
        assert class_spaces(values, labels, 2, 0, prepared=seen) is first
        assert len(asked) == n_asked > 0
        other = class_spaces(values + 1, labels, 2, 0, prepared=seen)
        assert len(asked) == 2 * n_asked
    np.testing.assert_allclose(other[0].points, first[0].points)
    class_spaces(values, labels, 2, 0, prepared=seen)
    assert len(asked) == 3 * n_asked


def test_features_in_another_order_than_the_labels_need_not_be_copied():
    rng = np.random.default_rng(5)
    values, labels, order = rng.normal(size=(80, 6)), np.arange(80) % 2, rng.permutation(80)
    plain = class_spaces(values[order], labels, 2, 0)
    for one, other in zip(plain, class_spaces(values, labels, 2, 0, order=order), strict=True):
        assert np.array_equal(one.rows, other.rows)
        assert np.array_equal(one.points, other.points)
    with remembered_spaces():
        first = class_spaces(values, labels, 2, 0, order=order)
        assert class_spaces(values, labels, 2, 0, order=order[::-1].copy()) is not first


def test_of_a_large_class_only_some_are_searched_and_nobody_is_his_own_neighbour():
    points = np.arange(12.0)[:, None]
    distances, rows = nearest(points, 2, most=4)  # 0, 3, 7 and 11 are searched
    assert rows[[0, 3, 4]].tolist() == [[3, 7], [0, 7], [3, 7]]
    assert distances[[0, 3, 4]].tolist() == [[3, 7], [3, 4], [1, 3]]
    with lending(torch.device("cpu")):
        there = nearest(points, 2, most=4)
    assert np.array_equal(there[0], distances)
    assert np.array_equal(there[1][[0, 3, 4]], rows[[0, 3, 4]])  # of two as near, either is the nearest


def test_points_that_lie_on_one_another_keep_all_their_neighbours():
    distances, rows = nearest(np.zeros((30, 2)), 3, most=10)
    assert rows.shape == distances.shape == (30, 3)
    assert (rows != np.arange(30)[:, None]).all()
    assert not distances.any()
