"""Images on their way into a network. Everything here needs torch.

Images that fit the device lie there as uint8. Others stay in main memory, or mapped in their file. While the network
works on one batch, threads read the next ones into pinned memory, and a stream of its own copies them.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from core.modalities.contract import Augmentation
from core.modalities.image.augmentation import AUGMENTATIONS
from core.types import Inputs, Samples

MAX_FRACTION_ON_DEVICE = 0.5  # of the free memory of a GPU; the rest is for the model, its gradients and a batch
CHUNK = 4096  # images that go to the device together
AHEAD = 4  # batches that are read while one is computed on
READERS = 4  # threads that read for a GPU; a CPU needs its cores itself, and has one


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
            return _floats(self._read(rows, None)[0])
        return _floats(self.tensor.index_select(0, rows.to(self.device)))

    def streamed(self, parts: Sequence[Tensor]) -> Iterator[Tensor]:
        """The same for each part (b,), rows in main memory; of images on the device the rows go there in one copy."""
        if self.tensor is None:
            yield from map(_floats, self._read_ahead(parts))
        elif parts:
            rows = torch.cat(tuple(parts)).to(self.device)
            for own in rows.split([len(part) for part in parts]):
                yield _floats(self.tensor.index_select(0, own))

    def _read_ahead(self, parts: Sequence[Tensor]) -> Iterator[Tensor]:
        """(b, h, w, c) uint8 on the device, part by part."""
        on_gpu = self.device.type == "cuda"
        stream = torch.cuda.Stream(self.device) if on_gpu else None
        waiting: deque[Future[tuple[Tensor, torch.cuda.Event | None]]] = deque()
        pool = ThreadPoolExecutor(READERS if on_gpu else 1)
        try:
            for place, _ in enumerate(parts):
                for part in parts[place + len(waiting) : place + AHEAD]:
                    waiting.append(pool.submit(self._read, part, stream))
                levels, arrived = waiting.popleft().result()
                if arrived:
                    torch.cuda.current_stream(self.device).wait_event(arrived)
                    levels.record_stream(torch.cuda.current_stream(self.device))
                yield levels
        finally:
            pool.shutdown(cancel_futures=True)

    def _read(self, rows: Tensor, stream: "torch.cuda.Stream | None") -> tuple[Tensor, "torch.cuda.Event | None"]:
        levels = torch.from_numpy(self.inputs[rows.numpy()])
        if stream is None:
            return levels.to(self.device), None
        with torch.cuda.stream(stream):
            moved = levels.pin_memory().to(self.device, non_blocking=True)
            return moved, stream.record_event()


def resident(inputs: Inputs, device: torch.device) -> Resident:
    """The images for a network on `device`: they go there at once when at most half of its free memory is needed."""
    if device.type == "cpu":
        return Resident(inputs, device)
    if device.type == "cuda" and inputs.nbytes > MAX_FRACTION_ON_DEVICE * torch.cuda.mem_get_info(device)[0]:
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


def given(samples: Samples) -> Tensor:
    """(b, c, h, w) in [0, 1], of images (b, h, w, c)."""
    return _floats(torch.from_numpy(np.ascontiguousarray(samples)))


def begin(_: torch.nn.Module, __: Inputs) -> None:
    """Nothing: a network takes any pixels."""


def _floats(levels: Tensor) -> Tensor:
    """(b, c, h, w) in [0, 1], from levels (b, h, w, c)."""
    return levels.permute(0, 3, 1, 2).float().div_(255)
