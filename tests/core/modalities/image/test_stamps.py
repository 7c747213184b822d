"""Recovered triggers on images: what is known to be there is found, put on others and taken off again."""

import subprocess
import sys

import numpy as np
import pytest

from core.modalities.image.inputs import ImageInputs
from core.modalities.image.overlay import SameStamp
from core.modalities.image.stamps import ImageStamp, beneath, residuals, restored, same, stamps

SHAPE = (4, 4, 1)


def grey(level, shape=SHAPE):
    return np.full(shape, level, np.float32)


def scattered(n, seed=0, shape=(8, 8, 1)):
    """Images whose pixels vary independently."""
    return np.random.default_rng(seed).integers(60, 181, (n, *shape)).astype(np.uint8)


def with_look_alikes(changed, q=5):
    """Inputs, the rows of changed images, and as their look-alikes the same images with ±1 level, unchanged."""
    originals, after = changed
    shifts = np.arange(q) - q // 2
    around = np.concatenate([np.clip(originals.astype(int) + shift, 0, 255) for shift in shifts]).astype(np.uint8)
    m = len(originals)
    near = m + np.arange(m)[:, None] + m * np.arange(q)
    return ImageInputs(np.concatenate([after, around])), np.arange(m), near


def named(made):
    return {stamp.name: stamp for stamp in made}


def test_an_added_trigger_is_put_on_and_taken_off_by_hand():
    stamp = ImageStamp("added", 1.0, grey(30.4))
    on = stamp.put_on(np.full((2, *SHAPE), 100, np.uint8))
    assert on.dtype == np.uint8
    assert (on == 130).all()
    assert (stamp.taken_off(on, grey(0)) == 100).all()
    assert (stamp.put_on(np.full((1, *SHAPE), 250, np.uint8)) == 255).all()
    assert (stamp.taken_off(np.full((1, *SHAPE), 5, np.uint8), grey(0)) == 0).all()


def test_an_overlay_leaves_its_fraction_of_the_image_beneath():
    stamp = ImageStamp("laid over", 0.75, grey(50))
    on = stamp.put_on(np.full((1, *SHAPE), 120, np.uint8))
    assert (on == 140).all()
    assert (stamp.taken_off(on, grey(0)) == 120).all()


def test_a_pasted_trigger_changes_its_place_alone_and_gives_way_to_what_look_alikes_show():
    mask = np.zeros(SHAPE, bool)
    mask[3, 3] = True
    stamp = ImageStamp("pasted", 1.0, grey(255), mask)
    clean = np.full((2, *SHAPE), 100, np.uint8)
    on = stamp.put_on(clean)
    assert (on[:, 3, 3] == 255).all()
    assert (on != clean).sum() == 2
    off = stamp.taken_off(on, np.stack([grey(70), grey(90)]))
    assert off[:, 3, 3, 0].tolist() == [70, 90]
    assert (off[:, :3] == 100).all()


def test_the_picture_is_mid_grey_where_nothing_is_and_uses_the_whole_range():
    offset = grey(2)  # what all pixels have is no pattern
    offset[0, 0], offset[1, 1] = 12, -3
    picture = ImageStamp("added", 1.0, offset).picture
    assert picture.dtype == np.uint8
    assert picture.shape == SHAPE
    assert (picture[0, 0, 0], picture[1, 1, 0], picture[2, 2, 0]) == (255, 64, 128)
    mask = np.zeros(SHAPE, bool)
    mask[3, 3] = True
    pasted = ImageStamp("pasted", 1.0, grey(0), mask).picture
    assert (pasted[3, 3, 0], pasted[0, 0, 0]) == (0, 128)
    assert (ImageStamp("added", 1.0, grey(0)).picture == 128).all()


def test_beneath_an_image_is_the_median_of_its_look_alikes():
    inputs = ImageInputs(np.stack([np.full(SHAPE, level, np.uint8) for level in (10, 20, 200, 7)]))
    under = beneath(inputs, np.array([[0, 1, 2], [3, 3, 0]]))
    assert under.shape == (2, *SHAPE)
    assert (under[0] == 20).all()
    assert (under[1] == 7).all()


