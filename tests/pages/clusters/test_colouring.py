"""Every group of a map is counted and told apart; a figure has a bar with numbers."""

import numpy as np
import pandas as pd
import pytest

from pages.ui.clusters.colouring import DECIDED, OTHERS, STEPS, Colouring, colouring
from pages.ui.widgets.ground import Ground


def table(n: int = 8, **columns: object) -> pd.DataFrame:
    """A review table of so many samples in two classes, the second one decided on."""
    verdicts = np.where(np.arange(n) == 1, "keep", "")
    basis = {"label": np.arange(n) % 2, "verdict": verdicts, "loss": np.geomspace(0.001, 10, n)}
    basis |= {"flagged": False, "confirmed": False}
    return pd.DataFrame({**basis, "suspicion": np.linspace(0, 1, n), "bona_fide": False, **columns})


def groups(found: Colouring) -> list[str]:
    """The name of each point's group, "" for none."""
    names = dict(enumerate(found.styles))
    return [names.get(place, "") for place in found.groups.tolist()]


def test_a_class_that_is_called_decided_is_not_taken_for_what_was_decided() -> None:
    found = colouring(table(), ("decided", "cat"), "class", "x", "light")
    assert groups(found) == ["class 0", DECIDED, *("class 0", "class 1") * 3]
    titles = [style.title for style in found.styles.values()]
    assert titles == ["decided · 1", "decided · 4", "cat · 3"]


def test_groups_of_the_same_name_and_size_have_titles_of_their_own() -> None:
    found = colouring(table(4), ("decided", "decided"), "class", "x", "light")
    titles = [style.title for style in found.styles.values()]
    assert [" ".join(title.split()) for title in titles] == ["decided · 1", "decided · 2", "decided · 1"]
    assert len(set(titles)) == 3


def test_each_verdict_has_its_group_and_what_has_none_is_undecided() -> None:
    found = colouring(table(5, verdict=["", "keep", "mark", "relabel", "exclude"]), ("a", "b"), "verdict", "x", "light")
    assert groups(found) == ["undecided", "kept", "unsure", "relabelled", "excluded"]


def test_of_many_classes_the_largest_have_colours_and_long_names_lose_their_middle() -> None:
    names = tuple(f"a very long name of a class {index}" for index in range(200))
    labels = np.repeat(np.arange(200), np.r_[np.full(10, 3), np.ones(190, int)])
    found = colouring(table(220, label=labels), names, "class", "x", "light")
    assert len(found.styles) == 12
    assert found.styles[OTHERS].title == "other classes · 190"
    assert all(len(style.title) < 24 for style in found.styles.values())
    assert found.styles["class 7"].title == "of a class 7 · 3"


@pytest.mark.parametrize(("ground", "brightest"), [("light", "step 0"), ("dark", f"step {STEPS - 1}")])
def test_a_figure_runs_along_a_bar_that_ends_in_what_stands_out(ground: Ground, brightest: str) -> None:
    found = colouring(table(), ("a", "b"), "loss", "x", ground)
    assert found.bar
    assert found.bar.words == ("0.001", "0.1", "9.5")
    assert groups(found)[0] == "step 0"
    assert groups(found)[-1] == f"step {STEPS - 1}"
    assert groups(found)[1] == DECIDED
    assert found.styles[brightest].colour == "#B4DE2C"
    assert [style.title for style in found.styles.values() if style.legend] == ["decided · 1"]


def test_the_legend_leaves_out_what_the_map_has_none_of() -> None:
    drawn = table(4, verdict="exclude", flagged=[True, True, False, False], confirmed=[True, False, False, False])
    found = colouring(drawn, ("a", "b"), "flag", "STRIP", "light")
    assert [style.title for style in found.styles.values() if style.legend] == ["decided · 4"]


def test_losses_that_are_not_known_are_said_to_be() -> None:
    found = colouring(table(loss=[np.nan] * 8), ("a", "b"), "loss", "x", "light")
    assert set(groups(found)) == {OTHERS, DECIDED}
    assert found.styles[OTHERS].title == "not known · 7"


def test_what_the_decision_confirmed_stands_out_from_what_is_flagged_beyond_it() -> None:
    drawn = table(4, verdict="", flagged=[True, True, False, False], confirmed=[True, False, True, False])
    found = colouring(drawn, ("a", "b"), "flag", "STRIP", "light")
    assert groups(found) == ["confirmed", "flagged", "confirmed", "not flagged"]
    assert [style.title for style in found.styles.values()][2:] == ["more flagged by STRIP · 1", "confirmed · 2"]


def test_tags_have_colours_decided_on_or_not_and_of_many_the_most_frequent() -> None:
    tags = ["odd", "odd", "", "square", *(f"rare {number}" for number in range(9))]
    found = colouring(table(13, tag=tags), ("a", "b"), "tag", "x", "light")
    assert groups(found)[:4] == ["tag odd", "tag odd", "", "tag square"]
    titles = [style.title for style in found.styles.values()]
    assert titles[:3] == ["no tag · 1", "other tags · 1", "odd · 2"]
    assert len(titles) == 12
