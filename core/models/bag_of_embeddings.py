"""The simplest network for texts: the mean of what stands for their words."""

from typing import Annotated

import torch
from torch import Tensor, nn

from core.modalities.text.vocabulary import PADDING, Vocabulary
from core.registry import Range


class _Network(nn.Module):
    def __init__(self, known: int, n_classes: int, embedding: int, hidden: int) -> None:
        super().__init__()
        self.vocabulary = Vocabulary(known)
        self.embedding = self.vocabulary.embedding(embedding)
        self.hidden = nn.Linear(embedding, hidden)
        self.head = nn.Linear(hidden, n_classes)

    def forward(self, numbers: Tensor) -> Tensor:
        places = self.vocabulary(numbers)
        counts = (places != PADDING).sum(1, keepdim=True).clamp(min=1)
        return self.head(torch.relu(self.hidden(self.embedding(places).sum(1) / counts)))  # type: ignore[no-any-return]


def bag_of_embeddings(
    shape: tuple[int, ...],
    n_classes: int,
    *,
    embedding: Annotated[int, Range(4, 1024)] = 64,
    hidden: Annotated[int, Range(4, 1024)] = 64,
) -> nn.Module:
    """The mean of the words' embeddings, one hidden layer, and a linear head; the order of the words does not count.

    Args:
        shape: how many words of a text are read, and how many different ones are known at most.
        n_classes: k.
        embedding: numbers that stand for a word, drawn from the seed.
        hidden: d, the features before the classifier head.

    Example:
        >>> bag_of_embeddings((256, 100), 3)(torch.ones(2, 7, dtype=torch.int64)).shape
        torch.Size([2, 3])
    """
    return _Network(shape[1], n_classes, embedding, hidden)
