"""The device to compute on, what it can do, and what is done where its memory ends."""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TypeVar

import torch

from core.errors import UserError
from core.settings import DEVICE

T = TypeVar("T")
Say = Callable[[str], None]  # told in words what was done otherwise than asked, and why
SMALL_PIXELS = 64 * 64  # of an image up to which the numbers below hold; of larger images fewer are taken
# Images of 32 pixels in one forward pass. A CPU's cache does not hold the activations of more: at 256, a small ResNet
# in float32 takes 1.3 times as long for each image.
ON_CPU = 128
ON_GPU = 1000


@dataclass(frozen=True)
class Compute:
    """Where a network computes, and how precisely.

    Attributes:
        device: the device.
        bf16: whether convolutions and products are in bfloat16; weights, losses and sums stay in float32.
    """

    device: torch.device
    bf16: bool = False

    @property
    def on_gpu(self) -> bool:
        """Whether it is an NVIDIA or AMD GPU."""
        return self.device.type == "cuda"

    def autocast(self) -> AbstractContextManager[object]:
        """What the forward pass and the loss are computed in; the backward pass follows them by itself."""
        return torch.autocast(self.device.type, torch.bfloat16) if self.bf16 else nullcontext()


def best_device() -> torch.device:
    """The first GPU if there is one, else the CPU; what `ASSAY_DEVICE` names, where it names one.

    On an NVIDIA or AMD GPU, convolutions give the same bits each time from then on, in this process. So the same seed
    gives the same losses, and a run that was cut short ends as if nothing had happened.
    """
    named = os.environ.get(DEVICE, "")
    other = "mps" if torch.backends.mps.is_available() else "cpu"
    device = _named(named) if named else torch.device("cuda" if torch.cuda.is_available() else other)
    if device.type == "cuda":
        torch.backends.cudnn.deterministic = True
    return device


def compute_for(precision: str = "auto") -> Compute:
    """The best device: in bfloat16 where that is asked for, or left to it and the hardware has it; else in float32."""
    device = best_device()
    return Compute(device, precision == "bf16" or (precision == "auto" and native_bfloat16(device)))


def images_at_once(pixels: int, most: int) -> int:
    """How many images of so many pixels go through a network together: `most` up to 64 × 64, fewer of larger ones."""
    return max(8, min(most, most * SMALL_PIXELS // pixels))


def native_bfloat16(device: torch.device) -> bool:
    """Whether `device` computes in bfloat16 itself, instead of emulating it slowly."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return device.type == "cpu" and bool(torch.cpu._is_avx512_bf16_supported())


def in_pieces(call: Callable[[int], T], pieces: int, most: int, say: Say) -> tuple[T, int]:
    """What `call(pieces)` gives, and the number of pieces; twice as many each time the device's memory is spent.

    Args:
        call: does the work in that many pieces.
        pieces: to begin with.
        most: pieces into which the work can be cut.
        say: told each time the pieces are halved.

    Raises:
        UserError: the smallest pieces are still too large.
    """
    while True:
        try:
            return call(pieces), pieces
        except torch.OutOfMemoryError as error:
            if 2 * pieces > most:
                hint = "Choose a smaller model or input size, or free the device; ASSAY_DEVICE=cpu does without it."
                raise UserError("The device has too little memory.", str(error).split(". ")[0], hint) from error
        # Here, where the exception and all that it holds is gone.
        pieces *= 2
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        say(f"the device's memory is spent: batches go through it in {pieces} pieces")


def _named(name: str) -> torch.device:
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        title, hint = f"{DEVICE} is {name[:40]!r}.", "Set it to cpu, cuda, cuda:1 or mps, or remove it."
        raise UserError(title, f"There is no such device: {str(error).splitlines()[0]}", hint) from error
    return device
