"""The device to compute on, and what it can do."""

import torch

SMALL_PIXELS = 64 * 64


def best_device() -> torch.device:
    """The first GPU if there is one, else the CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def images_at_once(pixels: int, most: int) -> int:
    """How many images of so many pixels go through a network together: `most` up to 64 × 64, fewer of larger ones."""
    return max(8, min(most, most * SMALL_PIXELS // pixels))


def native_bfloat16(device: torch.device) -> bool:
    """Whether `device` computes in bfloat16 itself, instead of emulating it slowly."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return device.type == "cpu" and bool(torch.cpu._is_avx512_bf16_supported())
