"""A network compiled for its training: fewer, larger kernels, on a GPU replayed as one graph.

It happens only where it is asked for. Compiling takes up to a minute and rounds otherwise, so the same seed gives
another model than without it.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from core.devices import Compute, Say

Forward = Callable[[Tensor], Tensor]


def compiled(
    network: nn.Module, size: int, compute: Compute, say: Say, compiler: Callable[..., Any] = torch.compile
) -> Forward:
    """The forward pass of the network, compiled; that of the network itself once compiling has failed.

    Args:
        network: on the device.
        size: of the batches that it is compiled for; others go through the network itself.
        compute: where; a GPU's launches become one graph.
        say: told that it failed, and why.
        compiler: what compiles.
    """
    fast: Forward | None = compiler(network, mode="reduce-overhead" if compute.on_gpu else "default", dynamic=False)

    def forward(batch: Tensor) -> Tensor:
        nonlocal fast
        if fast is not None and len(batch) == size:
            try:
                if compute.on_gpu:
                    torch.compiler.cudagraph_mark_step_begin()
                return fast(batch)
            except torch.OutOfMemoryError:
                raise
            except Exception as error:  # noqa: BLE001 - compilers and what they call fail in any way there is
                fast = None
                say(f"not compiled ({type(error).__name__}): the training goes on without")
        outputs: Tensor = network(batch)
        return outputs

    return forward
