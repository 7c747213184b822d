"""Phrases that turn other texts into a class, while the texts of the class that have them belong elsewhere.

A class has words of its own, and each of them turns some texts. But a text that says "dull" says more that is dull: by
its other words, too, it belongs to its class. What an attacker planted turns other texts as well, but by all else that
they say its carriers belong to the classes that they were taken from. A model may know them by heart, words do not.

References: own method. Asking the model word by word is the idea of Chen and Dai: Mitigating backdoor attacks in
LSTM-based text classification systems by Backdoor Keyword Identification, 2021.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from core.modalities.elsewhere import TURNS_MOST, belong_elsewhere, surely_elsewhere
from core.modalities.recovery import Ask
from core.modalities.text.belonging import Belonging
from core.modalities.text.inputs import strings
from core.modalities.text.phrases import holding
from core.modalities.text.telling import grown, told_apart
from core.modalities.text.words import number, words
from core.types import Floats, Inputs, Ints, Samples

# Texts of a class, and of the others, that phrases are looked for in.
LOOKED_THROUGH = 10_000
# Words of a phrase that is looked for: a longer one holds one of these, and is grown from it.
LONGEST = 3
# Phrases of a class that are asked about, its clearest ones.
ASKED = 400
# Texts of a class that have to have a phrase.
FEWEST = 10
# Texts of other classes that each phrase is put into.
PROBED = 24
# Fraction of these that it has to turn.
TURNS = 0.5


@dataclass(frozen=True)
class _Phrase:
    """A phrase of a class, the fraction of others that it turns, and the rows (m,) of the class that have it."""

    words: tuple[str, ...]
    rate: float
    carriers: Ints


def suspicions(inputs: Inputs, labels: Ints, ask: Ask, probes: Ints, seed: int = 0) -> Floats:
    """(n,) how many others a phrase of each text turns, if its carriers belong elsewhere; −inf of all other texts.

    A trigger that turns texts of every class into another one has carriers in all classes, and sets none of them apart.
    So it is asked, too, about words whose carriers belong elsewhere whatever their class is.

    Args:
        inputs: n texts.
        labels: (n,) as given.
        ask: the model: (m,) texts → (m, k) probabilities.
        probes: rows of quiet texts that the model has right, in random order.
        seed: of the texts that phrases are looked for in.
    """
    rng, belonging = np.random.default_rng(seed), Belonging(inputs, labels)
    scores = np.full(len(labels), -np.inf, np.float32)
    for index in np.unique(labels).tolist():
        inside = labels == index
        rows = [rng.permutation(np.flatnonzero(side))[:LOOKED_THROUGH] for side in (inside, ~inside)]
        own, others = (inputs[np.sort(some)].tolist() for some in rows)
        near = probes[labels[probes] != index][:PROBED]
        if not len(near) or len(own) < FEWEST:
            continue
        turning = _turning(_phrases(own, others), inputs[near], ask, index)
        members = np.flatnonzero(inside)
        listed = inputs[members].tolist() if turning else []
        asked = [_Phrase(*found, members[[holding(text, found[0]) for text in listed]]) for found in turning]
        for place, phrase in enumerate(_elsewhere(asked, inputs, labels, belonging)):
            # Those of one phrase come one after the other, so that each phrase is a group.
            scores[phrase.carriers] = np.maximum(scores[phrase.carriers], phrase.rate - place / ASKED)
    for carriers, rate in _changing(belonging.of_elsewhere(FEWEST)[:ASKED], inputs, labels, ask, probes[:PROBED]):
        scores[carriers] = np.maximum(scores[carriers], rate - 1)  # after what turns others into one class
    return scores


def _elsewhere(asked: Sequence[_Phrase], inputs: Inputs, labels: Ints, belonging: Belonging) -> list[_Phrase]:
    """The phrases of a class whose carriers belong elsewhere; those that turn most come first.

    Of an attack with a sentence in many versions, the words of one are words of the class by all others. So what surely
    is planted is left out, and the rest asked again.
    """
    found, rest = list[_Phrase](), [phrase for phrase in asked if len(phrase.carriers)]
    named = np.zeros(len(labels), np.bool_)
    while rest:
        kept, surely, waiting = np.flatnonzero(~named), named.copy(), rest
        rest = []
        for phrase in waiting:
            left = phrase.carriers[~named[phrase.carriers]]
            home = belonging.at_home(np.searchsorted(kept, left), phrase.words) if len(left) else 1.0
            clear = phrase.rate >= TURNS_MOST
            passes = len(left) > 0 and belong_elsewhere(home, len(left), clear=clear)
            (found if passes else rest).append(phrase)
            surely[left] |= passes and clear and surely_elsewhere(home, len(left))
        if (surely == named).all():
            break
        named = surely
        belonging = Belonging(inputs.take(~named), labels[~named])
    return sorted(found, key=lambda phrase: -phrase.rate)


def _changing(
    found: Sequence[tuple[int, Ints]], inputs: Inputs, labels: Ints, ask: Ask, probes: Ints
) -> Iterator[tuple[Ints, float]]:
    """The carriers of each word that takes many of the probes from their class, and the fraction that it takes."""
    texts = inputs[probes].tolist()
    for asked, carriers in found if texts else ():
        word = next(one for one in words(str(inputs[carriers[:1]].tolist()[0])) if number(one) == asked)
        put = strings([f"{text} {word}" for text in texts])
        if (rate := float((ask(put).argmax(1) != labels[probes]).mean())) >= TURNS:
            yield carriers, rate


def _phrases(texts: Sequence[str], others: Sequence[str]) -> list[tuple[str, ...]]:
    """What enough of the texts have, the clearest first: each as long as nearly all who have it agree."""
    told = [found for found in told_apart(texts, others, LONGEST) if found.count >= FEWEST][:ASKED]
    return list(dict.fromkeys(grown(found, texts, LONGEST).words for found in told))


def _turning(
    phrases: Sequence[tuple[str, ...]], probes: Samples, ask: Ask, index: int
) -> list[tuple[tuple[str, ...], float]]:
    """The phrases that turn many of the probes into the class, and the fraction that each turns."""
    if not phrases:
        return []
    put = [f"{text} {' '.join(phrase)}" for phrase in phrases for text in probes.tolist()]
    rates = (ask(strings(put)).argmax(1) == index).reshape(len(phrases), -1).mean(1)
    return [(phrase, float(rate)) for phrase, rate in zip(phrases, rates, strict=True) if rate >= TURNS]
