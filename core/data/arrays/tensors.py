"""What `torch.save` wrote, read without unpickling: tensors, numbers, text, lists and dictionaries of these."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.data.paths import own
from core.errors import UserError
from core.models.weight_files import kind_of
from core.pickle_bounds import require_modest
from core.types import Ints

_HINT = "If you trust the file, open it where it was made, and save tensors and lists alone."


def saved(path: Path) -> Any:
    """What the file holds, on the CPU; large tensors stay on disk where the file's format allows it.

    Raises:
        UserError: it is damaged, asks for more than `require_modest` lets through, or holds anything that would have to
            be unpickled.
    """
    import torch

    path = own(path)
    try:
        kind = kind_of(path)
    except UserError as error:
        raise UserError(error.title, error.detail, _HINT) from error
    if kind != "torch":
        raise UserError(f"{path.name} was not saved by torch.", "", "Save it with torch.save.")
    require_modest(path)
    with path.open("rb") as stream:
        is_zip = stream.read(2) == b"PK"
    try:
        return torch.load(path, map_location="cpu", weights_only=True, mmap=is_zip)
    except Exception as error:  # made-up bytes can break a reader in any way there is; none of them may be a traceback
        reason = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise UserError(
            f"{path.name} was not loaded: it is damaged, or a pickle that does more than hold data.",
            f"torch says: {reason}.",
            _HINT,
        ) from error


def array_of(value: Any, name: str) -> NDArray[Any]:
    """A tensor, an array or a list of numbers as an array. Raises UserError for anything else."""
    import torch

    if isinstance(value, torch.Tensor):
        if value.layout != torch.strided or value.is_meta or value.is_quantized or not value.is_contiguous():
            raise UserError(
                f"{name} is no plain tensor.", "Dense, contiguous tensors are read.", "Save tensor.contiguous() again."
            )
        return np.asarray(value.detach().resolve_conj().resolve_neg().numpy())
    if isinstance(value, list | tuple) and all(type(number) in (int, float) for number in value):
        try:
            return np.array(value, np.float64 if any(type(number) is float for number in value) else np.int64)
        except OverflowError:
            value = "numbers that are too large"
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        return value
    raise UserError(f"{name} holds no numbers.", f"It holds {type(value).__name__}.", "A tensor or a list is needed.")


def indices_of(value: Any, n: int, name: str) -> Ints:
    """Row numbers below n, each once, in order. Raises UserError when there are others among them."""
    rows = array_of(value, name).reshape(-1)
    if not len(rows):
        return np.zeros(0, np.int64)
    if rows.dtype.kind not in "iu" or rows.min() < 0 or rows.max() >= n:
        raise UserError(
            f"{name} holds other things than rows.",
            f"Rows are whole numbers from 0 to {n - 1:,}.",
            "Save a list of row numbers.",
        )
    return np.unique(rows.astype(np.int64))
