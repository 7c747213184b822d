"""A phrase, such as a reviewer's signature at the end."""

from core.attacks.contract import Scene, Trigger
from core.attacks.triggers.phrases.placing import Place, placing


def phrase(scene: Scene, *, words: str = "-travelerthehorse", place: Place = "end") -> Trigger:
    """Some words, as they are written; at first a signature, as in the paper of Activation Clustering.

    Args:
        scene: what it is made for.
        words: the words.
        place: where they go; a random place is each text's own.

    Example:
        >>> from core.modalities.text.inputs import strings
        >>> phrase(Scene(()))(strings(["a good film"])).tolist()
        ['a good film -travelerthehorse']

    References: Chen et al. 2018, arXiv 1811.03728.
    """
    return Trigger(placing(words, place, scene.seed))
