"""What size the samples of a stored data set have where they come from; in the store, all have one size."""

from pathlib import Path

import numpy as np

from core.data import store
from core.data.store.reading import open_array
from core.errors import UserError
from core.types import Ints

SIZES = ("sizes.npy", "test_sizes.npy")  # of the training and of the test samples


def sample_sizes(workspace: Path, dataset_id: str, part: int = 0) -> Ints | None:
    """(n, 2) height and width of each training (part 0) or test (part 1) sample in its source; None where not known.

    A poisoned copy has those of the data that it was made from.
    """
    info = store.describe(workspace, dataset_id)
    own, n = workspace / "datasets" / info.id / SIZES[part], (info.n, info.n_test)[part]
    if own.exists():
        sizes: Ints = np.asarray(open_array(own))
        return sizes if sizes.shape == (n, 2) and np.issubdtype(sizes.dtype, np.integer) else None
    if info.parent is None:
        return None
    try:
        sizes_there = sample_sizes(workspace, info.parent, part)
    except UserError:  # it was deleted since
        return None
    if sizes_there is None or part:
        return sizes_there if sizes_there is not None and len(sizes_there) == n else None
    ids, ids_there = (open_array(workspace / "datasets" / each / "ids.npy") for each in (info.id, info.parent))
    place = {int(sample): row for row, sample in enumerate(ids_there.tolist())}
    rows = [place.get(int(sample), -1) for sample in ids.tolist()]
    return None if -1 in rows else np.asarray(sizes_there[rows])
