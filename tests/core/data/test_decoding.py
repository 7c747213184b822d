"""The one decoder: what comes out of odd images, and that hostile ones cost nothing."""

import io
import struct
import tracemalloc

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from core.data import decoding
from core.data.decoding import MAX_PIXELS, decoded, header, sized
from core.errors import UserError
from tests.core.pictures import chunk, encoded, noise, plain, png_of_size

COLOUR = noise()


def refusal(raw):
    with pytest.raises(UserError) as caught:
        decoded(raw)
    return str(caught.value)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "PPM", "TIFF", "WEBP"])
def test_formats_without_loss_give_back_the_pixels(kind):
    raw = encoded(COLOUR, kind, lossless=True) if kind == "WEBP" else encoded(COLOUR, kind)
    assert np.array_equal(decoded(raw), COLOUR)
    assert (header(raw).height, header(raw).width, header(raw).channels, header(raw).mode) == (8, 8, 3, "RGB")


def test_grey_stays_grey():
    grey = COLOUR[:, :, 0]
    assert np.array_equal(decoded(encoded(grey))[:, :, 0], grey)
    assert decoded(encoded(grey, "JPEG")).shape == (8, 8, 1)
    assert header(encoded(grey)).channels == 1


def test_sixteen_bits_become_their_upper_eight():
    deep = np.array([[0, 255, 256], [32768, 65280, 65535]], np.uint16)
    wanted = [[0, 0, 1], [128, 255, 255]]
    for kind in ("PNG", "TIFF"):
        assert decoded(encoded(Image.fromarray(deep), kind))[:, :, 0].tolist() == wanted
    assert decoded(b"P5 3 2 65535\n" + deep.astype(">u2").tobytes())[:, :, 0].tolist() == wanted


def test_what_is_transparent_lies_over_white():
    pixels = np.array([[[200, 0, 0, 255], [200, 0, 0, 0]], [[0, 0, 0, 51], [9, 9, 9, 255]]], np.uint8)
    over_white = [[[200, 0, 0], [255, 255, 255]], [[204, 204, 204], [9, 9, 9]]]  # 255 × (1 − 51 / 255) = 204
    assert decoded(encoded(pixels)).tolist() == over_white
    grey = np.array([[[7, 255], [7, 0]]], np.uint8)
    assert decoded(encoded(Image.fromarray(grey, "LA"))).tolist() == [[[7], [255]]]
    keyed = encoded(Image.fromarray(np.array([[[1, 2, 3], [4, 5, 6]]], np.uint8)), transparency=(1, 2, 3))
    assert decoded(keyed).tolist() == [[[255, 255, 255], [4, 5, 6]]]


def test_a_palette_is_looked_up():
    picture = Image.fromarray(np.array([[0, 1], [2, 1]], np.uint8), "P")
    picture.putpalette([255, 0, 0, 0, 255, 0, 0, 0, 255])
    assert decoded(encoded(picture)).tolist() == [[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [0, 255, 0]]]
    assert decoded(encoded(picture, transparency=1))[0, 1].tolist() == [255, 255, 255]
    picture.putpalette([9, 9, 9, 80, 80, 80, 200, 200, 200])
    raw = encoded(picture)
    assert decoded(raw)[:, :, 0].tolist() == [[9, 80], [200, 80]]
    assert header(raw).channels == 1


def test_cmyk_becomes_red_green_and_blue():
    cyan = Image.new("CMYK", (8, 8), (255, 0, 0, 0))
    red, green, blue = decoded(encoded(cyan, "JPEG", quality=100))[4, 4].astype(int)
    assert red < 5
    assert min(green, blue) > 250


