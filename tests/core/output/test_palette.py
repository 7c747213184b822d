"""The theme and the palette agree, and no class looks like poison."""

import colorsys
import tomllib
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from core.modalities.labels import view as labels_view
from core.modalities.text import view as text_view
from core.modalities.text.inputs import strings
from core.modalities.written import FONT
from core.output import palette

THEME = tomllib.loads((Path(__file__).parents[3] / ".streamlit" / "config.toml").read_text())["theme"]


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


# Machado, Oliveira and Fernandes 2009: full sight, and what protanopes and deuteranopes see, on linear RGB.
SIGHTS = {
    "full": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
}
BADGES = {
    "excluded": palette.EXCLUDED,
    "kept": palette.KEPT,
    "relabelled": palette.RELABELLED,
    "unsure": palette.UNSURE,
    "taken": palette.TAKEN,
}
TO_CONES = [[0.4122215, 0.5363325, 0.0514460], [0.2119035, 0.6806995, 0.1073970], [0.0883025, 0.2817188, 0.6299787]]
TO_LAB = [[0.2104543, 0.7936178, -0.0040720], [1.9779985, -2.4285922, 0.4505937], [0.0259040, 0.7827718, -0.8086758]]


def oklab(colour, sight):
    channels = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return TO_LAB @ np.cbrt(TO_CONES @ np.clip(SIGHTS[sight] @ linear, 0, None))


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize(("one", "other"), combinations(BADGES, 2))
def test_the_badges_differ_for_every_sight(one, other, sight):
    assert np.linalg.norm(oklab(BADGES[one], sight) - oklab(BADGES[other], sight)) >= 0.07


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


@pytest.mark.parametrize(
    "colour", [*palette.CLASSES, palette.RELABELLED, palette.ACCENT, palette.UNSURE, palette.TAKEN]
)
def test_only_poison_has_the_hue_of_poison(colour):
    distance = abs(hue(colour) - hue(palette.POISON)) % 360
    assert min(distance, 360 - distance) >= 30


@pytest.mark.parametrize("colour", [*palette.CLASSES, palette.POISON, palette.GREY, palette.UNSURE, palette.TAKEN])
@pytest.mark.parametrize("ground", ["light", "dark"])
def test_every_mark_shows_on_both_grounds(colour, ground):
    assert contrast(colour, palette.GROUND[ground]) >= 1.6


@pytest.mark.parametrize("ground", ["light", "dark"])
def test_text_is_easy_to_read(ground):
    assert contrast(palette.INK[ground], palette.GROUND[ground]) >= 7


@pytest.mark.parametrize("ground", ["light", "dark"])
def test_what_is_trusted_stands_apart_from_the_grey_of_most_points_by_its_brightness(ground):
    trusted = palette.TRUSTED[ground]
    assert contrast(trusted, palette.GREY) >= 1.5
    assert contrast(trusted, palette.GROUND[ground]) >= 3


def test_words_in_pictures_have_the_font_of_the_pages():
    assert THEME["font"].replace(", ", ",") == FONT
    assert all(FONT in one.shown(strings("words")).content.decode() for one in (text_view, labels_view))
