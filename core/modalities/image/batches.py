"""Images on their way into a network. Everything here needs torch.

Images that fit the device lie there as uint8. Others stay in main memory, or mapped in their file. While the network
works on one batch, threads read the next ones into pinned memory, and a stream of its own copies them.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.modalities.augmented import Augmentation
from core.modalities.image.augmentation import AUGMENTATIONS
from core.types import Inputs, Ints, Samples

MAX_FRACTION_ON_DEVICE = 0.5  # of the free memory of a GPU; the rest is for the model, its gradients and a batch
CHUNK = 4096  # images that go to the device together
AHEAD = 4  # batches that are read while one is computed on
READERS = 4  # threads that read for a GPU; a CPU needs its cores itself, and has one
# Levels in main memory → the same on their way to the device, and what whoever works on them calls first.
Mover = Callable[[Tensor], tuple[Tensor, Callable[[], None]]]


@dataclass(frozen=True)
class Resident:
    """Images where a network can reach them.

    Attributes:
        inputs: n images.
        device: of the network.
        tensor: (n, h, w, c) uint8, all of them on the device; None where they stay as they are and move batch by batch.
    """

    inputs: Inputs
    device: torch.device
    tensor: Tensor | None = None

    def __len__(self) -> int:
        return len(self.inputs)

    @property
    def shape(self) -> tuple[int, ...]:
        """(h, w, c) of one image."""
        return self.inputs.shape

    def batch(self, rows: Tensor) -> Tensor:
        """Floats in [0, 1], (b, c, h, w) with channels last in memory, on the device."""
        if self.tensor is None:
            return _floats(torch.from_numpy(self.inputs[rows.numpy()]).to(self.device))
        return _floats(self.tensor.index_select(0, rows.to(self.device)))

    def streamed(self, parts: Sequence[Tensor]) -> Iterator[Tensor]:
        """The same for each part (b,), rows in main memory; of images on the device the rows go there in one copy."""
        if self.tensor is None:
            readers = READERS if self.device.type == "cuda" else 1
            yield from map(_floats, read_ahead(self.inputs, parts, mover_to(self.device), readers))
        elif parts:
            rows = torch.cat(tuple(parts)).to(self.device)
            for own in rows.split([len(part) for part in parts]):
                yield _floats(self.tensor.index_select(0, own))


def read_ahead(inputs: Inputs, parts: Sequence[Tensor], move: Mover, readers: int) -> Iterator[Tensor]:
    """(b, h, w, c) uint8 on the device, part by part, in order, up to four parts before they are asked for.

    Args:
        inputs: n images, in main memory or mapped in their file.
        parts: (b,) rows of each part, in main memory.
        move: brings what was read to the device.
        readers: threads that read and move at the same time.
    """
    waiting: deque[Future[tuple[Tensor, Callable[[], None]]]] = deque()
    pool = ThreadPoolExecutor(readers)
    try:
        for place, _ in enumerate(parts):
            for part in parts[place + len(waiting) : place + AHEAD]:
                waiting.append(pool.submit(lambda rows: move(torch.from_numpy(inputs[rows.numpy()])), part))
            levels, arrive = waiting.popleft().result()
            arrive()
            yield levels
    finally:
        pool.shutdown(cancel_futures=True)


def mover_to(device: torch.device) -> Mover:
    """What moves to the device; to a GPU from pinned memory on a stream of its own, which the network's waits for."""
    if device.type != "cuda":
        return lambda levels: (levels.to(device), lambda: None)
    stream = torch.cuda.Stream(device)

    def move(levels: Tensor) -> tuple[Tensor, Callable[[], None]]:
        with torch.cuda.stream(stream):
            moved = levels.pin_memory().to(device, non_blocking=True)
            event = stream.record_event()

        def arrive() -> None:
            current = torch.cuda.current_stream(device)
            current.wait_event(event)
            moved.record_stream(current)

        return moved, arrive

    return move


def resident(
    inputs: Inputs, device: torch.device, _: torch.nn.Module | None = None, *, free: int | None = None
) -> Resident:
    """The images for a network on `device`: they go there at once when at most half of its free memory is needed.

    Args:
        inputs: n images.
        device: of the network.
        free: bytes that the device has left; None asks it, and one that cannot say is taken to have enough.
    """
    if device.type == "cpu":
        return Resident(inputs, device)
    if free is None and device.type == "cuda":
        free = torch.cuda.mem_get_info(device)[0]
    if free is not None and inputs.nbytes > MAX_FRACTION_ON_DEVICE * free:
        return Resident(inputs, device)
    tensor = torch.empty((len(inputs), *inputs.shape), dtype=torch.uint8, device=device)
    for start in range(0, len(inputs), CHUNK):
        tensor[start : start + CHUNK] = torch.tensor(inputs[start : start + CHUNK])
    return Resident(inputs, device, tensor)


def augmentation(name: str) -> Augmentation:
    """The augmentation of that name, each image of a batch with its own draw."""
    return AUGMENTATIONS[name]


def probe(count: int, shape: tuple[int, ...]) -> Tensor:
    """So many black images."""
    return torch.zeros(count, shape[2], shape[0], shape[1])


def places(shape: tuple[int, ...]) -> int:
    """Pixels of one image."""
    return shape[0] * shape[1]


def given(samples: Samples, _: torch.nn.Module | None = None) -> Tensor:
    """(b, c, h, w) in [0, 1], of images (b, h, w, c)."""
    return _floats(torch.from_numpy(np.ascontiguousarray(samples)))


def begin(_: torch.nn.Module, __: Inputs) -> None:
    """Nothing: a network takes any pixels."""


def speaking(_: torch.nn.Module, __: Inputs, ___: Ints, ____: Ints) -> None:
    """Nothing: images have no words."""


def _floats(levels: Tensor) -> Tensor:
    """(b, c, h, w) in [0, 1], from levels (b, h, w, c)."""
    return levels.permute(0, 3, 1, 2).float().div_(255)
