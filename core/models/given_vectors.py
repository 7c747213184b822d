"""Word vectors meet a network for texts: each known word begins with its own."""

from torch import nn

from core.errors import UserError
from core.modalities.text.vocabulary import Vocabulary
from core.models.word_vectors import WordVectors


def known_words(network: nn.Module) -> list[int]:
    """The numbers of the words that a network has learned of its training data.

    Raises:
        UserError: it reads no words.
    """
    return _parts(network)[0].numbers()


def give(network: nn.Module, vectors: WordVectors) -> None:
    """Put the vectors where the network keeps what stands for these words; it knows them, and its width is theirs."""
    words, embedding = _parts(network)
    words.give(embedding, vectors.numbers, vectors.values)


def _parts(network: nn.Module) -> tuple[Vocabulary, nn.Embedding]:
    words, embedding = getattr(network, "vocabulary", None), getattr(network, "embedding", None)
    if not isinstance(words, Vocabulary) or not isinstance(embedding, nn.Embedding):
        raise UserError("Only models that read words begin with word vectors.", "", "Choose text_cnn, on texts.")
    return words, embedding
