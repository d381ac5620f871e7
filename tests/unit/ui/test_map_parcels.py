"""What travels to the map: packed so that the browser can read it, and read so that nothing foreign is taken up."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ui.components.map import parcels, read_bits
from vae_core.config import DataConfig
from vae_core.data import load_images
from vae_core.export.container import read_arrays, read_block


def unpacked(content: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """The header and the arrays of a parcel."""
    header, body = read_block(content)
    return header, read_arrays(header["arrays"], body)


def test_every_array_begins_where_its_numbers_may() -> None:
    """At multiples of four bytes, else the browser refuses to look at them as numbers."""
    given_arrays = {
        "bytes": np.arange(5, dtype=np.uint8),
        "halves": np.arange(3, dtype=np.uint16),
        "floats": np.linspace(0, 1, 4, dtype=np.float32),
    }
    content = parcels.pack("slot", {"word": "ä"}, given_arrays)
    header, arrays = unpacked(content)
    assert int.from_bytes(content[:4], "little") % 4 == 0
    assert all(one["at"] % 4 == 0 for one in header["arrays"])
    assert header["word"] == "ä"
    for name, array in given_arrays.items():
        np.testing.assert_array_equal(arrays[name], array)


def test_the_id_tells_contents_apart() -> None:
    """The browser takes up a parcel only if its id is another one."""
    ids = {
        unpacked(parcels.pack("slot", header, {"a": np.array(array, np.uint8)}))[0]["id"]
        for header, array in (({"x": 1}, [1]), ({"x": 2}, [1]), ({"x": 1}, [2]), ({"x": 1}, [1]))
    }
    assert len(ids) == 3


def test_maps_lose_less_than_a_pixel() -> None:
    """Sixteen bits an axis: on a screen of 4,000 pixels the error is below a tenth of one."""
    places = np.random.default_rng(0).normal(size=(500, 2)).astype(np.float32) * [3, 40]
    header, arrays = unpacked(parcels.pack_layouts("slot", "points", {"key": places}))
    (layout,) = header["layouts"]
    low, high = np.array(layout["low"]), np.array(layout["high"])
    read = low + (high - low) * arrays["layout0"].reshape(-1, 2) / 65535
    assert np.abs(read - places).max() / np.ptp(places) < 0.1 / 4000


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("side", [28, 64, 100])
def test_thumbnails_can_be_cut_out_of_their_strips(channels: int, side: int) -> None:
    """Each picture is in its own place, however large it was, and none is larger than a thumbnail."""
    levels = np.arange(70, dtype=np.uint8) * 3
    images = np.broadcast_to(levels[:, None, None, None], (70, channels, side, side))
    (content,) = parcels.pack_thumbnails("set", images)
    header, arrays = unpacked(content)
    assert max(header["width"], header["height"]) <= parcels.LARGEST_THUMBNAIL
    assert len(arrays["ends"]) == 2
    begin, end = int(arrays["ends"][0]), int(arrays["ends"][1])
    with Image.open(io.BytesIO(arrays["strips"][begin:end].tobytes())) as strip:
        assert strip.size == (6 * header["width"], header["height"])
        pixels = np.asarray(strip.convert("L"), float)
    for number in range(6):
        part = pixels[:, number * header["width"] : (number + 1) * header["width"]]
        assert abs(part.mean() - levels[64 + number]) < 6


def test_pictures_stay_recognisable() -> None:
    """WebP costs a few grey levels, and ten thousand pictures stay below two megabytes."""
    images = load_images(DataConfig("fashion-mnist"), "test").images[:640]
    (content,) = parcels.pack_thumbnails("set", images)
    assert len(content) < 2_000_000 * 640 / 10_000
    _, arrays = unpacked(content)
    with Image.open(io.BytesIO(arrays["strips"][: int(arrays["ends"][0])].tobytes())) as strip:
        read = np.asarray(strip.convert("L"), float)
    assert np.abs(read - np.concatenate(list(images[:64, 0]), axis=1)).mean() < 10


@given(st.lists(st.booleans(), min_size=1, max_size=100))
def test_a_selection_is_read_as_it_was_written(chosen: list[bool]) -> None:
    """One bit a point, lowest first, in base64."""
    content = np.packbits(np.array(chosen), bitorder="little").tobytes()
    found = read_bits(base64.b64encode(content).decode(), len(chosen))
    assert found is not None
    assert found.tolist() == chosen


@pytest.mark.parametrize("text", [None, 7, "", "====", "<script>", "AAAA", "ä", ["AA=="], {}])
def test_what_is_no_selection_is_refused(text: Any) -> None:
    """Whatever a browser sends, the page gets a selection of the right length or none."""
    assert read_bits(text, 10) is None


def test_colours_of_groups_repeat_and_ramps_do_not() -> None:
    """The eleventh group has the first one's colour (and another shape); a ramp goes from end to end."""
    palette = parcels.palette_of(["#000000", "#FF8000"])
    assert palette[2].tolist() == [0, 0, 0, 255]
    assert palette[255].tolist() == [255, 128, 0, 255]
    ramp = parcels.ramp_of(["#000000", "#FF8000"])
    assert ramp[0].tolist() == [0, 0, 0, 255]
    assert ramp[255].tolist() == [255, 128, 0, 255]
    assert (np.diff(ramp[:, 0].astype(int)) >= 0).all()
