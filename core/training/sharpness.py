"""Sharpness-aware training: each step follows the gradient found a little uphill, so that flat minima are preferred.

Backdoors are learned more strongly that way, even weak ones, so that detectors find more of the poison.

References: Foret et al.: Sharpness-Aware Minimization, ICLR 2021, arXiv 2010.01412; Zhang et al.: Reliable Poisoned
Sample Detection against Backdoor Attacks Enhanced by Sharpness Aware Minimization, 2024, arXiv 2411.11525.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


@contextmanager
def uphill(network: nn.Module, rho: float) -> Iterator[None]:
    """The weights moved by `rho` along their gradient g, w + ρ · g/‖g‖, and put back afterwards exactly as they were.

    So are the running means of BatchNorm, which a second pass over the same batch would count twice. Nothing is asked
    of the device.

    Args:
        network: whose weights have their gradients.
        rho: ρ, the length of the way in the space of all weights.
    """
    moved = [(weight, weight.grad) for weight in network.parameters() if weight.grad is not None]
    kept = [weight.detach().clone() for weight, _ in moved]
    counted = [buffer.clone() for buffer in network.buffers()]
    try:
        _move(moved, rho)
        yield
    finally:
        with torch.no_grad():
            for (weight, _), before in zip(moved, kept, strict=True):
                weight.copy_(before)
            for buffer, before in zip(network.buffers(), counted, strict=True):
                buffer.copy_(before)


def _move(moved: list[tuple[nn.Parameter, Tensor]], rho: float) -> None:
    """Each weight by ρ · g/‖g‖, the norm taken over all of them; a gradient of 0 moves nothing."""
    if not moved:
        return
    norm = torch.stack([gradient.float().square().sum() for _, gradient in moved]).sum().sqrt()
    scale = rho / norm.clamp_min(1e-12)
    with torch.no_grad():
        for weight, gradient in moved:
            weight.add_((gradient * scale).to(weight.dtype))
