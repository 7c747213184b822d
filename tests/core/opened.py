"""What a data source makes of a path, in forms that tests can compare."""

from collections import Counter

import pytest

from core.data import open_source
from core.data.decoding import decoded
from core.errors import UserError


def told(collection):
    """What there is to read: split → [(name, class, grey)], images decoded."""
    return {
        split: [
            (name, collection.class_names[label], int(decoded(part.read(index))[0, 0, 0]))
            for index, (name, label) in enumerate(zip(part.names, part.labels, strict=True))
        ]
        for split, part in (("train", collection.train), ("test", collection.test))
    }


def kinds(collection):
    """How many problems of each kind."""
    return Counter(problem.kind for problem in collection.problems)


def refusal(path, source=None, **settings):
    """The words in which a path is refused."""
    with pytest.raises(UserError) as caught:
        open_source(path, source, settings)
    return str(caught.value)
