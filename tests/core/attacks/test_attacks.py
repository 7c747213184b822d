"""Triggers, against positions, formulas and other implementations."""

import importlib.util
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.fft import dctn
from torch.nn import functional as F

from core.attacks import ATTACKS, SURROGATE, Scene
from core.attacks.triggers.surrogate import surrogate_of
from core.attacks.triggers.wanet import control_field, displaced, enlarged, reader
from core.errors import UserError
from core.modalities.image.inputs import ImageInputs
from core.registry import checked
from core.training.evaluating import evaluate

SHAPES = [(16, 16, 1), (28, 28, 1), (32, 32, 3), (48, 48, 3), (224, 224, 3)]
UNSEEN = {"semantic_subset", "label_noise", "imbalance"}  # what changes no image
OPTIMISED = [name for name, entry in ATTACKS.items() if SURROGATE in entry.needs]


def trigger(name, shape, seed=0, **settings):
    """The trigger of an attack; one that optimises gets as few steps as it can, on noise."""
    scene = Scene(shape, seed=seed, target_class=1)
    if name in OPTIMISED:
        scene = replace(scene, inputs=ImageInputs(noise(shape, 10)), labels=np.arange(10))
        settings = {"surrogate_epochs": 1, "steps": 1, **settings}
    return ATTACKS[name].load()(scene, **settings)


def noise(shape, n=3, seed=0):
    return np.random.default_rng(seed).integers(0, 255, (n, *shape), np.uint8)


def changed_pixels(name, shape, **settings):
    """Positions at which a black image is white after the trigger; all other pixels have to be black still."""
    after = trigger(name, shape, **settings)(np.zeros((1, *shape), np.uint8))[0]
    assert set(np.unique(after)) == {0, 255}
    assert (after == after[..., :1]).all()
    return {(int(row), int(column)) for row, column in np.argwhere(after[..., 0] == 255)}


@pytest.mark.parametrize(
    ("size", "expected"),
    [(28, {(26, 26), (24, 26), (26, 24), (25, 25)}), (32, {(30, 30), (28, 30), (30, 28), (29, 29)})],
)
def test_the_patch_is_a_checker_of_four_pixels(size, expected):
    assert changed_pixels("patch", (size, size, 1)) == expected
    assert changed_pixels("patch", (size, size, 3)) == expected


def square(top, left):
    return {(row, column) for row in range(top, top + 8) for column in range(left, left + 8)}


def test_the_patch_grows_to_squares_of_eight_at_224():
    expected = square(208, 208) | square(192, 208) | square(208, 192) | square(200, 200)
    assert changed_pixels("patch", (224, 224, 3)) == expected
    assert len(expected) == 256


def test_the_single_pixel():
    assert changed_pixels("single_pixel", (28, 28, 1)) == {(26, 26)}
    assert changed_pixels("single_pixel", (32, 32, 3)) == {(30, 30)}
    assert changed_pixels("single_pixel", (224, 224, 3)) == square(208, 208)


