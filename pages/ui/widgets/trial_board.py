"""One test image with and without a trigger, large, with what the models answered: bars glide, nothing jumps."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st

from core.output import palette

_ASSETS = Path(__file__).parents[3] / "assets"
_mount = st.components.v2.component(
    "assay.trial", css=(_ASSETS / "trial.css").read_text(), js=(_ASSETS / "trial.js").read_text()
)
Answers = Sequence[tuple[int, float]]


@dataclass(frozen=True)
class Panel:
    """One image of the board.

    Attributes:
        title: what is seen.
        image_url: relative address, or a data: URL.
        answers: a model's likeliest classes and their probabilities; none for an image that no model was asked about.
        goal: the class that the attacker wants, in the hue of poison wherever it appears; None for an untouched image.
        note: one or two lines at the bottom.
    """

    title: str
    image_url: str
    answers: Answers = ()
    goal: int | None = None
    note: str = ""


def board(panels: Sequence[Panel], names: Sequence[str], *, key: str) -> None:
    """The panels side by side."""
    data = {"panels": [_sent(panel, names) for panel in panels], "poison": palette.POISON, "accent": palette.ACCENT}
    _mount(key=key, data=data)


def probability_words(probability: float) -> str:
    """A probability as people say it, never rounded to certainty: "97%", "<1%", ">99%"."""
    return "<1%" if probability < 0.01 else ">99%" if probability > 0.99 else f"{probability:.0%}"


def _sent(panel: Panel, names: Sequence[str]) -> dict[str, object]:
    answers = [
        {
            "name": names[index],
            "probability": probability,
            "words": probability_words(probability),
            "goal": index == panel.goal,
        }
        for index, probability in panel.answers
    ]
    verdict = f"{answers[0]['name']} {answers[0]['words']}" if answers else ""
    poisoned = bool(answers and answers[0]["goal"])
    kept = {name: value for name, value in asdict(panel).items() if name in ("title", "image_url", "note")}
    return kept | {"answers": answers, "verdict": verdict, "poisoned": poisoned}
