"""A look at names and labels before they are imported: how many of each class, and which names occur twice."""

from collections import Counter
from collections.abc import Callable
from itertools import chain, zip_longest

from core.data.collection import Collection, abridged
from core.data.preview import Preview
from core.data.preview.faults import Place, duplicates_among, tiny_classes
from core.data.preview.places import looked_at, told
from core.modalities import MODALITIES
from core.modalities.labels.inputs import MODALITY, SHAPE, strings

Listen = Callable[[float, str], None]
N_EXAMPLES = 12


def scan_names(collection: Collection, listen: Listen, most: int) -> Preview:
    """What a collection of names and labels holds, and what is wrong with it; see `core.data.preview.scan.scan`."""
    places, first, same = looked_at(collection, most), dict[str, int](), list[tuple[int, int]]()
    for number, place in enumerate(places):
        earlier = first.setdefault(place.name, number)
        if earlier != number:
            same.append((number, earlier))
    listen(1.0, f"{len(places):,} names")
    problems = [*collection.problems, *tiny_classes(collection), *duplicates_among(places, same, [], "name")]
    classes: dict[str, list[Place]] = {}
    for place in places:
        if not place.is_test:
            classes.setdefault(place.class_name, []).append(place)
    spread = list(classes.values())[:: max(1, len(classes) // N_EXAMPLES)]
    shown = [place for place in chain.from_iterable(zip_longest(*spread)) if place][:N_EXAMPLES]
    return Preview(
        **told(collection),
        sizes=(),
        n_sizes=0,
        modes={},
        shape=SHAPE,
        examples=MODALITIES[MODALITY].kept([strings(place.name) for place in shown], SHAPE),
        example_names=tuple(place.name for place in shown),
        example_labels=tuple(int(collection.train.labels[place.index]) for place in shown),
        n_looked_at=len(places),
        n_unreadable=0,
        problems=abridged(problems),
        found=Counter(problem.kind for problem in problems),
    )