@pytest.mark.parametrize("m", [1, 31, 32, 33, 70])
def test_residuals_are_what_lies_above_the_look_alikes_in_chunks_of_any_number(m):
    inputs = ImageInputs(scattered(m + 5))
    near = np.tile(m + np.arange(5), (m, 1))
    left = residuals(inputs, np.arange(m), near)
    expected = inputs[:][:m].astype(np.float32) - np.median(inputs[:][m:], axis=0)
    assert left.shape == (m, 64)
    assert np.array_equal(left, expected.reshape(m, -1))


def test_residuals_of_large_images_are_averaged_over_blocks():
    images = np.zeros((2, 80, 80, 1), np.uint8)
    images[0, :2, :2] = 100
    left = residuals(ImageInputs(images), np.array([0]), np.array([[1]]))
    assert left.shape == (1, 1600)
    assert left[0, 0] == 100
    assert np.count_nonzero(left) == 1


def test_what_was_added_is_recovered():
    originals = scattered(60)
    pattern = np.random.default_rng(1).integers(-20, 21, originals.shape[1:])
    inputs, rows, near = with_look_alikes((originals, (originals + pattern).astype(np.uint8)))
    made = named(stamps(inputs, rows, near))
    assert np.allclose(made["added"].offset, pattern)
    assert np.allclose(made["middle added"].offset, pattern)
    assert (made["added"].put_on(originals) == inputs[rows]).all()
    assert "pasted" not in made


def test_the_middle_is_not_moved_by_a_few_images_that_lack_the_trigger():
    originals = scattered(50)
    added = originals + np.uint8(40)
    added[:10] = originals[:10]
    made = named(stamps(*with_look_alikes((originals, added))))
    assert np.allclose(made["added"].offset, 32)
    assert np.allclose(made["middle added"].offset, 40)


def test_an_overlay_is_recovered_with_what_it_leaves():
    originals, photograph = scattered(80), scattered(1, seed=5)[0].astype(np.float32)
    blended = np.rint(0.7 * originals + 0.3 * photograph).astype(np.uint8)
    made = named(stamps(*with_look_alikes((originals, blended))))
    assert made["laid over"].scale == pytest.approx(0.7, abs=0.02)
    assert np.abs(made["laid over"].offset - 0.3 * photograph).max() < 4
    others = scattered(20, seed=9)
    wanted = 0.7 * others + 0.3 * photograph
    errors = {name: np.abs(stamp.put_on(others) - wanted).mean() for name, stamp in made.items()}
    assert errors["laid over"] < 2
    assert errors["added"] > 5


def test_a_sticker_is_recovered_with_its_place():
    originals = scattered(40)
    marked = originals.copy()
    marked[:, -2:, -2:] = 255
    found = named(stamps(*with_look_alikes((originals, marked))))["pasted"]
    expected = np.zeros(originals.shape[1:], bool)
    expected[-2:, -2:] = True
    assert np.array_equal(found.mask, expected)
    assert (found.offset[found.mask] == 255).all()
    assert (found.put_on(originals) == marked).all()


def test_near_duplicates_are_constant_everywhere_and_no_pasted_mark():
    one = scattered(1)[0]
    copies = np.repeat(one[None], 40, axis=0)
    inputs = ImageInputs(np.concatenate([copies, np.full((5, *one.shape), 20, np.uint8)]))
    made = stamps(inputs, np.arange(40), np.tile(40 + np.arange(5), (40, 1)))
    assert [stamp.name for stamp in made] == ["added", "middle added", "laid over"]
    assert made[2].scale == 0.5  # look-alikes that do not vary say nothing; the bound holds


