"""The convolutional network for sentences of Kim (2014), and of the paper of Activation Clustering."""

from typing import Annotated

import torch
from torch import Tensor, nn

from core.modalities.text.vocabulary import PADDING, Vocabulary
from core.registry import Range

WIDTHS = (3, 4, 5)  # words that a filter sees at once


class _Network(nn.Module):
    def __init__(self, known: int, n_classes: int, embedding: int, filters: int, dropout: float) -> None:
        super().__init__()
        self.vocabulary = Vocabulary(known)
        self.embedding = self.vocabulary.embedding(embedding)
        self.filters = nn.ModuleList(nn.Conv1d(embedding, filters, width) for width in WIDTHS)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(filters * len(WIDTHS), n_classes)

    def forward(self, numbers: Tensor) -> Tensor:
        places = self.vocabulary(numbers)
        # A window may stick out behind the text, and counts where it begins within it: so padding changes nothing.
        begins = (places != PADDING).unsqueeze(1)
        padded = nn.functional.pad(self.embedding(places).transpose(1, 2), (0, max(WIDTHS) - 1))
        n = places.shape[1]
        found = [torch.relu(each(padded)[:, :, :n]) * begins for each in self.filters]
        return self.head(self.dropout(torch.cat([each.amax(2) for each in found], 1)))  # type: ignore[no-any-return]


def text_cnn(
    shape: tuple[int, ...],
    n_classes: int,
    *,
    embedding: Annotated[int, Range(4, 1024)] = 64,
    filters: Annotated[int, Range(4, 1024)] = 100,
    dropout: Annotated[float, Range(0.0, 0.9)] = 0.5,
) -> nn.Module:
    """Filters over 3, 4 and 5 neighbouring words, the largest answer of each in the text, and a linear head.

    Args:
        shape: how many words of a text are read, and how many different ones are known at most.
        n_classes: k.
        embedding: numbers that stand for a word, drawn from the seed.
        filters: of each width; three times as many features.
        dropout: fraction of the features that are left out in training.

    Example:
        >>> text_cnn((256, 100), 3)(torch.ones(2, 7, dtype=torch.int64)).shape
        torch.Size([2, 3])
    """
    return _Network(shape[1], n_classes, embedding, filters, dropout)