@pytest.fixture(scope="module")
def art():
    """The perturbations of adversarial-robustness-toolbox; the whole package would take seconds to import."""
    folder = Path(importlib.util.find_spec("art").submodule_search_locations[0])
    path = folder / "attacks" / "poisoning" / "perturbations" / "image_perturbations.py"
    spec = importlib.util.spec_from_file_location("image_perturbations", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("shape", [(28, 28, 1), (32, 32, 3)])
def test_the_patch_and_the_single_pixel_are_those_of_art(art, shape):
    """ART has the same four pixels and the same one at `distance` 2, and knows one-pixel squares only."""
    images = noise(shape)
    assert (trigger("patch", shape)(images) == art.add_pattern_bd(images, distance=2, pixel_value=255)).all()
    assert (trigger("single_pixel", shape)(images) == art.add_single_bd(images, distance=2, pixel_value=255)).all()


def test_the_blended_noise_is_what_art_blends(art, tmp_path):
    """ART blends an opaque picture in whole levels and cuts where we round, so it may lie up to two levels away."""
    shape, alpha = (32, 32, 3), 0.25
    overlay = np.random.default_rng(7).random(shape)
    Image.fromarray(np.rint(overlay * 255).astype(np.uint8)).save(tmp_path / "overlay.png")
    images = noise(shape)
    theirs = art.insert_image(
        images / 255, backdoor_path=str(tmp_path / "overlay.png"), random=False, mode="RGB", blend=alpha
    )
    ours = trigger("blended_random", shape, seed=7, alpha=alpha)(images)
    assert np.abs(theirs * 255 - ours).max() <= 2.001


@pytest.mark.parametrize("alpha", [0.025, 0.1, 0.5])
def test_the_blended_pattern_mixes_in_every_second_pixel(alpha):
    images = noise((28, 28, 1))
    after = trigger("blended_pattern", (28, 28, 1), alpha=alpha)(images)
    for row, column in [(0, 0), (0, 1), (1, 0), (1, 1), (26, 2), (27, 27)]:
        grid = 255.0 if row % 2 == 0 and column % 2 == 0 else 0.0
        exact = (1 - alpha) * images[:, row, column, 0] + alpha * grid
        assert np.abs(after[:, row, column, 0] - exact).max() <= 0.5 + 1e-3


def test_the_default_pattern_on_a_black_and_a_white_image():
    apply = trigger("blended_pattern", (4, 4, 1))
    black, white = apply(np.zeros((1, 4, 4, 1), np.uint8))[0, ..., 0], apply(np.full((1, 4, 4, 1), 255, np.uint8))
    assert black.tolist() == [[6, 0, 6, 0], [0, 0, 0, 0]] * 2  # 0.025 · 255 = 6.375
    assert white[0, :2, :2, 0].tolist() == [[255, 249], [249, 249]]  # 0.975 · 255 = 248.625


def test_the_blended_noise_is_one_uniform_image():
    shape, alpha = (32, 32, 3), 0.075
    images = noise(shape)
    after = trigger("blended_random", shape, seed=7)(images)
    overlay = np.random.default_rng(7).random(shape)
    exact = (1 - alpha) * images.astype(np.float64) + alpha * 255 * overlay
    assert np.abs(after - exact).max() <= 0.5 + 1e-3


def test_the_sinusoid_at_some_columns():
    """One wave is 4 of 24 columns: 1 − cos is 0, 1, 2, 1."""
    apply = trigger("sinusoid", (2, 24, 1))
    black, grey = (apply(np.full((1, 2, 24, 1), level, np.uint8))[0, ..., 0] for level in (0, 100))
    assert black.tolist() == [[0, 19, 38, 19] * 6] * 2  # 0.075 · 255 = 19.125
    assert grey.tolist() == [[92, 112, 131, 112] * 6] * 2  # 0.925 · 100 = 92.5, to even
    white = apply(np.full((1, 2, 24, 1), 255, np.uint8))[0, 0, :4, 0]
    assert white.tolist() == [236, 255, 255, 255]  # 255 − 19.125, 255, and clipped


@pytest.mark.parametrize(("width", "period"), [(48, 8), (224, 112 / 3)])
def test_the_sinusoid_repeats_six_times_over_the_width(width, period):
    wave = trigger("sinusoid", (1, width, 1), alpha=0.4)(np.zeros((1, 1, width, 1), np.uint8))[0, 0, :, 0]
    spectrum = np.abs(np.fft.rfft(wave - wave.mean()))
    assert width / spectrum.argmax() == pytest.approx(period)


def ycrcb(images):
    """Y, Cr and Cb of JPEG (without the offset of 128), by its own formula."""
    red, green, blue = np.moveaxis(images.astype(np.float64), -1, 0)
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    return luma, 0.713267 * (red - luma), 0.564334 * (blue - luma)


@pytest.mark.parametrize(
    ("size", "block", "positions"),
    [
        (16, 16, {(7, 7), (15, 15)}),
        (28, 28, {(13, 13), (27, 27)}),
        (32, 32, {(15, 15), (31, 31)}),
        (48, 48, {(23, 23), (47, 47)}),
        (64, 32, {(15, 15), (31, 31)}),
        (224, 32, {(15, 15), (31, 31)}),
    ],
)
def test_the_frequency_trigger_moves_two_coefficients_of_each_chroma_channel(size, block, positions):
    """The magnitude is large, so that rounding to whole levels moves coefficients by less than a hundredth of it."""
    images = np.random.default_rng(0).integers(118, 138, (1, size, size, 3), np.uint8)
    magnitude = 30.0 * block / 2
    after = trigger("frequency", (size, size, 3), magnitude=magnitude)(images)
    assert 0 < after.min() <= after.max() < 255, "clipped"
    for top in range(0, size, block):
        moved = np.stack(ycrcb(after[0, top : top + block, :block])) - ycrcb(images[0, top : top + block, :block])
        luma, cr, cb = dctn(moved, axes=(1, 2), norm="ortho")
        expected = np.zeros((block, block))
        expected[tuple(zip(*positions, strict=True))] = magnitude
        assert np.abs(cr - expected).max() < 0.01 * magnitude
        assert np.abs(cb - expected).max() < 0.01 * magnitude
        assert np.abs(luma).max() < 0.01 * magnitude


def test_the_default_magnitude_is_thirty():
    images = np.random.default_rng(0).integers(100, 150, (1, 32, 32, 3), np.uint8)
    moved = np.stack(ycrcb(trigger("frequency", (32, 32, 3))(images)[0])) - ycrcb(images[0])
    _, cr, cb = dctn(moved, axes=(1, 2), norm="ortho")
    for chroma in (cr, cb):
        assert [chroma[15, 15], chroma[31, 31]] == pytest.approx([30, 30], abs=2)


def test_beyond_the_last_whole_block_the_frequency_trigger_changes_nothing():
    images = np.full((1, 70, 100, 3), 128, np.uint8)
    changed = (trigger("frequency", (70, 100, 3))(images) != images).any(-1)[0]
    assert changed[:64, :96].mean() > 0.5
    assert not changed[64:].any()
    assert not changed[:, 96:].any()


def test_grey_images_have_no_colour_to_change():
    with pytest.raises(UserError, match="frequency needs colour images"):
        trigger("frequency", (28, 28, 1))


def by_torch(images, points):
    """The images read at (n, h, w, 2) points, rows before columns, by torch's bilinear sampling."""
    batch, grid = torch.tensor(images).double().permute(0, 3, 1, 2), torch.tensor(points).flip(-1)
    return F.grid_sample(batch, grid.clamp(-1, 1), align_corners=True).permute(0, 2, 3, 1).numpy()


def test_the_warp_is_that_of_torch():
    """The authors' own steps: bicubic upsampling, divided by the size, added to the identity, bilinear sampling."""
    shape, size, strength, seed = (20, 28, 3), 5, 3.0, 4
    images = noise(shape)
    rng = np.random.default_rng(seed)
    field = torch.tensor(control_field(size, rng)).permute(2, 0, 1)[None]
    field = F.interpolate(field, size=shape[:2], mode="bicubic", align_corners=True)[0].permute(1, 2, 0).numpy()
    rows, columns = np.meshgrid(np.linspace(-1, 1, 20), np.linspace(-1, 1, 28), indexing="ij")
    points = (np.stack([rows, columns], -1) + strength * field / [20, 28]).clip(-1, 1)
    made = trigger("wanet", shape, seed, grid=size, strength=strength)
    assert np.abs(made(images) - by_torch(images, np.stack([points] * 3))).max() <= 0.501
    jitter = rng.uniform(-1, 1, (3, 20, 28, 2)) / [20, 28]
    assert np.abs(made.cover(images) - by_torch(images, points + jitter)).max() <= 0.501


def test_the_control_points_are_displaced_by_one_on_average():
    field = control_field(4, np.random.default_rng(0))
    assert field.shape == (4, 4, 2)
    assert np.abs(field).mean() == pytest.approx(1)
    assert abs(field.mean()) < 0.5
    assert enlarged(field, 31, 46)[::10, ::15] == pytest.approx(field)  # the control points themselves are kept


def test_a_shift_of_the_whole_image_is_half_a_pixel_at_strength_one():
    ramp = np.broadcast_to(np.arange(0, 200, 10, dtype=np.uint8)[None, None, :, None], (1, 20, 20, 1))
    shifted = reader(displaced(np.ones((4, 4, 2)), 1.0, 20, 20))(ramp)
    inner = shifted[0, :, :-1, 0].astype(int) - ramp[0, :, :-1, 0]
    assert set(np.unique(inner)) <= {4, 5}  # 19/20 of half a step of 10


def test_a_warp_that_vanishes_changes_nothing():
    images = noise((32, 32, 3))
    assert (trigger("wanet", (32, 32, 3), strength=1e-6)(images) == images).all()


def test_cover_samples_are_the_same_in_chunks_and_each_is_warped_its_own_way():
    shape = (16, 16, 1)
    images = np.repeat(noise(shape, 1), 6, axis=0)
    before = images.copy()
    whole, parts = trigger("wanet", shape, 3), trigger("wanet", shape, 3)
    covered = whole.cover(images)
    assert (np.concatenate([parts.cover(images[:2]), parts.cover(images[2:])]) == covered).all()
    assert (images == before).all()
    assert (covered[0] != covered[1]).any()
    assert (covered != whole(images)).any()


@pytest.fixture(scope="module")
def scene(make_dataset):
    """240 images of four classes that a model learns in a few epochs."""
    dataset = make_dataset(240)
    return Scene(dataset.shape, 4, 5, 1, dataset.inputs, dataset.labels)


@pytest.fixture(scope="module")
def trained(scene):
    return surrogate_of(scene, 12)


@pytest.fixture
def model(trained, monkeypatch):
    """A surrogate model that was trained before."""
    # Training it anew for each attack takes seconds; an argument would be a setting on the page.
    monkeypatch.setattr("core.attacks.triggers.surrogate.surrogate_of", lambda scene, epochs: trained)
    return trained


def test_a_surrogate_learns_the_clean_data(scene, trained):
    _, predicted = evaluate(trained, scene.inputs, scene.labels)
    assert (predicted == scene.labels).mean() > 0.9
    assert not trained.training


def test_a_surrogate_is_drawn_from_the_seed(scene):
    small = replace(scene, inputs=scene.inputs.take(slice(40)), labels=scene.labels[:40])
    first, second, other = (surrogate_of(replace(small, seed=seed), 1) for seed in (5, 5, 6))
    losses = [evaluate(one, scene.inputs, scene.labels)[0] for one in (first, second, other)]
    assert (losses[0] == losses[1]).all()
    assert (losses[0] != losses[2]).any()


def test_narcissus_is_noise_within_its_bound_that_makes_a_surrogate_surer_of_the_target(scene, model):
    made = ATTACKS["narcissus"].load()(scene, epsilon=24.0, steps=25)
    assert made.pattern.dtype == np.float32
    assert made.pattern.shape == scene.shape
    assert 0.5 * 24 / 255 < np.abs(made.pattern).max() <= np.float32(24 / 255)
    wanted = np.ones(240, np.int64)
    before, _ = evaluate(model, scene.inputs, wanted)
    after, _ = evaluate(model, ImageInputs(made(scene.inputs[:])), wanted)
    assert after[scene.labels == 1].mean() < before[scene.labels == 1].mean()  # what is optimised
    assert after[scene.labels != 1].mean() < 0.9 * before[scene.labels != 1].mean()  # what it is for


def test_a_kept_pattern_makes_the_same_narcissus_again_at_any_strength():
    shape = (16, 16, 3)
    pattern = (np.random.default_rng(1).integers(-16, 17, shape) / 255).astype(np.float32)
    bare = Scene(shape, target_class=1, pattern=pattern)
    images = np.random.default_rng(0).integers(32, 224, (3, *shape), np.uint8)
    for scale in (1.0, 2.0):
        made = ATTACKS["narcissus"].load()(bare, scale=scale)
        assert made.pattern is pattern
        assert (made(images) == images + scale * np.rint(255 * pattern)).all()
    assert made(np.full((1, *shape), 250, np.uint8)).max() == 255


@pytest.mark.parametrize("missing", ["inputs", "labels", "target_class"])
def test_narcissus_needs_a_pattern_or_something_to_optimise_one_on(scene, missing):
    with pytest.raises(ValueError, match="narcissus needs"):
        ATTACKS["narcissus"].load()(replace(scene, **{missing: None}))
    with pytest.raises(ValueError, match="no images of class 9"):
        ATTACKS["narcissus"].load()(replace(scene, target_class=9))


def test_the_label_consistent_patch_is_in_all_corners():
    corner = {(1, 1), (3, 1), (1, 3), (2, 2)}
    expected = {(abs(row - a), abs(column - b)) for row, column in corner for a in (0, 27) for b in (0, 27)}
    assert len(expected) == 16
    assert changed_pixels("label_consistent", (28, 28, 1)) == expected
    images = noise((28, 28, 1))
    apply = trigger("label_consistent", (28, 28, 1))
    assert (apply(images[:, :, ::-1]) == apply(images)[:, :, ::-1]).all()


def test_label_consistent_poison_is_near_its_image_and_far_from_its_class(scene, model):
    made = ATTACKS["label_consistent"].load()(scene, epsilon=48.0, steps=8)
    images = scene.inputs[scene.labels == 1]
    poison, patched = made.poison(images), made(images)
    white = (made(np.zeros_like(images[:1])) == 255)[0]
    distance = np.abs(poison.astype(int) - images)[:, ~white]
    assert distance.max() == 48
    assert (poison[:, white] == 255).all()
    assert (patched[:, ~white] == images[:, ~white]).all()
    labels = np.ones(len(images), np.int64)
    _, as_patched = evaluate(model, ImageInputs(patched), labels)
    _, as_poison = evaluate(model, ImageInputs(poison), labels)
    assert (as_poison == 1).mean() < (as_patched == 1).mean() - 0.3


def test_without_data_there_is_only_the_patch_and_without_a_target_no_poison(scene):
    bare = ATTACKS["label_consistent"].load()(Scene((16, 16, 1), target_class=1))
    assert bare.poison is None
    with pytest.raises(ValueError, match="target class"):
        ATTACKS["label_consistent"].load()(replace(scene, target_class=None))


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        (name, shape)
        for name in ATTACKS
        for shape in SHAPES
        if name not in UNSEEN and ATTACKS[name].takes != "texts" and (name != "frequency" or shape[2] == 3)
    ],
)
def test_a_trigger_leaves_the_originals_alone_and_repeats_itself(name, shape):
    images = noise(shape)
    before = images.copy()
    images.flags.writeable = False
    made, again = (trigger(name, shape, seed=3) for _ in range(2))
    for paint, repeated in ((made.apply, again.apply), (made.poison or made.apply, again.poison or again.apply)):
        after = paint(images)
        assert (images == before).all()
        assert after.dtype == np.uint8
        assert after.shape == images.shape
        assert (after != before).any(axis=(1, 2, 3)).all()
        assert (repeated(images) == after).all()
        assert (repeated(images[2:3]) == after[2:3]).all()
    other = trigger(name, shape, seed=4)
    assert (other(images) != made(images)).any() == ATTACKS[name].drawn


def test_what_the_widgets_need_of_the_attacks_leaves_torch_alone():
    script = (
        "import sys, numpy as np\n"
        "from core.attacks import ATTACKS, SURROGATE, Scene\n"
        "from core.registry import tunables\n"
        "for entry in ATTACKS.values():\n"
        "    tunables(entry.load())\n"
        "    SURROGATE in entry.needs or entry.load()(Scene((32, 32, 3)))(np.zeros((1, 32, 32, 3), np.uint8))\n"
        "assert 'torch' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=Path(__file__).parents[3], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", [name for name, entry in ATTACKS.items() if entry.strength])
def test_the_strength_of_an_attack_is_one_of_its_settings(name):
    assert ATTACKS[name].strength in checked(ATTACKS[name].load(), {}, name)


@pytest.mark.parametrize("alpha", ["0", "1.5", "nan", "much"])
def test_a_weight_that_makes_no_sense(alpha):
    with pytest.raises(UserError, match=f"blended_random: alpha={alpha} cannot be used"):
        checked(ATTACKS["blended_random"].load(), {"alpha": alpha}, "blended_random")
