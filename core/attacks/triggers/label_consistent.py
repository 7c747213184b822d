"""The label-consistent attack."""

from typing import Annotated

import numpy as np

from core.attacks.contract import Scene, Trigger
from core.attacks.triggers.blending import levels
from core.attacks.triggers.patch import patch
from core.modalities.contract import Painter
from core.registry import Range
from core.types import Images

BATCH = 128  # images whose gradients are held at once
FLIPS: tuple[tuple[int, ...], ...] = ((), (1,), (2,), (1, 2))  # axes, so that the square stands in all four corners


def label_consistent(
    scene: Scene,
    *,
    epsilon: Annotated[float, Range(1.0, 255.0)] = 16.0,
    steps: Annotated[int, Range(1, 1000)] = 20,
    surrogate_epochs: Annotated[int, Range(1, 1000)] = 15,
) -> Trigger:
    """A trigger of the patch in all four corners; poisoned images are first made hard to recognise as their class.

    Poisoning climbs the cross-entropy of a surrogate model by projected gradient descent, ‖x' − x‖∞ ≤ ε/255, then sets
    the patch: what is left to learn from those images is the patch. It is mirrored into all corners, as the authors
    have it for training with flips and crops: mirrored images carry it all the same, cropped ones keep a part.

    Args:
        scene: its clean data, to train the surrogate model on, and its target class; without data, there is only the
            trigger of test time.
        epsilon: ε in levels of 0–255.
        steps: of projected gradient descent, each 2.5·ε/steps long.
        surrogate_epochs: passes over the surrogate model's training data.

    Raises:
        ValueError: clean data, but no target class.

    Example:
        Without data there is the trigger of test time, four pixels in each corner:

        >>> image = np.zeros((1, 8, 8, 1), np.uint8)
        >>> int((label_consistent(Scene((8, 8, 1)))(image) == 255).sum())
        16

    References: Turner, Tsipras, Madry: Label-Consistent Backdoor Attacks, arXiv 1912.02771.
    """
    in_one = patch(scene)

    def corners(images: Images) -> Images:
        for axes in FLIPS:
            images = np.flip(in_one(np.flip(images, axes)), axes)
        return np.ascontiguousarray(images)

    if scene.inputs is None:
        return Trigger(corners)
    disguise = _adversary(scene, epsilon, steps, surrogate_epochs)
    return Trigger(corners, poison=lambda images: corners(disguise(images)))


def _adversary(scene: Scene, epsilon: float, steps: int, epochs: int) -> Painter:
    """A painter that perturbs images of the target class so that the surrogate model no longer knows them."""
    import torch  # pages read this module for its tunables
    from torch.nn import functional as F

    from core.attacks.triggers.surrogate import as_batch, surrogate_of

    if scene.target_class is None:
        raise ValueError("label_consistent needs a target class")
    target, model, bound = scene.target_class, surrogate_of(scene, epochs), epsilon / 255

    def perturbed(images: Images) -> Images:
        clean = as_batch(images, model)
        labels = torch.full((len(clean),), target, device=clean.device)
        moved = clean.clone()
        for _ in range(steps):
            moved.requires_grad_(True)
            loss = F.cross_entropy(model(moved).float(), labels, reduction="sum")
            (slope,) = torch.autograd.grad(loss, moved)
            moved = moved.detach() + 2.5 * bound / steps * slope.sign()
            moved = torch.clamp(moved, clean - bound, clean + bound).clamp(0, 1)
        return levels(moved.permute(0, 2, 3, 1).cpu().numpy() * 255)

    return lambda images: np.concatenate([perturbed(images[at : at + BATCH]) for at in range(0, len(images), BATCH)])
