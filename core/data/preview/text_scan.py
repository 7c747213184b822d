"""A look at texts before any of them is imported: how long they are, in which scripts, which occur twice."""

import unicodedata
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import chain, zip_longest
from typing import Any

import numpy as np

from core.data.collection import UNREADABLE, Collection, Problem, abridged, legible
from core.data.preview import Preview
from core.data.preview.faults import Place, duplicates_among, tiny_classes
from core.data.preview.places import looked_at, told
from core.errors import UserError
from core.modalities import MODALITIES
from core.modalities.text.duplicates import outline, repeats
from core.modalities.text.inputs import SHAPE, strings

Listen = Callable[[float, str], None]
N_EXAMPLES = 12
_TOGETHER = 256  # texts between two words about progress
_SAMPLED = 200  # characters of a text that its script is told from


def scan_texts(collection: Collection, listen: Listen, most: int) -> Preview:
    """What a collection of texts holds, and what is wrong with it; see `core.data.preview.scan.scan`."""
    places, problems = looked_at(collection, most), list[Problem]()
    seen, exact, near = list[Place](), list[bytes](), list[bytes]()
    lengths, scripts = list[int](), Counter[str]()
    for number, place in enumerate(places):
        try:
            text = str(place.part.read(place.index))
        except (UserError, OSError) as error:
            problems.append(Problem(UNREADABLE, place.name, legible(str(error))))
            continue
        seen.append(place)
        exact.append(text.encode("utf-8", "replace"))
        near.append(outline(text))
        lengths.append(len(text))
        scripts[script(text)] += 1
        if number % _TOGETHER == 0:
            listen(number / len(places), f"{number:,} of {len(places):,} texts")
    if not seen:
        raise UserError("None of the texts can be read.", problems[0].detail if problems else "", "Choose other data.")
    same = repeats(exact)
    known = {later for later, _ in same}
    alike = [(later, first) for later, first in repeats(near) if later not in known]
    every = [*problems, *collection.problems, *tiny_classes(collection), *duplicates_among(seen, same, alike, "text")]
    quartiles = np.quantile(lengths, [0, 0.5, 1]).astype(int).tolist()
    words = f"{quartiles[0]:,} to {quartiles[2]:,} characters, half of them up to {quartiles[1]:,}"
    about = {"length": words, **collection.about}
    return Preview(
        **{**told(collection), "about": {legible(key): legible(value) for key, value in about.items()}},
        **_examples(collection, seen),
        sizes=(),
        n_sizes=0,
        modes=dict(scripts.most_common()),
        shape=SHAPE,
        n_looked_at=len(places),
        n_unreadable=len(problems),
        problems=abridged(every),
        found=Counter(problem.kind for problem in every),
    )


def script(text: str) -> str:
    """The script that most letters of a text's beginning are of, as Unicode calls it; "no letters" for none.

    >>> script("Good film"), script("Хорошо"), script("良い映画"), script("😀 42")
    ('Latin', 'Cyrillic', 'CJK', 'no letters')
    """
    letters = (sign for sign in text[:_SAMPLED] if sign.isalpha())
    names = Counter(unicodedata.name(sign, "other").split(" ")[0] for sign in letters)
    if not names:
        return "no letters"
    name = names.most_common(1)[0][0]
    return name if name == "CJK" else name.capitalize()


def _examples(collection: Collection, seen: Sequence[Place]) -> Mapping[str, Any]:
    """A few training texts: one of each class in turn, then the next of each."""
    classes: dict[str, list[Place]] = {}
    for place in seen:
        if not place.is_test:
            classes.setdefault(place.class_name, []).append(place)
    spread = list(classes.values())[:: max(1, len(classes) // N_EXAMPLES)]
    shown = [place for place in chain.from_iterable(zip_longest(*spread)) if place][:N_EXAMPLES]
    texts = [strings(str(place.part.read(place.index))) for place in shown]
    return {
        "examples": MODALITIES["text"].kept(texts, SHAPE),
        "example_names": tuple(place.name for place in shown),
        "example_labels": tuple(int(collection.train.labels[place.index]) for place in shown),
    }
