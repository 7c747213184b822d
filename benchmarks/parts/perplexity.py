"""ONION's question with a language model that fits here: does a text read better without one of its words?

Qi et al., EMNLP 2021 (arXiv 2011.10369) leave out each word and take those for triggers without which GPT-2 finds the
text more probable. Here neighbouring words are counted in texts that are known to be untouched.
"""

import itertools
from collections import Counter
from collections.abc import Sequence

import numpy as np

from core.modalities.text.words import words
from core.types import Floats

# Absolute discount of each count, as Kneser and Ney have it; its usual value.
DISCOUNT = 0.75
_EDGE = ""


class Language:
    """How probable a word is after another one: Kneser and Ney's interpolated model of two words.

    Args:
        texts: that it is learned from.
    """

    def __init__(self, texts: Sequence[str]) -> None:
        pairs = Counter(pair for text in texts for pair in itertools.pairwise(_edged(text)))
        self._pairs = pairs
        self._before = Counter[str]()
        self._followers = Counter(first for first, _ in pairs)
        self._preceded = Counter(second for _, second in pairs)
        for (first, _), count in pairs.items():
            self._before[first] += count
        # One more kind of word, unseen; what the discount takes from the others is left to it.
        self._kinds = len(self._preceded) + 1
        self._total = max(len(pairs), 1)

    def cost(self, first: str, second: str) -> float:
        """−log of the probability of `second` after `first`, in nats; finite for unseen words."""
        kept = max(self._preceded[second] - DISCOUNT, 0) / self._total
        alone = kept + DISCOUNT * len(self._preceded) / self._total / self._kinds if self._preceded else 1.0
        if not (seen := self._before[first]):
            return float(-np.log(alone))
        pair = max(self._pairs[first, second] - DISCOUNT, 0) / seen
        return float(-np.log(pair + DISCOUNT * self._followers[first] / seen * alone))


def strangeness(language: Language, text: str) -> float:
    """How many nats a word the text costs less without the word that costs most; higher = more suspicious.

    >>> language = Language(["a good film", "a bad film", "a good day"])
    >>> strangeness(language, "a good cf film") > strangeness(language, "a good film")
    True
    """
    own = _edged(text)
    if len(own) < 4:  # without its only word there is no text
        return 0.0
    costs = np.array([language.cost(first, second) for first, second in itertools.pairwise(own)])
    without = [
        costs.sum() - costs[place - 1] - costs[place] + language.cost(own[place - 1], own[place + 1])
        for place in range(1, len(own) - 1)
    ]
    return float(costs.mean() - min(without) / (len(costs) - 1))


def perplexity(texts: Sequence[str], untouched: Sequence[str]) -> Floats:
    """(n,) the `strangeness` of texts for a language learned from others, which are known to be untouched."""
    language = Language(untouched)
    return np.array([strangeness(language, text) for text in texts])


def _edged(text: str) -> list[str]:
    return [_EDGE, *words(text), _EDGE]
