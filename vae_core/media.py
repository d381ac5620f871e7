"""Images as files: bytes from arrays, and arrays from uploads. Arrays are NCHW in [0, 1] unless said otherwise."""

from __future__ import annotations

import io
import struct

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from vae_core.config import UserError

UPLOAD_FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF")
LARGEST_UPLOAD = 20_000_000  # bytes
MOST_PIXELS = 60_000_000  # of an upload, as a telephone's camera has; 240 MB while it is decoded
GAP_GREY = 128  # between the images of a sheet; visible on light and on dark pages

# Black through purple and orange to pale yellow: even steps of lightness, readable with any colour vision
# (anchors of the "inferno" map by Smith & van der Walt 2015).
ERROR_COLOURS = np.array(
    [
        (0, 0, 4),
        (31, 12, 72),
        (85, 15, 109),
        (136, 34, 106),
        (186, 54, 85),
        (227, 89, 51),
        (249, 140, 10),
        (249, 201, 50),
        (252, 255, 164),
    ]
)


def to_uint8(images: np.ndarray) -> np.ndarray:
    """One or more images (..., C, H, W) in [0, 1] as bytes (..., H, W, C), clipped and rounded; bytes stay as they are.

    Everything that is shown or saved goes through here, so nothing transposes its result.
    """
    if images.dtype != np.uint8:
        images = np.round(np.clip(images, 0, 1) * 255).astype(np.uint8)
    return np.moveaxis(images, -3, -1)


def to_pillow(pixels: np.ndarray, scale: int = 1) -> Image.Image:
    """One image of bytes (H, W, C) as a Pillow image, enlarged by repeating pixels."""
    if scale > 1:
        pixels = pixels.repeat(scale, 0).repeat(scale, 1)
    return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)


def sheet(images: np.ndarray, columns: int, *, scale: int = 1, gap: int = 1) -> Image.Image:
    """A contact sheet of images (N, C, H, W), row by row; ``gap`` source pixels of grey between them."""
    pixels = to_uint8(images)
    count, height, width, channels = pixels.shape
    columns = min(columns, count)
    rows = -(-count // columns)
    step_y, step_x = height + gap, width + gap
    page = np.full((rows * step_y - gap, columns * step_x - gap, channels), GAP_GREY, np.uint8)
    for position, image in enumerate(pixels):
        y, x = position // columns * step_y, position % columns * step_x
        page[y : y + height, x : x + width] = image
    return to_pillow(page, scale)


def error_map(images: np.ndarray, decoded: np.ndarray, largest: float) -> np.ndarray:
    """|difference|, averaged over channels, as colours (N, 3, H, W) in [0, 1]; ``largest`` is the scale's end."""
    errors = np.abs(images - decoded).mean(1) / max(largest, 1e-12)
    position = np.clip(errors, 0, 1) * (len(ERROR_COLOURS) - 1)
    colours = [np.interp(position, np.arange(len(ERROR_COLOURS)), ERROR_COLOURS[:, part]) for part in range(3)]
    return (np.stack(colours, axis=1) / 255).astype(np.float32)


def png_bytes(image: Image.Image | np.ndarray) -> bytes:
    """An image, or bytes (H, W, C), as a PNG file."""
    buffer = io.BytesIO()
    (image if isinstance(image, Image.Image) else to_pillow(image)).save(buffer, "PNG")
    return buffer.getvalue()


def gif_bytes(frames: list[Image.Image], *, frames_per_second: float = 12, back_and_forth: bool = False) -> bytes:
    """An endless GIF of images of one size; ``back_and_forth`` runs to the end and back."""
    return _animation(frames, "GIF", frames_per_second, back_and_forth)


def webp_bytes(frames: list[Image.Image], *, frames_per_second: float = 12, back_and_forth: bool = False) -> bytes:
    """An endless WebP animation without loss; smaller than the GIF, and with all colours."""
    return _animation(frames, "WEBP", frames_per_second, back_and_forth, lossless=True)


def _animation(frames: list[Image.Image], kind: str, rate: float, back_and_forth: bool, **options: object) -> bytes:
    if back_and_forth:
        frames = frames + frames[-2:0:-1]
    buffer = io.BytesIO()
    first, *others = frames
    duration = round(1000 / rate)
    first.save(buffer, kind, save_all=True, append_images=others, duration=duration, loop=0, **options)
    return buffer.getvalue()


def decode_upload(content: bytes, image_shape: tuple[int, int, int], *, invert: bool = False) -> np.ndarray:
    """An uploaded image as a model's input: float32 (C, H, W) in [0, 1].

    Turned upright, centre-cropped, resized, and made grey or coloured as the model needs; ``invert`` swaps dark and
    light, for models that know bright things on black.

    Raises:
        UserError: if it is too large, of another format, or damaged.
    """
    if len(content) > LARGEST_UPLOAD:
        limit = f"{LARGEST_UPLOAD / 1e6:.0f} MB"
        raise UserError(f"the image has {len(content) / 1e6:.1f} MB; upload one of at most {limit}")
    channels, height, width = image_shape
    try:
        with Image.open(io.BytesIO(content), formats=UPLOAD_FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise Image.DecompressionBombError
            image.draft("RGB", (2 * width, 2 * height))  # a JPEG is decoded no larger than is needed
            upright = eight_bits(ImageOps.exif_transpose(image)).convert("RGBA")
    except UnidentifiedImageError as error:
        raise UserError(f"this is not an image that can be read; upload one of {', '.join(UPLOAD_FORMATS)}") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UserError(f"the image has more than {MOST_PIXELS:,} pixels; upload a smaller one") from error
    except (OSError, EOFError, SyntaxError, ValueError, TypeError, LookupError, struct.error) as error:
        raise UserError("the image is damaged; upload another one") from error  # what Pillow raises for it
    fitted = ImageOps.fit(upright, (width, height), Image.Resampling.LANCZOS)
    paper = Image.new("RGBA", fitted.size, "white")  # what shows through where an image is transparent
    flat = Image.alpha_composite(paper, fitted).convert("L" if channels == 1 else "RGB")
    pixels = np.atleast_3d(np.asarray(flat, np.float32)).transpose(2, 0, 1) / 255
    return 1 - pixels if invert else pixels


def eight_bits(image: Image.Image) -> Image.Image:
    """An image with 16 bits of grey scaled down to 8, which Pillow's own conversion would clip; others unchanged."""
    if not image.mode.startswith("I"):
        return image
    grey = np.clip(np.asarray(image) / 257, 0, 255)
    return Image.fromarray(np.round(grey).astype(np.uint8))
