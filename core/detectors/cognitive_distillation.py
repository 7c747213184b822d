"""Cognitive Distillation: of a poisoned image, the trigger alone keeps the model's output."""

from typing import Annotated

from core.detectors import require
from core.registry import Range
from core.types import Detection, Evidence, Notes


def cognitive_distillation(
    evidence: Evidence,
    *,
    n_steps: Annotated[int, Range(1, 1000)] = 100,
    alpha: Annotated[float, Range(0.0, 10.0)] = 0.01,
    beta: Annotated[float, Range(0.0, 1000.0)] = 10.0,
    n_deviations: Annotated[float, Range(0.0, 10.0)] = 2.0,
) -> Detection:
    """How small a part of the image the model's output hangs on.

    m(x) minimises mean |f(x·m + (1 − m)·δ) − f(x)| + α ‖m‖₁ + β TV(m) over masks m in (0, 1), δ a random colour in each
    step: Adam, learning rate 0.1. s(x) = −‖m(x)‖₁. As published, flagged is what lies γ standard deviations of the
    bona fide samples below their mean. A full-image trigger keeps a large mask and is missed.

    Args:
        evidence: needs `model`, `images` and `bona_fide`.
        n_steps: of Adam; the paper: 100. Each costs a forward and a backward pass over all data.
        alpha: α, the weight of the mask's size; the paper: 0.01.
        beta: β, the weight of its total variation; the paper: 10.
        n_deviations: γ of the threshold mean − γ·sd. About 2 % of clean samples lie below at 2, 16 % at 1.

    Returns:
        suspicion: minus the sum of the mask, in pixels, ≤ 0. Bona fide samples are never flagged.

    Raises:
        UserError: the model, images or bona fide samples are missing.

    References: Huang et al.: Distilling Cognitive Backdoor Patterns within an Image, ICLR 2023, arXiv 2301.10908.

    >>> import numpy as np
    >>> from torch import nn
    >>> from core.detectors.cognitive_distillation import cognitive_distillation
    >>> from core.modalities.image.inputs import ImageInputs
    >>> from core.types import Evidence
    >>> images = np.random.default_rng(0).integers(0, 256, (8, 4, 4, 1)).astype(np.uint8)
    >>> model = nn.Sequential(nn.Flatten(), nn.Linear(16, 2)).eval()
    >>> evidence = Evidence(np.zeros(8, np.int64), 2, np.arange(8) < 4, inputs=ImageInputs(images), model=model)
    >>> bool((cognitive_distillation(evidence, n_steps=2).suspicion <= 0).all())
    True
    """
    needed = require("cognitive_distillation", evidence)
    from core.detectors.networks.masks import mask_sizes  # torch, which the page that shows the settings never needs

    sizes = mask_sizes(
        needed.model,
        needed.inputs,
        n_steps=n_steps,
        alpha=alpha,
        beta=beta,
        seed=evidence.seed,
        listen=evidence.listen,
    )
    clean = sizes[evidence.bona_fide]
    threshold = float(clean.mean() - n_deviations * clean.std())
    notes = Notes(threshold=-threshold, figures={"n_steps": n_steps})
    return Detection(-sizes, (sizes < threshold) & ~evidence.bona_fide, notes=notes)
