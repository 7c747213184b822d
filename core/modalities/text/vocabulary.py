"""How a network reads texts: the words that it knows are those of its training data, kept with its weights."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from core.modalities.text.tokens import PADDING, UNKNOWN, Tokens, cut, listed, spelt, tokenizer, written
from core.modalities.text.words import number, numbers
from core.types import Floats, Ints

__all__ = ["NOBODYS", "PADDING", "UNKNOWN", "Reader", "Vocabulary", "reader_of"]

NOBODYS = -1  # in a batch: a word that no network knows
LAST = 2**63 - 1  # fills up what earlier versions did not use; no word has this number
FEWEST = 2  # texts that a word has to occur in
TOGETHER = 8192  # texts whose words are counted at a time
# Standard deviation of what stands for a word before training. From 1, PyTorch's, six epochs hardly take it away: of
# training texts of Rotten Tomatoes that were kept for it 68 % are told, from .02 to .25 77 %.
BEGUN = 0.1
# What a state has: the words of a vocabulary, one a line, or of earlier versions the numbers of its words.
WORDS = "words"
KNOWN = "known"


class Reader(nn.Module):
    """The part of a network that says what of a text it is given. This one gives the numbers of its words."""

    def __init__(self) -> None:
        super().__init__()
        self.register_load_state_dict_pre_hook(_before_loading)  # type: ignore[no-untyped-call]

    @property
    def mark(self) -> Hashable | None:
        """What tells its tokens from others; None for the numbers of words, which inputs have already."""
        return None

    @property
    def is_blank(self) -> bool:
        """Whether it has to learn from training data first."""
        return False

    def tokens(self, texts: Sequence[str]) -> Tokens:
        """What the network is given of the texts, one after the other, and where each text begins; none of them 0."""
        return numbers(texts)

    def words_of(self, _: Sequence[str], /) -> Ints | None:
        """For each of the `tokens` of texts which word of its text it is of, −1 for none; None where each is a word."""
        return None

    def make_room(self, weights: Mapping[str, Tensor], prefix: str) -> None:
        """Become as long as what these weights hold of it, so that they can be loaded.

        Args:
            weights: of the whole network.
            prefix: of their names, before those here.
        """


class Vocabulary(Reader):
    """From words to places from 0 on: 0 for padding, 1 for words that were not in the training data.

    Networks of earlier versions know numbers of words in place of words, and go on so: what their weights hold says it.

    Args:
        most: words that are known at most; `most + 2` is how many places there are.
    """

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most
        self.words: Tensor
        self.known: Tensor
        self.register_buffer(WORDS, torch.zeros(0, dtype=torch.uint8))

    @property
    def by_number(self) -> bool:
        """Whether it is of an earlier version, and knows words by their numbers."""
        return KNOWN in self._buffers

    @property
    def is_blank(self) -> bool:
        """Whether nothing was learned yet."""
        return not self.by_number and not len(self.words)

    @property
    def mark(self) -> Hashable | None:
        """The words in their order."""
        return None if self.by_number or self.is_blank else self._written()

    def tokens(self, texts: Sequence[str]) -> Tokens:
        """The places of the words of each text; of an earlier version, or before it learned any, their numbers."""
        return super().tokens(texts) if self.mark is None else cut(tokenizer(self._written()), texts)

    def learn(self, flat: Ints, starts: Ints, texts: Iterable[str]) -> None:
        """Know the words that occur in most texts, and in two at least; in the order of their numbers.

        Args:
            flat: the numbers of all words, one text after the other.
            starts: (n + 1,) where those of each text begin.
            texts: the n texts.
        """
        found, counts = np.unique(_once(flat, starts), return_counts=True)
        found, counts = found[counts >= FEWEST], counts[counts >= FEWEST]
        kept = np.sort(found[np.argsort(-counts, kind="stable")[: self.most]])
        self._know(spelt(kept, texts))

    def numbers(self) -> list[int]:
        """The numbers of all known words."""
        if self.by_number:
            return self.known[self.known != LAST].tolist()
        return [number(word) for word in listed(self._written())]

    def embedding(self, width: int) -> nn.Embedding:
        """What stands for the word in each place, `width` numbers drawn close to 0; zeros for padding."""
        made = nn.Embedding(self.most + 2, width, padding_idx=PADDING)
        with torch.no_grad():
            made.weight.mul_(BEGUN)
        return made

    def give(self, embedding: nn.Embedding, numbers: Ints, values: Floats) -> None:
        """Put vectors in the places of known words; the others keep theirs, made as long as these are on average.

        Args:
            embedding: whose places these are, as it was made.
            numbers: (v,) of words that are known.
            values: (v, d) their vectors.
        """
        given, places = torch.tensor(values), {known: place for place, known in enumerate(self.numbers(), 2)}
        with torch.no_grad():
            embedding.weight.mul_(given.square().mean().sqrt() / BEGUN)
            embedding.weight[[places[each] for each in numbers.tolist()]] = given

    def make_room(self, weights: Mapping[str, Tensor], prefix: str) -> None:
        """Become as long as what these weights hold of a vocabulary, and of their version, so that they can be loaded.

        Args:
            weights: of the whole network.
            prefix: of their names, before those here.
        """
        for name, other in ((WORDS, KNOWN), (KNOWN, WORDS)):
            given = weights.get(f"{prefix}{name}")
            if given is not None and given.dim() == 1:
                self.register_buffer(name, torch.zeros_like(given, device=next(self.buffers()).device))
                self._buffers.pop(other, None)

    def forward(self, tokens: Tensor) -> Tensor:
        """(b, w) the place of each word, from a batch of `tokens`."""
        if not self.by_number:
            return torch.where((tokens < 0) | (tokens >= self.most + 2), UNKNOWN, tokens)
        places = torch.searchsorted(self.known, tokens).clamp(max=len(self.known) - 1)
        known = torch.where(self.known[places] == tokens, places + 2, UNKNOWN)
        return torch.where(tokens == 0, PADDING, known)

    def _know(self, words: Iterable[str]) -> None:
        listed = np.frombuffer(written(words), np.uint8).copy()
        self.words = torch.from_numpy(listed).to(self.words.device)

    def _written(self) -> bytes:
        return self.words.cpu().numpy().tobytes()


def reader_of(network: nn.Module | None) -> Reader:
    """The part of a network that reads texts; numbers of words are read where it has none."""
    parts = () if network is None else network.modules()
    return next((part for part in parts if isinstance(part, Reader)), Reader())


def _before_loading(part: Reader, weights: Mapping[str, Tensor], prefix: str, *_: Any) -> None:
    part.make_room(weights, prefix)


def _once(flat: Ints, starts: Ints) -> Ints:
    """The numbers of the words of each text, each once."""
    found = [np.zeros(0, np.int64)]
    for start in range(0, len(starts) - 1, TOGETHER):
        own = starts[start : start + TOGETHER + 1]
        owner = np.repeat(np.arange(len(own) - 1), np.diff(own))
        here = flat[own[0] : own[-1]]
        order = np.argsort(here, kind="stable")  # of one word, the texts come in their order
        here, owner = here[order], owner[order]
        found.append(here[np.diff(here, prepend=-1).astype(bool) | np.diff(owner, prepend=-1).astype(bool)])
    return np.concatenate(found)
