"""What images are seen as, beside plain formulas."""

import numpy as np
import pytest

from core.modalities.image.patterns import LOWEST, OPPONENTS, cosine_patterns, cosines


def pictures(side, channels):
    return np.random.default_rng(0).integers(0, 256, (5, *side, channels)).astype(np.uint8)


@pytest.mark.parametrize("side", [(32, 32), (28, 20), (1, 1)])
@pytest.mark.parametrize("channels", [1, 3])
def test_cosines_of_colours_are_those_of_the_plain_transform(side, channels):
    images = pictures(side, channels)
    colours = images.astype(np.float32)
    colours = colours @ OPPONENTS if channels == 3 else colours
    rows, columns = np.indices(side)
    far = np.hypot(rows, columns) >= min(LOWEST, max(side) / 3)
    far[-1, -1] = True
    expected = cosines(colours)[:, far].reshape(len(images), -1)
    np.testing.assert_allclose(cosine_patterns(images), expected, atol=2e-3)
