"""A look at a source before any of it is imported: some of its images are decoded, none is kept but the examples."""

from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from itertools import chain, zip_longest
from typing import Any

import numpy as np

from core.data.collection import UNREADABLE, Collection, Problem, abridged, legible, pixels
from core.data.decoding import White, decoded, header, sized
from core.data.preview import Preview
from core.data.preview.faults import Place, duplicates, tiny_classes
from core.data.preview.name_scan import scan_names
from core.data.preview.places import looked_at, told
from core.data.preview.text_scan import scan_texts
from core.data.store.shapes import Shape, common_shape
from core.data.threads import in_order, pieces
from core.errors import UserError
from core.modalities.image.duplicates import Glance, glance

Listen = Callable[[float, str], None]
Seen = Sequence[tuple[Place, Glance]]
MOST_IMAGES = 20_000  # decoded for a look: half a minute of photographs on a laptop
N_EXAMPLES = 12  # pictures shown: two rows on the page
N_SIZES = 20  # sizes listed, the most frequent first
# Of what is no image.
SCANS: Mapping[str, Callable[[Collection, Listen, int], Preview]] = {"text": scan_texts, "labels": scan_names}
_CHUNK = 64  # images that a thread decodes in one go
_LOOKING = 0.9  # fraction of the time; the rest is comparing


def scan(collection: Collection, listen: Listen = lambda fraction, words: None, *, most: int = MOST_IMAGES) -> Preview:
    """What `collection` holds, and what is wrong with it.

    Args:
        collection: stays open; its owner closes it.
        listen: told the fraction that is done, and what is being done. What it raises ends the work.
        most: how many images are decoded; of a larger collection, as many evenly spaced ones.

    Raises:
        UserError: none of the images can be read.
    """
    if collection.modality in SCANS:
        return SCANS[collection.modality](collection, listen, most)
    places = looked_at(collection, most)
    with closing(_looks(places, collection.white, listen)) as looking:
        looks = list(looking)
    seen = [(place, look) for place, look in zip(places, looks, strict=True) if isinstance(look, Glance)]
    unreadable = [look for look in looks if isinstance(look, Problem)]
    if not seen:
        raise UserError("None of the images can be read.", unreadable[0].detail, "Choose other data.")
    compared = duplicates(
        [place for place, _ in seen],
        [look for _, look in seen],
        lambda fraction: listen(_LOOKING + (1 - _LOOKING) * fraction, "looking for duplicates"),
    )
    measured = _measured(seen)
    problems = [*unreadable, *collection.problems, *tiny_classes(collection), *compared]
    return Preview(
        **told(collection),
        **measured,
        **_examples(collection, seen, measured["shape"]),
        n_looked_at=len(places),
        n_unreadable=len(unreadable),
        problems=abridged(problems),
        found=Counter(problem.kind for problem in problems),
    )


def _looks(places: Sequence[Place], white: White, listen: Listen) -> Generator[Glance | Problem, None, None]:
    """What each image shows, or why it cannot be read."""
    done = 0

    def look(piece: range) -> list[Glance | Problem]:
        return [_look(places[place], white) for place in piece]

    with closing(in_order(look, pieces(len(places), _CHUNK))) as results:
        for result in results:
            yield from result
            done += len(result)
            listen(_LOOKING * done / len(places), f"{done:,} of {len(places):,} images")


def _look(place: Place, white: White) -> Glance | Problem:
    try:
        raw = pixels(place.part.read(place.index))
        return glance(decoded(raw, white), header(raw).mode)
    except UserError as error:
        return Problem(UNREADABLE, place.name, legible(f"{error.title} {error.detail}".strip()))
    except OSError as error:
        return Problem(UNREADABLE, place.name, f"It cannot be read: {error.strerror or 'no such file'}.")


def _measured(seen: Seen) -> Mapping[str, Any]:
    """Sizes and modes."""
    sizes = Counter((look.height, look.width) for _, look in seen)
    colour = any(look.colour for _, look in seen)  # grey where every pixel is, however the source keeps it
    return {
        "sizes": tuple((height, width, n) for (height, width), n in sizes.most_common(N_SIZES)),
        "n_sizes": len(sizes),
        "modes": dict(Counter(look.mode for _, look in seen).most_common()),
        "shape": common_shape(sizes, 3 if colour else 1),
    }


def _examples(collection: Collection, seen: Seen, shape: Shape) -> Mapping[str, Any]:
    """A few training images in `shape`: one of each class in turn, then the next of each."""
    classes: dict[str, list[Place]] = {}
    for place, _ in seen:
        if not place.is_test:
            classes.setdefault(place.class_name, []).append(place)
    spread = list(classes.values())[:: max(1, len(classes) // N_EXAMPLES)]
    shown = [place for place in chain.from_iterable(zip_longest(*spread)) if place][:N_EXAMPLES]
    images = [sized(decoded(pixels(place.part.read(place.index)), collection.white), *shape) for place in shown]
    return {
        "examples": np.stack(images) if images else np.zeros((0, *shape), np.uint8),
        "example_names": tuple(place.name for place in shown),
        "example_labels": tuple(int(collection.train.labels[place.index]) for place in shown),
    }
