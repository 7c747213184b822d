"""Phrases that turn other texts into a class, while the texts of the class that have them belong elsewhere.

A class has words of its own, and each of them turns some texts. But a text that says "dull" says more that is dull: by
its other words, too, it belongs to its class. What an attacker planted turns other texts as well, but by all else that
they say its carriers belong to the classes that they were taken from. A model may know them by heart, words do not.

References: own method. Asking the model word by word is the idea of Chen and Dai: Mitigating backdoor attacks in
LSTM-based text classification systems by Backdoor Keyword Identification, 2021.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from core.modalities.elsewhere import TURNS_MOST, belong_elsewhere
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
        for place, (phrase, rate) in enumerate(sorted(turning, key=lambda found: -found[1])):
            carriers = members[[holding(text, phrase) for text in listed]]
            if not len(carriers):
                continue
            if belong_elsewhere(belonging.at_home(carriers, phrase), len(carriers), clear=rate >= TURNS_MOST):
                # Those of one phrase come one after the other, so that each phrase is a group.
                scores[carriers] = np.maximum(scores[carriers], rate - place / ASKED)
    for carriers, rate in _changing(belonging.of_elsewhere(FEWEST)[:ASKED], inputs, labels, ask, probes[:PROBED]):
        scores[carriers] = np.maximum(scores[carriers], rate - 1)  # after what turns others into one class
    return scores


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
