"""What the review says when nothing is left, and what becomes of a reason."""

import pytest

from core import pipeline
from tests.pages.access.test_who import REVIEWER, be
from tests.pages.drawn import app_of


def nothing(verdicts: list[str], ids: str, verdict: str) -> None:
    """An empty queue of such flagged samples, under a filter."""
    from core.analysis.caveats import Tally
    from core.analysis.queue import Filter
    from pages.ui.review import desk

    counts = Tally(0, len(verdicts), 0, verdicts.count(""))
    desk._empty_queue(counts, Filter(ids=ids, verdict=verdict), lambda: "Nothing is flagged by Consensus.")


@pytest.mark.parametrize(
    ("verdicts", "ids", "verdict", "kind", "words"),
    [
        ([], "", "undecided", "info", "Nothing is flagged by Consensus."),
        (["exclude", "keep"], "", "undecided", "success", "Nothing is left to decide."),
        (
            ["exclude", ""],
            "",
            "undecided",
            "info",
            "Nothing is left to decide here. Flagged and undecided elsewhere: 1.",
        ),
        (["", ""], "99", "undecided", "info", "No sample fits the filters. Flagged and undecided: 2."),
        (["", ""], "", "relabel", "info", "No sample fits the filters. Flagged and undecided: 2."),
    ],
)
def test_an_empty_queue_says_why(verdicts: list[str], ids: str, verdict: str, kind: str, words: str) -> None:
    app = app_of(nothing, args=(verdicts, ids, verdict)).run()
    assert not app.exception
    [said] = [*app.success, *app.info]
    assert (said.type, said.value[: len(words)]) == (kind, words)


def test_the_whole_screen_of_an_empty_queue_says_so_above_its_bar() -> None:
    def large() -> None:
        from types import SimpleNamespace
        from unittest.mock import patch

        import pandas as pd
        import streamlit as st

        from core.analysis.caveats import Tally
        from core.analysis.queue import Filter
        from pages.ui.review import desk, keyboard
        from pages.ui.review.filters import Chosen

        flagged = pd.DataFrame({"id": [1], "verdict": [""]}, dtype=object)
        with (
            patch.object(desk, "_tiles"),
            patch.object(keyboard, "bar", lambda *given: st.text("bar")),
        ):
            chosen = Chosen(Filter(ids="99"), left_out=True)
            desk._full_screen(SimpleNamespace(id="run"), flagged, Tally(0, 1, 0, 1), flagged.iloc[:0], chosen)  # type: ignore[arg-type]

    app = app_of(large).run()
    assert not app.exception
    assert app.info[0].value == "No sample fits the filters. Flagged and undecided: 1."
    assert app.button[0].label == "Clear all filters"
    assert app.text[0].value == "bar"


def page() -> None:
    """A reason, and a button that decides."""
    from types import SimpleNamespace

    import streamlit as st

    from pages.ui.selection import verdicts

    verdicts.said()
    st.text_input("Reason", key=verdicts.reason_key())
    st.button("Keep", on_click=verdicts.decide, args=(SimpleNamespace(), [7], "keep"))


def test_a_reason_belongs_to_one_decision(monkeypatch: pytest.MonkeyPatch) -> None:
    be(REVIEWER, monkeypatch)
    reasons: list[str] = []
    # There is no run here: what is handed on is all that this test is about.
    monkeypatch.setattr(pipeline, "decide", lambda *args, reason, **kwargs: reasons.append(reason) or 1)
    app = app_of(page).run()
    app.button[0].click().run()
    empty = app.text_input[0].id
    app.text_input[0].set_value("a trigger").run()
    assert app.text_input[0].id == empty  # while it is being typed in, a decision without a reason leaves it alone
    app.button[0].click().run()
    assert app.text_input[0].value == ""
    app.button[0].click().run()
    assert not app.exception
    assert reasons == ["", "a trigger", ""]
