"""A transformer as a network for texts: its own tokenizer, the mean of what it makes of the tokens, a linear head."""

from collections.abc import Hashable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from core.errors import UserError
from core.modalities.text.tokens import Tokens, together, words_of
from core.modalities.text.vocabulary import Reader
from core.models.pretrained.transformer_folder import config_of, default_of
from core.models.weight_files import MOST_BYTES
from core.types import Ints

FEWEST = 8  # tokens that a model has to read at once
DROPOUT = 0.1  # fraction of the features that are left out in training
# Types whose places begin behind the one that stands for padding.
_SHIFTED = ("camembert", "mpnet", "roberta", "xlm-roberta")
_NAME = "tokenizer"


class Subwords(Reader):
    """A tokenizer from a folder, kept with the weights; its tokens are counted from 1.

    Args:
        most: tokens of a text that are read: of a longer one the first and the last half of them.
    """

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most
        self.tokenizer: Tensor
        self.register_buffer(_NAME, torch.zeros(0, dtype=torch.uint8))

    def keep(self, content: bytes) -> None:
        """Read with the tokenizer of this file from now on."""
        self.tokenizer = torch.from_numpy(np.frombuffer(content, np.uint8).copy())

    @property
    def mark(self) -> Hashable | None:
        """The tokenizer's file, and how much of a text is read."""
        return (self._content(), self.most) if len(self.tokenizer) else None

    def tokens(self, texts: Sequence[str]) -> Tokens:
        """The tokens of each text, those before and behind it included."""
        if not len(self.tokenizer):
            return super().tokens(texts)
        found = _tokenizer(self._content())
        flat, starts = together(lambda some: [each.ids for each in found.encode_batch_fast(some)], texts, self.most)
        return flat + 1, starts

    def words_of(self, texts: Sequence[str], /) -> Ints | None:
        """For each of `tokens` which word of its text it is a piece of, −1 for those before and behind it."""
        if not len(self.tokenizer):
            return None
        found = _tokenizer(self._content())

        def placed(some: list[str]) -> list[list[int]]:
            return [words_of(each.offsets, text) for each, text in zip(found.encode_batch(some), some, strict=True)]

        return together(placed, texts, self.most)[0]

    def make_room(self, weights: Mapping[str, Tensor], prefix: str) -> None:
        """Become as long as the tokenizer that these weights hold."""
        given = weights.get(f"{prefix}{_NAME}")
        if given is not None and given.dim() == 1:
            self.tokenizer = torch.zeros_like(given, device=self.tokenizer.device)

    def _content(self) -> bytes:
        return self.tokenizer.cpu().numpy().tobytes()


class Network(nn.Module):
    """A transformer with a head for k classes.

    Args:
        architecture: of `TransformerFolder`.
        words: tokens of a text that are read at most.
        n_classes: k.
        frozen: whether the head alone learns.
    """

    def __init__(self, architecture: str, words: int, n_classes: int, frozen: bool) -> None:
        super().__init__()
        kept = config_of(architecture)
        self.unknown = int(kept.pop("unknown"))
        config = default_of(kept["model_type"])(**{name: value for name, value in kept.items() if name != "model_type"})
        self.padding, self.known, self.frozen = int(config.pad_token_id or 0), int(config.vocab_size), frozen
        places = int(config.max_position_embeddings) - (self.padding + 1 if kept["model_type"] in _SHIFTED else 0)
        if places < FEWEST:
            raise UserError("The transformer reads too little.", f"It has {places} places.", "Give a larger one.")
        self.reader = Subwords(min(words, places))
        self.backbone = _built(config)
        self.backbone.requires_grad_(not frozen)
        self.dropout = nn.Dropout(DROPOUT)
        self.head = nn.Linear(int(config.hidden_size), n_classes)

    def train(self, mode: bool = True) -> "Network":
        """The same in training mode; what is frozen stays as it is."""
        super().train(mode)
        if self.frozen:
            self.backbone.eval()
        return self

    def forward(self, tokens: Tensor) -> Tensor:
        """(b, k) from tokens (b, w) that are counted from 1, 0 where a text has ended and −1 for a hidden word."""
        there = tokens != 0
        there = there | (torch.arange(tokens.shape[1], device=tokens.device) == 0)  # an empty text has one place
        known = torch.where((tokens > 0) & (tokens <= self.known), tokens - 1, self.unknown)
        known = torch.where(tokens == 0, self.padding, known)
        outputs = self.backbone(input_ids=known, attention_mask=there.long()).last_hidden_state
        weights = there[:, :, None].to(outputs.dtype)
        return self.head(self.dropout((outputs * weights).sum(1) / weights.sum(1)))  # type: ignore[no-any-return]


def transformer(shape: tuple[int, ...], n_classes: int, *, architecture: str = "", frozen: bool = False) -> nn.Module:
    """The transformer of a folder, the mean of its last layer over the tokens of a text, and a linear head.

    Args:
        shape: how many tokens of a text are read at most, and what does not count here.
        n_classes: k.
        architecture: type and numbers of the transformer, which are read from its folder.
        frozen: whether it stays as it is, and the head alone learns.

    Raises:
        UserError: no folder was named, `transformers` is not installed, or the transformer cannot be built.

    >>> transformer((128,), 2)
    Traceback (most recent call last):
    core.errors.UserError: A transformer needs the folder that it lies in. Name it: train --folder PATH.
    """
    if not architecture:
        raise UserError("A transformer needs the folder that it lies in.", "", "Name it: train --folder PATH.")
    return Network(architecture, shape[0], n_classes, frozen)


def _built(config: Any) -> nn.Module:
    """The network of a configuration, its weights drawn at random."""
    from transformers import AutoModel

    try:
        with torch.device("meta"):  # without memory: what it would take is counted first
            size = sum(4 * value.numel() for value in AutoModel.from_config(config).parameters())
        if size > MOST_BYTES:
            detail = f"It would take {size:,} bytes of memory; up to {MOST_BYTES:,} are given."
            raise UserError("The transformer is too large.", detail, "Give a smaller one.")
        network: nn.Module = AutoModel.from_config(config, attn_implementation="eager")
    except (RuntimeError, ValueError, AssertionError, TypeError, KeyError, AttributeError, ZeroDivisionError) as error:
        title = "The transformer cannot be built."
        raise UserError(title, f"{type(error).__name__}: {str(error)[:200]}", "Give another folder.") from error
    return network


@lru_cache(maxsize=2)
def _tokenizer(content: bytes) -> Tokenizer:
    tokenizer = Tokenizer.from_buffer(content)
    tokenizer.no_truncation()  # what is read of a long text is its beginning and its end, as everywhere here
    tokenizer.no_padding()
    return tokenizer
