"""Wrong labels, spread over all classes."""

from core.attacks.contract import Scene, Trigger


def label_noise(scene: Scene) -> Trigger:
    """A trigger that changes no image: what is planted is the label alone.

    With the labelling `random_other` it is symmetric, with `all_to_all` it is pair noise: each label becomes the next.
    There is no attacker and no attack success rate; the samples are the truth about wrong labels.

    Example:
        >>> import numpy as np
        >>> image = np.zeros((1, 4, 4, 1), np.uint8)
        >>> bool((label_noise(Scene((4, 4, 1)))(image) == image).all())
        True

    References: Northcutt, Jiang, Chuang: Confident Learning, arXiv 1911.00068; Han et al.: Co-teaching,
        arXiv 1804.06872 (symmetric and pair noise).
    """
    del scene
    return Trigger(lambda images: images)
