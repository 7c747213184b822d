"""The theme and the palette agree, and no class looks like poison."""

import colorsys
import tomllib
from pathlib import Path

import pytest

from core import palette

THEME = tomllib.loads((Path(__file__).parents[2] / ".streamlit" / "config.toml").read_text())["theme"]


def hue(colour):
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return colorsys.rgb_to_hls(red, green, blue)[0] * 360


def luminance(colour):
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_the_theme_repeats_the_palette():
    assert tuple(THEME["chartCategoricalColors"]) == palette.CLASSES
    assert THEME["light"]["primaryColor"] == palette.ACCENT
    assert THEME["dark"]["primaryColor"] == palette.ACCENT_ON_DARK
    for variant in ("light", "dark"):
        assert THEME[variant]["orangeColor"] == palette.POISON
        assert THEME[variant]["backgroundColor"] == palette.GROUND[variant]
        assert THEME[variant]["textColor"] == palette.INK[variant]


def test_ten_classes_differ():
    assert len(set(palette.CLASSES)) == 10


@pytest.mark.parametrize("colour", [*palette.CLASSES, palette.RELABELLED, palette.ACCENT])
def test_only_poison_has_the_hue_of_poison(colour):
    distance = abs(hue(colour) - hue(palette.POISON)) % 360
    assert min(distance, 360 - distance) >= 30


@pytest.mark.parametrize("colour", [*palette.CLASSES, palette.POISON, palette.GREY])
@pytest.mark.parametrize("ground", ["light", "dark"])
def test_every_mark_shows_on_both_grounds(colour, ground):
    assert contrast(colour, palette.GROUND[ground]) >= 1.6


@pytest.mark.parametrize("ground", ["light", "dark"])
def test_text_is_easy_to_read(ground):
    assert contrast(palette.INK[ground], palette.GROUND[ground]) >= 7
