"""Which samples are shown: all, or those in a range of suspicion or of loss, of one prediction or tag, or undecided.

The maps draw no others; of the queue, Review asks for the same.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from core.journal.review.notes import tagged
from core.runs import Run
from core.types import Bools
from pages.ui.cache import cached, map_columns
from pages.ui.cache.words import HELP, plain
from pages.ui.widgets import view
from pages.ui.widgets.bound import bound
from pages.ui.widgets.fields import ALL, RANGES, ends, one_or_any, percentiles

DECIDED = "done"  # names among what the pages show
SUSPICION = "suspicion"
LOSS = "loss"
PREDICTED = "predicted"
TAG = "tag"
DECIDED_TOO = ("shown", "hidden")  # samples that were decided on


@dataclass(frozen=True)
class Narrowing:
    """What is shown.

    Attributes:
        suspicion: a range of its percentiles, one of `fields.RANGES`.
        loss: the same of the loss after training.
        predicted: the class that the model takes all of them for; "" for any.
        tag: that all samples have; "" for any.
        decided: whether samples that were decided on are among them.
    """

    suspicion: str = ALL
    loss: str = ALL
    predicted: str = ""
    tag: str = ""
    decided: bool = True

    def __bool__(self) -> bool:
        """Whether anything is left out."""
        return self != ALL_SAMPLES

    def words(self) -> str:
        """What all samples that are shown have.

        >>> Narrowing("95-100", tag="odd", decided=False).words()
        'a suspicion at percentile 95–100, the tag odd and no decision'
        """
        ranges = ((name, said) for name, said in (("suspicion", self.suspicion), ("loss", self.loss)) if said != ALL)
        parts = [f"a {name} at percentile {said.replace('-', '–')}" for name, said in ranges]
        parts += [f"the prediction {plain(self.predicted)}"] * bool(self.predicted)
        parts += [f"the tag {plain(self.tag)}"] * bool(self.tag) + ["no decision"] * (not self.decided)
        return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))

    def of(self, run: Run, rows: pd.DataFrame) -> Bools:
        """(n,) which of these rows of the review table are shown."""
        left: Bools = np.asarray((rows["verdict"] == "") | self.decided, np.bool_)
        if self.predicted:
            index = cached.info(run).class_names.index(self.predicted)
            left = left & (rows["predicted"] == index).fillna(False).to_numpy(bool)
        if self.tag:
            left = left & rows["id"].isin(tagged(run, cached.table(run))[self.tag]).to_numpy()
        if self.suspicion != ALL:
            left = left & _between(rows["suspicion"], self.suspicion)
        if self.loss != ALL:
            left = left & _between(map_columns.loss_percentiles(run).loc[rows.index], self.loss)
        return left


ALL_SAMPLES = Narrowing()


def _between(values: "pd.Series[float]", said: str) -> Bools:
    low, high = ends(said)
    return np.asarray(values.between(low / 100, high / 100), np.bool_)


def options(classes: Sequence[str], tags: Sequence[str]) -> dict[str, Collection[str]]:
    """What can be chosen, for `view.shown`."""
    return {
        DECIDED: DECIDED_TOO,
        SUSPICION: RANGES,
        LOSS: RANGES,
        PREDICTED: ["", *classes],
        TAG: ["", *tags],
    }


def chosen(now: Mapping[str, str]) -> Narrowing:
    """What is chosen, from what `view.shown` says."""
    return Narrowing(now[SUSPICION], now[LOSS], now[PREDICTED], now[TAG], decided=now[DECIDED] == DECIDED_TOO[0])


def field(run: Run, now: Mapping[str, str], tags: Sequence[str]) -> None:
    """The button that opens the ranges, predictions and tags, with how many of them leave something out."""
    active = sum((now[SUSPICION] != ALL, now[LOSS] != ALL, bool(now[PREDICTED]), bool(now[TAG])))
    words = "Only some samples, by suspicion, by loss or by prediction"
    with st.popover(str(active or ""), icon=":material/filter_alt:", help=words):
        ranges(run, now, view.choose)
        _only("Only samples predicted as", PREDICTED, now, cached.info(run).class_names)
        if tags:
            _only("Only samples with the tag", TAG, now, tags)
        st.button("Show all", key="narrow-none", icon=":material/filter_alt_off:", disabled=not active, on_click=_none)


def _only(title: str, name: str, now: Mapping[str, str], values: Sequence[str]) -> None:
    """A list of what all samples that are shown may have; the first one stands for anything."""
    one_or_any(
        title, {value: value for value in values}, "any", **bound(f"view-{name}", now[name], partial(view.choose, name))
    )


def ranges(run: Run, now: Mapping[str, str], choose: Callable[[str, str], None]) -> None:
    """The sliders of the two ranges, and the losses that one stands for; `choose` is told a name and its value."""
    words = "Suspicion, as a percentile"
    percentiles(words, "view-suspicion", now[SUSPICION], partial(choose, SUSPICION), HELP["suspicion"])
    percentiles("Loss, as a percentile", "view-loss", now[LOSS], partial(choose, LOSS), HELP["loss"])
    low, high = map_columns.loss_span(run, *ends(now[LOSS]))
    st.caption(f"Losses after training from {low:.3g} to {high:.3g}.")


def _none() -> None:
    """All samples again, decided or not as before."""
    for name in (SUSPICION, LOSS, PREDICTED, TAG):
        view.choose(name, "")


def clear() -> None:
    """Have the pages show all samples."""
    _none()
    view.choose(DECIDED, DECIDED_TOO[0])
