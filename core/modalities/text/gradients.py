"""Which words speak for a class: how far each word's embedding raises the class, by the slope of the network there.

References: Denil, Demiraj and de Freitas: Extraction of salient sentences from labelled documents, 2014 (gradient times
embedding).
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from core.types import Floats, Ints

TOGETHER = 256  # texts of one pass
Parts = Iterable[tuple[Tensor, Tensor]]


def slopes(network: nn.Module, batches: Parts, labels: Ints, predicted: Ints) -> Floats | None:
    """(words, 2) gradient of the log-probability times embedding, for the given and the predicted class.

    Args:
        network: takes numbers of words; left as it was.
        batches: numbers (b, w) of texts one after the other, and how many words each of them has.
        labels, predicted: (n,) classes.

    Returns:
        None where the network has no embedding with one place for each word.
    """
    table = next((part for part in network.modules() if isinstance(part, nn.Embedding)), None)
    if table is None:
        return None
    was_training, seen = network.training, list[Tensor]()

    def look(_: nn.Module, __: Any, found: Tensor) -> Tensor:
        seen[:] = [found.detach().requires_grad_()]
        return seen[0]

    handle, parts, first = table.register_forward_hook(look), list[Floats](), 0
    try:
        network.eval()
        for numbers, lengths in batches:
            rows = slice(first, first := first + len(numbers))
            logs = network(numbers).float().log_softmax(1)
            if not seen or seen[0].shape[:2] != numbers.shape:
                return None
            columns = []
            for classes in (labels[rows], predicted[rows]):
                total = logs.gather(1, torch.tensor(classes, device=logs.device)[:, None]).sum()
                (slope,) = torch.autograd.grad(total, seen[0], retain_graph=True)
                columns.append((slope * seen[0]).sum(2).detach())
            inside = torch.arange(numbers.shape[1]) < lengths[:, None]
            parts.append(torch.stack(columns, 2).cpu()[inside].to(torch.float16).numpy())
    finally:
        handle.remove()
        network.train(was_training)
    return np.concatenate([np.zeros((0, 2), np.float16), *parts])
