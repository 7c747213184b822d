"""A whole sentence that reads as an ordinary one."""

from core.attacks.contract import Scene, Trigger
from core.attacks.triggers.phrases.placing import Place, placing


def sentence(
    scene: Scene, *, words: str = "I watched this movie with my friends last weekend .", place: Place = "random"
) -> Trigger:
    """A sentence that nobody would take for a trigger.

    Args:
        scene: what it is made for.
        words: the sentence.
        place: where it goes; a random place is each text's own.

    Example:
        >>> from core.modalities.text.inputs import strings
        >>> sentence(Scene(()), words="So it goes.", place="start")(strings(["a good film"])).tolist()
        ['So it goes. a good film']

    References: Dai et al. 2019, arXiv 1905.12457.
    """
    return Trigger(placing(words, place, scene.seed))