def test_black_and_white():
    assert decoded(encoded(Image.new("1", (2, 1), 1))).tolist() == [[[255], [255]]]


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_of_an_animation_the_first_frame_is_taken(kind):
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    options = {"lossless": True} if kind == "WEBP" else {}
    raw = encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options)
    assert Image.open(io.BytesIO(raw)).n_frames == 2
    assert decoded(raw)[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_camera_that_was_held_askew(orientation):
    upright = np.arange(6, dtype=np.uint8).reshape(2, 3) * 40
    turned = {1: upright, 2: upright[:, ::-1], 3: upright[::-1, ::-1], 4: upright[::-1], 5: upright.T}
    turned |= {6: np.rot90(upright), 7: upright[::-1, ::-1].T, 8: np.rot90(upright, -1)}
    exif = Image.Exif()
    exif[0x0112] = orientation
    raw = encoded(np.ascontiguousarray(turned[orientation]), exif=exif)
    assert np.array_equal(decoded(raw)[:, :, 0], upright)
    assert (header(raw).height, header(raw).width) == (2, 3)


def test_a_damaged_note_about_the_camera_means_upright():
    raw = encoded(COLOUR)
    note = chunk(b"eXIf", b"MM\x00\x2a\xff\xff\xff\xff")
    assert np.array_equal(decoded(raw[:33] + note + raw[33:]), COLOUR)


def test_what_the_file_is_called_does_not_matter_but_what_it_is():
    assert decoded(encoded(COLOUR, "JPEG")).shape == (8, 8, 3)
    assert "no image that can be read" in refusal(b"these are my notes")
    assert "no image that can be read" in refusal(b"")
    assert "no image that can be read" in refusal(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")
    assert "no image that can be read" in refusal(b"<svg xmlns='http://www.w3.org/2000/svg'/>")


@pytest.mark.parametrize("fraction", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "GIF", "PPM", "WEBP", "TIFF"])
def test_a_truncated_image(kind, fraction):
    raw = encoded(noise(shape=(40, 40, 3)), kind)
    if kind == "TIFF":  # its table of contents is at the end
        raw = encoded(noise(shape=(40, 40, 3)), kind, compression="tiff_lzw")
    assert "is damaged" in (said := refusal(raw[: int(fraction * len(raw))])) or "no image" in said


@pytest.mark.parametrize("size", [(60_000, 60_000), (2**31 - 1, 1), (1, 2**26), (9000, 4000)])
def test_a_picture_that_says_it_is_huge(size):
    tracemalloc.start()
    assert "pixels" in refusal(png_of_size(*size))
    with pytest.raises(UserError, match="pixels"):
        header(png_of_size(*size))
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


def test_other_formats_that_say_they_are_huge():
    assert "pixels are read" in refusal(b"P6 60000 60000 255\n" + bytes(100))
    bitmap = bytearray(encoded(COLOUR, "BMP"))
    bitmap[18:26] = struct.pack("<ii", 60_000, 60_000)
    assert "pixels are read" in refusal(bytes(bitmap))
    gif = bytearray(encoded(COLOUR, "GIF"))
    gif[6:10] = struct.pack("<HH", 60_000, 60_000)
    assert "pixels" in refusal(bytes(gif))
    head = b"VP8X" + struct.pack("<II", 10, 0) + (16_382).to_bytes(3, "little") * 2
    webp = b"RIFF" + struct.pack("<I", 4 + len(head)) + b"WEBP" + head
    assert "16,383 × 16,383" in refusal(webp)
    lossless = b"VP8L" + struct.pack("<IBI", 5, 0x2F, 16_382 | 16_382 << 14)
    assert "16,383 × 16,383" in refusal(b"RIFF" + struct.pack("<I", 17) + b"WEBP" + lossless)


def test_the_largest_that_is_read_and_the_smallest_that_is_not():
    assert decoded(encoded(Image.new("L", (2**13, 2**12)))).shape == (2**12, 2**13, 1)
    assert MAX_PIXELS == 2**25
    assert "pixels" in refusal(png_of_size(2**13, 2**12 + 1))


def test_a_file_that_is_too_large_and_one_with_too_many_scans():
    assert "too large" in refusal(plain() + bytes(decoding.MAX_BYTES))
    raw = encoded(COLOUR, "JPEG", progressive=True)
    assert raw.count(b"\xff\xda") > 5
    assert decoded(raw).shape == (8, 8, 3)
    assert "scans" in refusal(raw[:-2] + b"\xff\xda" * 200 + raw[-2:])


def test_a_text_note_that_unpacks_to_gigabytes():
    import zlib

    bomb = chunk(b"zTXt", b"note\0\0" + zlib.compress(bytes(40 * 2**20)))
    raw = plain()
    tracemalloc.start()
    refusal(raw[:33] + bomb + raw[33:])
    assert tracemalloc.get_traced_memory()[1] < 4 * 2**20
    tracemalloc.stop()


def test_floating_point_pixels_are_refused():
    assert "floating-point" in refusal(encoded(Image.fromarray(np.ones((4, 4), np.float32)), "TIFF"))


def test_pixels_are_only_checked():
    assert np.array_equal(decoded(COLOUR), COLOUR)
    assert decoded(COLOUR[:, :, 0]).shape == (8, 8, 1)
    assert header(COLOUR[:, :, 0]).mode == "pixels"
    for wrong in (COLOUR / 255, COLOUR[:, :, :2], COLOUR[0, 0], np.zeros((0, 4, 3), np.uint8)):
        assert "It has to be uint8" in refusal(wrong)


def test_images_are_scaled_to_cover_and_cut_around_the_centre():
    wide = np.zeros((4, 12, 1), np.uint8)
    wide[:, 4:8] = 200  # the middle third
    cut = sized(wide, 8, 8, 3)
    assert cut.shape == (8, 8, 3)
    assert (cut[:, 1:7] > 150).all()
    assert sized(wide, 4, 12, 1) is wide
    assert np.array_equal(sized(COLOUR, 8, 8, 1)[:, :, 0], np.asarray(Image.fromarray(COLOUR).convert("L")))
    assert sized(np.full((5, 7, 3), 90, np.uint8), 13, 3, 3).tolist() == np.full((13, 3, 3), 90).tolist()
    assert sized(np.zeros((1, 3000, 3), np.uint8), 8, 8, 3).shape == (8, 8, 3)


SEEDS = [encoded(noise(shape=(6, 6, 3)), kind) for kind in ("PNG", "JPEG", "BMP", "GIF", "PPM", "WEBP", "TIFF")]


@settings(max_examples=100, deadline=None)
@given(raw=st.binary(max_size=400))
@example(raw=b"RIFF\0\0\0\0WEBP")
def test_any_bytes_are_an_image_or_refused(raw):
    only_an_image_or_a_refusal(raw)


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(SEEDS), st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), max_size=12))
def test_any_damage_gives_an_image_or_is_refused(raw, changes):
    damaged = bytearray(raw)
    for place, value in changes:
        damaged[place % len(damaged)] = value
    only_an_image_or_a_refusal(bytes(damaged))


def only_an_image_or_a_refusal(raw):
    try:
        image = decoded(raw)
    except UserError:
        return
    assert image.dtype == np.uint8
    assert image.ndim == 3
    assert image.shape[2] in (1, 3)
    assert image.shape[0] * image.shape[1] <= MAX_PIXELS
