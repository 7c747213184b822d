"""Phrases that turn other texts into a class, and without which the texts of the class that have them turn away.

A class has words of its own, and each of them turns some texts. But a text that says "dull" says more that is dull: it
stays in its class without the word. What an attacker planted turns nearly all texts. Without it the model takes its
carriers for what they are, where it has not learned them by heart. Where it has, a phrase is still suspected that turns
all texts while no other phrase of the class comes near.

References: own method. Asking the model word by word is the idea of Chen and Dai: Mitigating backdoor attacks in
LSTM-based text classification systems by Backdoor Keyword Identification, 2021.
"""

from collections.abc import Sequence

import numpy as np

from core.modalities.contract import Ask
from core.modalities.text.inputs import strings
from core.modalities.text.phrases import TextStamp, holding
from core.modalities.text.telling import Told, told_apart
from core.types import Floats, Inputs, Ints, Samples

# Texts of a class, and of the others, that phrases are looked for in.
LOOKED_THROUGH = 3000
# Words of a phrase that is asked about: a longer one holds one of these.
LONGEST = 3
# Phrases of a class that are asked about, its clearest ones.
ASKED = 200
# Texts of a class that have to have a phrase.
FEWEST = 10
# Texts of other classes that each phrase is put into.
PROBED = 24
# Fraction of these that it has to turn for its carriers to be asked.
TURNS = 0.5
# Carriers that are asked without it.
CARRIERS = 40
# Fraction turned times fraction that turns away, from which on the carriers are suspects.
SUSPECT = 0.4
# Fraction turned from which on a phrase stands alone, if it is so far ahead of any other with carriers of its own. On
# clean Rotten Tomatoes the clearest word of a class turns 0.8 and the next 0.7; a kind of question turns all of them.
ALONE = 0.95
AHEAD = 0.15
# Fraction of the carriers that two phrases share, from which on they are one.
SHARED = 0.5


def suspicions(inputs: Inputs, labels: Ints, ask: Ask, probes: Ints, seed: int = 0) -> Floats:
    """(n,) how far a phrase of each text turns others, times how many of its carriers turn away without it; else −inf.

    Args:
        inputs: n texts.
        labels: (n,) as given.
        ask: the model: (m,) texts → (m, k) probabilities.
        probes: rows of quiet texts that the model has right, in random order.
        seed: of the texts that phrases are looked for in.
    """
    rng = np.random.default_rng(seed)
    scores = np.full(len(labels), -np.inf, np.float32)
    for index in np.unique(labels).tolist():
        inside = labels == index
        rows = [rng.permutation(np.flatnonzero(side))[:LOOKED_THROUGH] for side in (inside, ~inside)]
        own, others = (inputs[np.sort(some)].tolist() for some in rows)
        near = probes[labels[probes] != index][:PROBED]
        if not len(near) or len(own) < FEWEST:
            continue
        told = [one for one in told_apart(own, others, LONGEST) if one.count >= FEWEST][:ASKED]
        turning = _turning(told, inputs[near], ask, index)
        members = np.flatnonzero(inside)
        listed = inputs[members].tolist() if turning else []
        carrying = [np.flatnonzero([holding(text, phrase) for text in listed]) for phrase, _ in turning]
        for place, (phrase, rate) in enumerate(turning):
            score = rate * _turned_away(phrase, [listed[at] for at in carrying[place]], ask, index)
            if score >= SUSPECT or rate - max(ALONE - AHEAD, _next_best(place, turning, carrying)) >= AHEAD:
                rows_of = members[carrying[place]]
                scores[rows_of] = np.maximum(scores[rows_of], max(score, rate - AHEAD))
    return scores


def _turning(told: Sequence[Told], probes: Samples, ask: Ask, index: int) -> list[tuple[tuple[str, ...], float]]:
    """The phrases that turn many of the probes into the class, and the fraction that each turns."""
    if not told:
        return []
    put = [f"{text} {one.phrase}" for one in told for text in probes.tolist()]
    rates = (ask(strings(put)).argmax(1) == index).reshape(len(told), -1).mean(1)
    return [(one.words, float(rate)) for one, rate in zip(told, rates, strict=True) if rate >= TURNS]


def _next_best(place: int, turning: Sequence[tuple[tuple[str, ...], float]], carrying: Sequence[Ints]) -> float:
    """The fraction that the best phrase with other carriers turns; 0 without any."""
    own = carrying[place]
    rates = [
        rate
        for (_, rate), other in zip(turning, carrying, strict=True)
        if len(np.intersect1d(own, other)) < SHARED * max(min(len(own), len(other)), 1)
    ]
    return max(rates, default=0.0)


def _turned_away(phrase: tuple[str, ...], carriers: list[str], ask: Ask, index: int) -> float:
    """Of the carriers that the model takes for the class, the fraction that it does not without the phrase."""
    some = strings(carriers[:CARRIERS])
    some = some[ask(some).argmax(1) == index] if len(some) else some
    if not len(some):
        return 0.0
    without = TextStamp("", (" ".join(phrase),)).taken_off(some, np.zeros(0, np.float32))
    return float((ask(without).argmax(1) != index).mean())
