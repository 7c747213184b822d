"""The optimised noise (Narcissus)."""

from typing import Annotated

import numpy as np

from core.attacks.contract import Scene, Trigger
from core.attacks.triggers.blending import add
from core.registry import Range
from core.types import Floats, Images

BATCH = 128  # images whose gradients are held at once
STEP = 0.01  # Adam's learning rate, in units of [0, 1]: some two levels


def narcissus(
    scene: Scene,
    *,
    epsilon: Annotated[float, Range(1.0, 255.0)] = 16.0,
    scale: Annotated[float, Range(0.1, 10.0)] = 1.0,
    steps: Annotated[int, Range(1, 10_000)] = 300,
    surrogate_epochs: Annotated[int, Range(1, 1000)] = 15,
) -> Trigger:
    """A trigger that adds scale·δ, noise optimised so that a surrogate model is surer of the target class, clipped.

    δ minimises the mean cross-entropy of x + δ over target-class images x, with ‖δ‖∞ ≤ ε/255 (Adam, δ = 0 at first).
    Such noise steers clean models a little as well: compare success rates with those of a model without the poison.

    Args:
        scene: its `pattern` is δ; without one, δ is optimised on its clean data.
        epsilon: ε in levels of 0–255; the paper: 16.
        scale: how often δ is added; the paper triples it at test time.
        steps: of Adam, each on up to 128 images.
        surrogate_epochs: passes over the surrogate model's training data.

    Raises:
        ValueError: with neither a pattern nor clean data with images of the target class.

    Example:
        Noise that was optimised before is made again from its pattern:

        >>> noise = np.full((4, 4, 1), 0.1, np.float32)
        >>> trigger = narcissus(Scene((4, 4, 1), target_class=1, pattern=noise), scale=2.0)
        >>> int(trigger(np.zeros((1, 4, 4, 1), np.uint8)).max())
        51

    References: Zeng et al.: Narcissus: A Practical Clean-Label Backdoor Attack with Limited Information,
        arXiv 2204.05255.
    """
    pattern = scene.pattern if scene.pattern is not None else _optimised(scene, epsilon / 255, steps, surrogate_epochs)
    return Trigger(add(scale * 255 * pattern).apply, pattern=pattern)


def _optimised(scene: Scene, bound: float, steps: int, epochs: int) -> Floats:
    """(h, w, c) δ in units of [0, 1]."""
    import torch  # pages read this module for its tunables
    from torch.nn import functional as F

    from core.attacks.triggers.surrogate import as_batch, surrogate_of

    images, target = _of_the_target(scene)
    model, rng = surrogate_of(scene, epochs), np.random.default_rng(scene.seed)
    noise = torch.zeros_like(as_batch(images[:1], model), requires_grad=True)
    optimizer = torch.optim.Adam([noise], STEP)
    for _ in range(steps):
        chosen = rng.choice(len(images), min(BATCH, len(images)), replace=False)
        logits = model((as_batch(images[chosen], model) + noise).clamp(0, 1)).float()
        optimizer.zero_grad()
        F.cross_entropy(logits, torch.full((len(chosen),), target, device=logits.device)).backward()
        optimizer.step()
        noise.data.clamp_(-bound, bound)
    return noise.detach()[0].permute(1, 2, 0).cpu().numpy()


def _of_the_target(scene: Scene) -> tuple[Images, int]:
    """The images of the target class, (m, h, w, c) with m ≥ 1, and that class."""
    if scene.inputs is None or scene.labels is None or scene.target_class is None:
        raise ValueError("narcissus needs a pattern, or clean data and a target class to optimise one for")
    images = np.asarray(scene.inputs[scene.labels == scene.target_class])
    if not len(images):
        raise ValueError(f"the clean data has no images of class {scene.target_class}")
    return images, scene.target_class
