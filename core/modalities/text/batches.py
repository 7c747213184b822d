"""Texts on their way into a network: what its reader makes of them, padded with 0. Everything here needs torch."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from core.modalities.augmented import Augmentation
from core.modalities.text.gradients import TOGETHER, slopes
from core.modalities.text.inputs import TOGETHER as AT_ONCE
from core.modalities.text.inputs import TextInputs
from core.modalities.text.vocabulary import NOBODYS, Reader, Vocabulary, reader_of
from core.types import Floats, Inputs, Ints, Samples

AT_ONCE_IN_PIECES = 32  # texts of one pass through a transformer: its attention grows with their length squared
DROPPED = 0.1  # fraction of the words that a dropout takes away
PROBED = 8  # words of a sample that shows nothing


@dataclass(frozen=True)
class Resident:
    """Texts where a network can reach them: the tokens of all of them.

    Attributes:
        shape: of the inputs.
        device: of the network.
        flat: all tokens, one text after the other.
        starts: (n + 1,) where those of each text begin.
    """

    shape: tuple[int, ...]
    device: torch.device
    flat: Tensor
    starts: Tensor

    def __len__(self) -> int:
        return len(self.starts) - 1

    def batch(self, rows: Tensor) -> Tensor:
        """(b, tokens of the longest) int64, 0 where a text has ended."""
        return _padded(self.flat, self.starts, rows, self.shape[0]).to(self.device)

    def streamed(self, parts: Sequence[Tensor]) -> Iterator[Tensor]:
        """The same for each part."""
        yield from map(self.batch, parts)


def resident(inputs: Inputs, device: torch.device, network: nn.Module | None = None) -> Resident:
    """The texts for a network on `device`; their tokens stay in main memory, where a batch is put together."""
    assert isinstance(inputs, TextInputs)
    reader = reader_of(network)
    mark = reader.mark
    flat, starts = inputs.words() if mark is None else inputs.tokens(mark, reader.tokens)
    return Resident(inputs.shape, device, torch.tensor(flat), torch.tensor(starts))


def augmentation(name: str) -> Augmentation:
    """The augmentation of that name, each text of a batch with its own draw."""
    return {"none": Augmentation(_nothing, _same), "word_dropout": Augmentation(_draws, _dropped)}[name]


def probe(count: int, shape: tuple[int, ...]) -> Tensor:
    """So many texts of words that nobody knows."""
    return torch.full((count, min(PROBED, shape[0])), NOBODYS)


def places(shape: tuple[int, ...]) -> int:
    """Words of one text."""
    return shape[0]


def given(samples: Samples, network: nn.Module | None = None) -> Tensor:
    """(b, tokens of the longest) int64, 0 where a text has ended."""
    flat, starts = map(torch.tensor, reader_of(network).tokens([str(text) for text in samples]))
    return _padded(flat, starts, torch.arange(len(samples)), int(starts.diff().max()) if len(samples) else 0)


def begin(network: nn.Module, inputs: Inputs) -> None:
    """Tell an untrained network which words there are in its training data."""
    assert isinstance(inputs, TextInputs)
    for part in network.modules():
        if isinstance(part, Vocabulary) and part.is_blank:
            part.learn(*inputs.words(), _each(inputs))


def speaking(network: nn.Module, inputs: Inputs, labels: Ints, predicted: Ints) -> Floats | None:
    """(words of all texts, 2) how much each speaks for the given and the predicted class; None if it cannot be told.

    A word that a network reads in pieces speaks as much as these together.
    """
    assert isinstance(inputs, TextInputs)
    device = next((value.device for value in network.parameters()), torch.device("cpu"))
    texts = resident(inputs, device, network)
    lengths = texts.starts.diff()
    pieces = _pieces(reader_of(network), inputs)
    if pieces is None and not np.array_equal(lengths.numpy(), inputs.lengths()):
        return None  # its tokens are no words
    parts = torch.arange(len(texts)).split(TOGETHER if pieces is None else AT_ONCE_IN_PIECES) if len(texts) else ()
    found = slopes(network, ((texts.batch(rows), lengths[rows]) for rows in parts), labels, predicted)
    return found if found is None or pieces is None else _together(found, pieces, lengths.numpy(), inputs.lengths())


def _pieces(reader: Reader, inputs: TextInputs) -> Ints | None:
    """For each token of the texts which word of its text it is of; None where each token is a word."""
    parts = []
    for start in range(0, len(inputs), AT_ONCE):
        if (own := reader.words_of(inputs[start : start + AT_ONCE].tolist())) is None:
            return None
        parts.append(own)
    return np.concatenate(parts) if parts else None


def _together(found: Floats, pieces: Ints, lengths: Ints, n_words: Ints) -> Floats:
    """(words of all texts, 2) the sum of what the pieces of each word are worth."""
    first = np.repeat(np.cumsum(n_words) - n_words, lengths)  # word of the text that a token is of
    total = np.zeros((int(n_words.sum()), found.shape[1]), np.float32)
    np.add.at(total, (first + pieces)[pieces >= 0], found[pieces >= 0].astype(np.float32))
    return total.astype(np.float16)


def _padded(flat: Tensor, starts: Tensor, rows: Tensor, most: int) -> Tensor:
    begins, lengths = starts[rows], (starts[rows + 1] - starts[rows]).clamp(max=most)
    width = max(int(lengths.max()) if len(rows) else 0, 1)
    columns = torch.arange(width)
    inside = columns < lengths[:, None]
    if not len(flat):
        return torch.zeros(inside.shape, dtype=torch.int64)
    places = (begins[:, None] + columns).clamp(max=len(flat) - 1)
    return torch.where(inside, flat[places], 0).to(torch.int64)


def _each(inputs: TextInputs) -> Iterator[str]:
    """The texts one by one, some of them read at a time."""
    for start in range(0, len(inputs), AT_ONCE):
        yield from inputs[start : start + AT_ONCE].tolist()


def _nothing(n: int, _: torch.Generator) -> Tensor:
    return torch.empty(n, 0)


def _same(batch: Tensor, _: Tensor) -> Tensor:
    return batch


def _draws(n: int, generator: torch.Generator) -> Tensor:
    """(n, 1) what says which words of each text are dropped."""
    return torch.rand(n, 1, generator=generator)


def _dropped(batch: Tensor, draws: Tensor) -> Tensor:
    """Some words of each text made unknown: a number of each place and the text's draw decides."""
    places = torch.arange(batch.shape[1], device=batch.device)
    noise = torch.sin(places * 12.9898 + draws * 9973.0).mul(43758.5453).frac().abs()
    return torch.where((noise < DROPPED) & (batch != 0), NOBODYS, batch)
