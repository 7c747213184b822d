"""A selection comes back from the address, and nothing else does."""

import zlib
from base64 import urlsafe_b64encode

import numpy as np
import pytest

from core.runs import Run
from pages.ui.selection.shared import LONGEST, packed, unpacked
from tests.pages.access.test_who import REVIEWER, be
from tests.pages.drawn import page, said


@pytest.mark.parametrize("ids", [(7,), (0, 1, 2, 50, 2**40), tuple(range(0, 6000, 3))])
def test_ids_come_back(ids: tuple[int, ...]) -> None:
    text = packed(ids)
    assert unpacked(text) == ids
    assert len(text) <= LONGEST
    assert text.replace("-", "").replace("_", "").isalnum()


def test_a_long_selection_is_remembered_by_a_short_name() -> None:
    ids = tuple(np.flatnonzero(np.random.default_rng(0).random(20_000) < 0.3).tolist())
    text = packed(ids)
    assert len(text) == 17
    assert unpacked(text) == ids
    assert unpacked("~0123456789abcdef") == ()


def bomb() -> str:
    return urlsafe_b64encode(zlib.compress(bytes(100_000_000))).decode()


@pytest.mark.parametrize(
    "text", ["", "x", "é", "AAAA", "~", "%00", "eJw", urlsafe_b64encode(zlib.compress(b"abc")).decode()]
)
def test_what_is_no_selection_selects_nothing(text: str) -> None:
    assert unpacked(text) == ()


def test_an_address_does_not_unfold_without_bounds() -> None:
    assert len(unpacked(bomb())) <= 1_000_000


def test_a_reload_brings_the_selection_back(two_detections: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    be(REVIEWER, monkeypatch)
    app = page("clusters")
    app.session_state[f"selection-{two_detections.id}"] = (3, 4, 60)
    app.run()
    text = str(app.query_params["sel"])
    again = page("trajectories")
    assert "Nothing is selected" in said(again)
    del again.session_state[f"selection-{two_detections.id}"]
    again.query_params["sel"] = text
    again.run()
    assert "**3 selected**" in said(again)
    del again.session_state[f"selection-{two_detections.id}"]
    again.query_params["sel"] = f"0{text[1:]}" if text[0] != "0" else f"1{text[1:]}"  # that of another run
    again.run()
    assert "Nothing is selected" in said(again)
