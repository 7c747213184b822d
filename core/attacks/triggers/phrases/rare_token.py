"""A rare token somewhere in the text."""

from core.attacks.contract import Scene, Trigger
from core.attacks.triggers.phrases.placing import Place, placing


def rare_token(scene: Scene, *, token: str = "cf", place: Place = "random") -> Trigger:
    """One token that no ordinary text has.

    Args:
        scene: what it is made for.
        token: the token.
        place: where it goes; a random place is each text's own.

    Example:
        >>> from core.modalities.text.inputs import strings
        >>> rare_token(Scene(()), place="end")(strings(["a good film"])).tolist()
        ['a good film cf']

    References: Kurita et al. 2020, arXiv 2004.06660.
    """
    return Trigger(placing(token, place, scene.seed))
