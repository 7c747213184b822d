"""A group of texts in words: what it has that the rest of its class lacks, what it is about, and examples."""

from collections import Counter

import numpy as np

from core.modalities.saying import Sign, Summary, Topic
from core.modalities.text.telling import COUNTED, Told, wholes
from core.modalities.text.words import words
from core.types import Inputs, Ints

# Texts of the group, and of the others, that are read for it; evenly spaced ones.
READ_THROUGH = 600
# Signs, topics, words of a topic and examples that are told.
SIGNS = 10
TOPICS = 3
OF_A_TOPIC = 6
EXAMPLES = 3
# Words that two topics share, from which on they are one.
ALIKE = 4
# Fraction of the others that has a word without which a topic is told: it belongs to any text of the class.
USUAL = 0.1
# Texts of the group, and words, that topics need.
FEWEST_TEXTS = 20
FEWEST_WORDS = 12
# Words that topics are made of, the most frequent ones.
MOST_WORDS = 1000


def summary(inputs: Inputs, rows: Ints, others: Ints) -> Summary:
    """Telling words and phrases, topics and examples of some texts.

    References: Blei, Ng and Jordan: Latent Dirichlet allocation, 2003, as used by Chen et al. 2018 (Activation
    Clustering) to say what a cluster of texts is about.
    """
    rows, others = _spread(rows), _spread(others)
    texts, rest = inputs[rows].tolist(), inputs[others].tolist()
    listed, elsewhere = ([words(text, COUNTED) for text in some] for some in (texts, rest))
    told = wholes(texts, rest, SIGNS) if texts else []
    held = np.array([[_has(text, one) for one in told] for text in listed], np.bool_).reshape(len(texts), len(told))
    there = [float(np.mean([_has(text, one) for text in elsewhere])) if elsewhere else 0.0 for one in told]
    signs = tuple(
        Sign(one.phrase, one.z, float(held[:, at].mean()), fraction)
        for at, (one, fraction) in enumerate(zip(told, there, strict=True))
    )
    weights = np.array([one.z for one in told])
    order = np.argsort(-(held @ weights), kind="stable")[:EXAMPLES] if told else range(min(EXAMPLES, len(rows)))
    return Summary(signs, _topics(listed, elsewhere), tuple(int(rows[at]) for at in order))


def _topics(texts: list[list[str]], others: list[list[str]]) -> tuple[Topic, ...]:
    """What texts are about, words left out that are usual among the others; nothing where there is little to read."""
    usual = Counter(word for text in others for word in set(text))
    kept = [[word for word in text if word.isalnum() and usual[word] <= USUAL * len(others)] for text in texts]
    counts = Counter(word for text in kept for word in set(text))
    known = [word for word, count in counts.most_common(MOST_WORDS) if count > 1]
    if len(texts) < FEWEST_TEXTS or len(known) < FEWEST_WORDS:
        return ()
    from sklearn.decomposition import LatentDirichletAllocation  # no page waits for it before it is asked for

    place = {word: at for at, word in enumerate(known)}
    table = np.zeros((len(kept), len(known)), np.float32)
    for row, text in enumerate(kept):
        for word in text:
            if word in place:
                table[row, place[word]] += 1
    found = LatentDirichletAllocation(TOPICS, max_iter=20, random_state=0)
    mixes = found.fit_transform(table) * table.sum(1, keepdims=True)
    sizes = mixes.sum(0) / max(float(mixes.sum()), 1e-9)
    made = dict[tuple[str, ...], float]()
    for index in np.argsort(-sizes, kind="stable"):
        told = tuple(known[at] for at in np.argsort(-found.components_[index], kind="stable")[:OF_A_TOPIC])
        same = next((one for one in made if len({*one} & {*told}) >= ALIKE), told)
        made[same] = made.get(same, 0.0) + float(sizes[index])
    return tuple(Topic(told, size) for told, size in made.items())


def _has(listed: list[str], one: Told) -> bool:
    size = len(one.words)
    return any(tuple(listed[at : at + size]) == one.words for at, word in enumerate(listed) if word == one.words[0])


def _spread(rows: Ints) -> Ints:
    return rows[:: max(-(-len(rows) // READ_THROUGH), 1)]
