"""Pictures out of arrays, and arrays out of uploads."""

from __future__ import annotations

import base64
import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from ui.components.live.props import bytes_in_base64
from vae_core import media
from vae_core.config import UserError

GREY, COLOUR = (1, 28, 28), (3, 28, 28)
changes = st.tuples(st.integers(0, 10**6), st.integers(0, 255))  # of a file: where, and to which byte


def encoded(pixels: np.ndarray, kind: str = "PNG", **options: object) -> bytes:
    """An image file of bytes (H, W) or (H, W, C)."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()


def photograph(height: int = 40, width: int = 40) -> np.ndarray:
    """A smooth colour image (height, width, 3) that every format keeps well."""
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j]
    return np.round(255 * np.stack([x, y, (x + y) / 2], axis=-1)).astype(np.uint8)


# --- out -------------------------------------------------------------------------------------------------------


@given(arrays(np.float32, (2, 3, 4, 5), elements=st.floats(-1, 2, width=32)))
def test_pixels_are_clipped_and_rounded(images: np.ndarray) -> None:
    """Each byte is the nearest to 255 times the pixel within [0, 1], and channels come last."""
    pixels = media.to_uint8(images)
    assert pixels.shape == (2, 4, 5, 3)
    wanted = np.clip(images, 0, 1).transpose(0, 2, 3, 1) * np.float64(255)
    assert np.abs(pixels - wanted).max() <= 0.5 + 1e-4


@pytest.mark.parametrize("channels", [1, 3])
def test_pixels_go_to_the_browser_row_by_row(channels: int) -> None:
    """The bytes of an image that is not square, in the order of a canvas: from above, from the left, by channel."""
    image = np.arange(channels * 2 * 3, dtype=np.uint8).reshape(channels, 2, 3)
    expected = [image[c, y, x] for y in range(2) for x in range(3) for c in range(channels)]
    assert list(base64.b64decode(bytes_in_base64(image / np.float32(255)))) == expected


@given(arrays(np.uint8, (2, 1, 4, 5)))
def test_bytes_survive_the_way_through_floats(images: np.ndarray) -> None:
    """Bytes are kept, and so are bytes divided by 255."""
    np.testing.assert_array_equal(media.to_uint8(images), np.moveaxis(images, 1, -1))
    np.testing.assert_array_equal(media.to_uint8(images / np.float32(255)), np.moveaxis(images, 1, -1))


@given(st.integers(1, 9), st.integers(1, 12), st.integers(1, 3), st.integers(0, 2), st.sampled_from([1, 3]))
def test_a_sheet_shows_every_image_at_its_place(count: int, columns: int, scale: int, gap: int, channels: int) -> None:
    """Image i is in row i // columns, column i % columns, enlarged by repeating pixels, on a page that just fits."""
    images = np.random.default_rng(0).integers(0, 256, (count, channels, 4, 5), np.uint8)
    sheet = media.sheet(images, columns, scale=scale, gap=gap)
    page = np.asarray(sheet)[::scale, ::scale].reshape(sheet.height // scale, sheet.width // scale, channels)
    used = min(columns, count)
    assert page.shape[:2] == (-(-count // used) * (4 + gap) - gap, used * (5 + gap) - gap)
    for position, image in enumerate(images):
        y, x = position // used * (4 + gap), position % used * (5 + gap)
        np.testing.assert_array_equal(page[y : y + 4, x : x + 5], image.transpose(1, 2, 0))


def test_error_maps_share_one_scale() -> None:
    """No error is the darkest colour, the scale's end the lightest, more beyond it no lighter."""
    images = np.zeros((3, 1, 2, 2), np.float32)
    decoded = np.array([0, 0.5, 1], np.float32).reshape(3, 1, 1, 1) * np.ones((3, 1, 2, 2), np.float32)
    maps = media.error_map(images, decoded, largest=0.5)
    assert maps.shape == (3, 3, 2, 2)
    np.testing.assert_allclose(maps[0, :, 0, 0] * 255, media.ERROR_COLOURS[0])
    np.testing.assert_allclose(maps[1:, :, 0, 0] * 255, media.ERROR_COLOURS[[-1, -1]], rtol=1e-6)


def test_a_larger_error_is_lighter() -> None:
    """Luminance rises all along the error colours, so that they can be read without seeing colour."""
    errors = np.linspace(0, 1, 64, dtype=np.float32).reshape(1, 1, 8, 8)
    red, green, blue = media.error_map(errors, np.zeros_like(errors), 1)[0].reshape(3, -1)
    assert (np.diff(0.2126 * red + 0.7152 * green + 0.0722 * blue) > 0).all()


def test_equal_images_have_a_dark_error_map() -> None:
    """Even with a scale of no length."""
    images = np.ones((1, 3, 2, 2), np.float32)
    assert media.error_map(images, images, 0.0).max() * 255 == pytest.approx(4)


def test_a_png_is_exact() -> None:
    """What was written is read back, from an image and from bytes."""
    pixels = photograph()
    for source in (pixels, Image.fromarray(pixels)):
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(media.png_bytes(source)))), pixels)