@pytest.mark.parametrize("masked", [False, True])
def test_a_trigger_made_again_of_its_parts_does_the_same(masked, tmp_path):
    mask = np.arange(16).reshape(SHAPE) > 12 if masked else None
    stamp = ImageStamp("pasted" if masked else "laid over", 0.75, grey(40.5), mask)
    np.savez(tmp_path / "parts.npz", allow_pickle=False, **stamp.parts)
    with np.load(tmp_path / "parts.npz", allow_pickle=False) as parts:
        again = restored(dict(parts), SHAPE)
    images = np.random.default_rng(0).integers(0, 256, (3, *SHAPE)).astype(np.uint8)
    assert again.name == stamp.name
    assert (again.put_on(images) == stamp.put_on(images)).all()
    assert (again.taken_off(images, grey(9)) == stamp.taken_off(images, grey(9))).all()


@pytest.mark.parametrize(
    "wrong",
    [
        {"offset": grey(1, (8, 8, 1))},
        {"offset": grey(np.nan)},
        {"scale": np.array(0.0)},
        {"mask": np.ones((2, 2, 1), bool)},
        {"mask": grey(1)},
    ],
)
def test_parts_that_fit_no_image_are_refused(wrong):
    with pytest.raises(ValueError, match="does not fit"):
        restored({**ImageStamp("added", 1.0, grey(1)).parts, **wrong}, SHAPE)


def test_a_trigger_at_a_fixed_place_is_read_and_put_on_without_torch():
    """Torch takes whoever opens the Trigger demo some seconds."""
    command = (
        "import sys, numpy as np; from core.modalities.image.stamps import restored; "
        "parts = {'name': np.array('added'), 'scale': np.array(1.0), 'offset': np.ones((4, 4, 1), np.float32)}; "
        "assert restored(parts, (4, 4, 1)).put_on(np.zeros((1, 4, 4, 1), np.uint8)).max() == 1; "
        "assert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def of_a_class(having, n=60, at=(slice(0, 2), slice(0, 3)), level=70):
    """Images of a class, the first of which show a grey corner, and as many others: inputs, rows of either."""
    images = scattered(2 * n, 3)
    images[(slice(0, having), *at)] = level
    return images, np.arange(n), np.arange(n, 2 * n)


def test_what_some_of_a_class_show_pixel_for_pixel_is_found_with_who_has_it():
    images, rows, others = of_a_class(20)
    images[:20, 0, 0] += np.arange(20, dtype=np.uint8)[:, None] % 5  # stored with a little loss
    found = same(ImageInputs(images), rows[5:15], rows, others)
    assert np.argwhere(found.mask[..., 0]).tolist() == [[y, x] for y in range(2) for x in range(3)]
    assert np.flatnonzero(found.carried(images)).tolist() == list(range(20))
    assert found.carried(found.put_on(images)).all()
    assert not found.carried(found.taken_off(images[:20], np.full((20, 8, 8, 1), 120.0))).any()


def test_what_comes_by_degrees_or_is_everywhere_is_not_the_same():
    images, rows, others = of_a_class(20)
    assert same(ImageInputs(images), rows[20:40], rows, others) is None  # they show nothing
    assert same(ImageInputs(images), rows[:0], rows, others) is None
    assert same(ImageInputs(images), rows[:20], rows, others[:0]) is None
    some = images.copy()
    some[20:24, :2, :2] = 70  # four in twenty show most of it
    assert same(ImageInputs(some), rows[:20], rows, others) is None
    some = images.copy()
    some[60:64, :2, :3] = 70  # an attacker may give it to some true samples of others as well
    assert same(ImageInputs(some), rows[:20], rows, others) is not None
    some[60:68, :2, :3] = 70  # other classes have it
    assert same(ImageInputs(some), rows[:20], rows, others) is None
    copies = np.repeat(images[:1], 120, 0)
    copies[60:] = images[60:]
    assert same(ImageInputs(copies), rows, rows, others) is None  # near-duplicates are the same everywhere


def test_an_exact_trigger_made_again_of_its_parts_tells_the_same_carriers():
    images, rows, others = of_a_class(20)
    found = same(ImageInputs(images), rows[:20], rows, others)
    again = restored(dict(found.parts), (8, 8, 1))
    assert type(again) is SameStamp
    assert (again.carried(images) == found.carried(images)).all()
