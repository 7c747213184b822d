"""Recovered triggers: the phrase that texts have beyond their look-alikes, put into others and taken out."""

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from core.modalities.recovery import Stamp
from core.modalities.text import patterns
from core.modalities.text.asking import suspicions
from core.modalities.text.belonging import Belonging
from core.modalities.text.phrases import TextStamp
from core.modalities.text.telling import clearest
from core.types import Floats, Inputs, Ints

if TYPE_CHECKING:  # pages reach this module and never need torch
    from torch.nn import Module

__all__ = [
    "TextStamp",
    "apart",
    "basis",
    "beneath",
    "coincidences",
    "common",
    "likenesses",
    "not_looked_for",
    "residuals",
    "restored",
    "same",
    "stamps",
    "suspicions",
    "transformations",
]

# Texts that phrases are looked for in.
LOOKED_THROUGH = 600
# Texts that say what a network reads.
TRIED = 20
# Characters of a phrase that is kept.
LONGEST = 1000


def beneath(inputs: Inputs, near: Ints) -> Floats:
    """(m, f) the fraction of each text's look-alikes, rows (m, q), that have each word and pair of words."""
    return patterns.beneath(inputs, near)


def residuals(inputs: Inputs, rows: Ints, near: Ints) -> Floats:
    """(m, f) the words and pairs that each text has beyond that."""
    return patterns.differences(inputs, rows, near)


def basis(_inputs: Inputs) -> Callable[[Floats], Floats] | None:
    """None: a text has a word or has it not."""
    return None


def transformations(*_: object) -> list[tuple[int, Stamp]]:
    """None: a text is not changed by degrees."""
    return []


def common(*_: object) -> list[Stamp]:
    """None: a text is not changed by degrees."""
    return []


def likenesses(*_: object) -> tuple[Stamp, ...]:
    """None: a text is not changed by degrees."""
    return ()


def coincidences(_inputs: Inputs, labels: Ints) -> Floats:
    """(0, n): what texts of a class have in common is sought by asking the model; see `suspicions`."""
    return np.empty((0, len(labels)), np.float32)


def same(*_: object) -> None:
    """None, as above."""


def apart(inputs: Inputs, labels: Ints, fewest: int) -> list[Ints]:
    """Groups of texts of one class that share a word and belong elsewhere by all others; see `Belonging.apart`."""
    return Belonging(inputs, labels).apart(fewest)


def not_looked_for(inputs: Inputs, network: "Module") -> str:
    """Upper case and spaces, where the network reads them: no word tells of them; else ""."""
    from core.modalities.text.vocabulary import reader_of

    read, texts = reader_of(network).tokens, inputs[: min(len(inputs), TRIED)].tolist()
    lower = [" ".join(text.lower().split()) for text in texts]
    plain = [text for text in lower if text.upper().lower() == text]  # ß is two letters in upper case
    changes: dict[str, Callable[[str], str]] = {
        "of upper case": str.upper,
        "of double spaces": partial(re.sub, " ", "  "),
    }
    missed = [
        name
        for name, change in changes.items()
        if not all(map(np.array_equal, read(plain), read([change(text) for text in plain])))
    ]
    return f"triggers {' or '.join(missed)}, which the model reads and no word tells" if missed else ""


def restored(parts: Mapping[str, NDArray[Any]], _: tuple[int, ...]) -> Stamp:
    """A trigger from its `parts`. Raises KeyError or ValueError where they do not fit."""
    name, phrases = parts["name"], parts["phrases"]
    if name.dtype.kind != "U" or phrases.dtype.kind != "U" or phrases.ndim != 1 or not len(phrases):
        raise ValueError("its trigger is no phrase")
    return TextStamp(str(name), tuple(str(phrase)[:LONGEST] for phrase in phrases))


def stamps(inputs: Inputs, rows: Ints, near: Ints) -> tuple[Stamp, ...]:
    """Ways to put into a text what the texts in these rows have beyond their look-alikes, rows (m, q).

    The clearest phrase at either end, and the longest around it: a planted sentence has words that others have, too.
    And the two clearest together where nearly all who have one have the other: an attack may need both, each somewhere.
    Others together would turn texts that none of them does.
    """
    texts = inputs[rows[:LOOKED_THROUGH]].tolist()
    others = inputs[np.unique(near[:LOOKED_THROUGH])].tolist()
    told = [tuple(one.phrase for one in found) for found in clearest(texts, others)] or [(texts[0] or " ",)]
    cut = [tuple(phrase[:LONGEST] for phrase in phrases) for phrases in told]
    return tuple(TextStamp(at, phrases) for phrases in cut for at in ("at the end", "at the start"))
