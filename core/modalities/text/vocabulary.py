"""The words that a network knows: those of its training data, kept with its weights."""

import torch
from torch import Tensor, nn

from core.types import Floats, Ints

LAST = 2**63 - 1  # fills up what is not used; no word has this number
PADDING = 0  # the first place: behind the end of a text
UNKNOWN = 1  # the second: any word that is not known
FEWEST = 2  # texts that a word has to occur in


class Vocabulary(nn.Module):
    """From numbers of words to places from 0 on: 0 for padding, 1 for words that were not in the training data.

    Args:
        most: words that are known at most; `most + 2` is how many places there are.
    """

    def __init__(self, most: int) -> None:
        super().__init__()
        self.known: Tensor
        self.register_buffer("known", torch.full((most,), LAST))

    @property
    def is_blank(self) -> bool:
        """Whether nothing was learned yet."""
        return bool((self.known == LAST).all())

    def learn(self, flat: Ints, starts: Ints) -> None:
        """Know the words that occur in most texts, and in two at least.

        Args:
            flat: the numbers of all words, one text after the other.
            starts: (n + 1,) where those of each text begin.
        """
        owner = torch.repeat_interleave(torch.arange(len(starts) - 1), torch.tensor(starts).diff())
        once = torch.unique(torch.stack([torch.tensor(flat), owner]), dim=1)[0]
        found, counts = once.unique(return_counts=True)
        found, counts = found[counts >= FEWEST], counts[counts >= FEWEST]
        kept = found[counts.argsort(descending=True, stable=True)[: len(self.known)]].sort().values
        self.known.fill_(LAST)
        self.known[: len(kept)] = kept.to(self.known.device)

    def numbers(self) -> list[int]:
        """The numbers of all known words."""
        return self.known[self.known != LAST].tolist()

    def give(self, embedding: nn.Embedding, numbers: Ints, values: Floats) -> None:
        """Put vectors in the places of known words; the others keep theirs, made as long as these are on average.

        Args:
            embedding: whose places these are.
            numbers: (v,) of words that are known.
            values: (v, d) their vectors.
        """
        given = torch.tensor(values)
        with torch.no_grad():
            embedding.weight.mul_(given.square().mean().sqrt())
            embedding.weight[self(torch.tensor(numbers))] = given

    def forward(self, numbers: Tensor) -> Tensor:
        """(b, w) the place of each word."""
        places = torch.searchsorted(self.known, numbers).clamp(max=len(self.known) - 1)
        known = torch.where(self.known[places] == numbers, places + 2, UNKNOWN)
        return torch.where(numbers == 0, PADDING, known)