@pytest.mark.parametrize(("write", "kind"), [(media.gif_bytes, "GIF"), (media.webp_bytes, "WEBP")])
def test_an_animation_has_all_frames_and_runs_for_ever(write: object, kind: str) -> None:
    """Five frames, and eight of them there and back."""
    frames = [Image.fromarray(np.full((6, 6), 50 * step, np.uint8)) for step in range(5)]
    for back_and_forth, count in ((False, 5), (True, 8)):
        content = write(frames, frames_per_second=10, back_and_forth=back_and_forth)  # type: ignore[operator]
        with Image.open(io.BytesIO(content)) as film:
            assert (film.format, film.n_frames, film.info["loop"]) == (kind, count, 0)  # type: ignore[attr-defined]
            film.seek(1)
            film.load()
            assert film.info["duration"] == 100
            assert np.asarray(film.convert("L"))[0, 0] == pytest.approx(50, abs=2)


# --- in --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", media.UPLOAD_FORMATS)
@pytest.mark.parametrize("shape", [GREY, COLOUR])
def test_every_format_is_read(kind: str, shape: tuple[int, int, int]) -> None:
    """The image arrives in the model's shape and looks as it was."""
    pixels = media.decode_upload(encoded(photograph(), kind), shape)
    assert (pixels.shape, pixels.dtype) == (shape, np.float32)
    wanted = media.decode_upload(encoded(photograph()), shape)
    assert np.abs(pixels - wanted).mean() < 0.03


def test_an_image_of_the_right_size_is_kept_exactly() -> None:
    """Nothing is lost where nothing need be done; swapping dark and light is exact too."""
    pixels = np.arange(28 * 28).reshape(28, 28).astype(np.uint8)
    np.testing.assert_allclose(media.decode_upload(encoded(pixels), GREY)[0], pixels / 255, atol=1e-7)
    np.testing.assert_allclose(media.decode_upload(encoded(pixels), GREY, invert=True)[0], 1 - pixels / 255, atol=1e-7)


def test_the_middle_of_a_wide_image_is_taken() -> None:
    """The black sides of a wide image are cut off."""
    wide = np.zeros((30, 90), np.uint8)
    wide[:, 30:60] = 255
    assert media.decode_upload(encoded(wide), GREY).min() > 0.99


def test_a_photograph_is_turned_upright() -> None:
    """The orientation that a camera wrote into the file is applied."""
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise to show
    half = np.zeros((64, 64), np.uint8)
    half[:32] = 255
    upright = media.decode_upload(encoded(half, "JPEG", exif=exif, quality=95), GREY)[0]
    assert upright[:, 16:].mean() > 0.95
    assert upright[:, :12].mean() < 0.05


def test_transparent_parts_become_white_paper() -> None:
    """A black drawing on nothing is black on white."""
    drawing = np.zeros((28, 28, 4), np.uint8)
    drawing[10:18, 10:18, 3] = 255
    pixels = media.decode_upload(encoded(drawing), GREY)[0]
    assert pixels[0, 0] == 1
    assert pixels[14, 14] == 0


def test_sixteen_bits_of_grey_are_scaled_not_clipped() -> None:
    """A deep grey ramp stays a ramp."""
    ramp = np.linspace(0, 65535, 28 * 28).reshape(28, 28).astype(np.uint16)
    np.testing.assert_allclose(media.decode_upload(encoded(ramp), GREY)[0], ramp / 65535, atol=1 / 255)


def png_of_size(width: int, height: int) -> bytes:
    """A few bytes that say they are a PNG of that many pixels."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not an image"),
        (b"%PDF-1.7 some text", "not an image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not an image"),
        (encoded(photograph(), "TIFF"), "not an image"),
        (encoded(photograph())[:120], "damaged"),
        (encoded(photograph(), "JPEG")[:300], "damaged"),
        (png_of_size(8_000, 8_000), "pixels"),
        (png_of_size(12_000, 12_000), "pixels"),
        (png_of_size(60_000, 60_000), "pixels"),
        (b"\x89PNG" + bytes(media.LARGEST_UPLOAD), "at most 20 MB"),
    ],
    ids=["empty", "pdf", "svg", "tiff", "cut png", "cut jpeg", "large", "larger", "bomb", "long"],
)
def test_what_cannot_be_read_is_refused_in_one_line(content: bytes, reason: str) -> None:
    """Other formats, cut files, too many pixels and too many bytes are each named."""
    with pytest.raises(UserError, match=reason) as error:
        media.decode_upload(content, GREY)
    assert "\n" not in str(error.value)


@given(st.sampled_from(media.UPLOAD_FORMATS), st.lists(changes, max_size=6))
def test_a_damaged_file_is_read_or_refused(kind: str, made: list[tuple[int, int]]) -> None:
    """Whatever bytes are changed, the outcome is pixels in [0, 1] or a UserError, nothing else."""
    content = bytearray(encoded(photograph(), kind))
    for position, value in made:
        content[position % len(content)] = value
    try:
        pixels = media.decode_upload(bytes(content), COLOUR)
    except UserError:
        return
    assert pixels.shape == COLOUR
    assert 0 <= pixels.min() <= pixels.max() <= 1
