"""The map's modules by themselves: what they read is what the server wrote, what they find is what is there."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from ui.components.bundle import bundle
from ui.components.map import FOLDER, parcels, read_bits

LOAD = """async ([name, source]) => {
  window[name] = await import(URL.createObjectURL(new Blob([source], {type: "text/javascript"})));
}"""
BYTES = "const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));"


@pytest.fixture(scope="module")
def laboratory(chromium: Browser) -> Iterator[Page]:
    """A page with nothing but the modules."""
    page = chromium.new_page()
    page.goto("about:blank")
    for name in ("parcel", "search", "selection", "cloud", "camera"):
        page.evaluate(LOAD, [name, bundle(FOLDER, f"{name}.js")])
    yield page
    page.close()


def text(array: np.ndarray) -> str:
    """An array's bytes in base64."""
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def test_a_parcel_is_read_as_it_was_packed(laboratory: Page) -> None:
    """Also where the bytes begin at an odd place of a larger buffer, as they do in a message."""
    content = parcels.pack("slot", {"word": "ä"}, {"a": np.arange(3, dtype=np.uint8), "b": np.float32([0.5, -2])})
    found = laboratory.evaluate(
        f"""(packed) => {{
          {BYTES}
          const read = window.parcel.unpackParcel(bytes(packed).subarray(3));
          return [read.header.word, [...read.arrays.a], [...read.arrays.b]];
        }}""",
        base64.b64encode(b"xyz" + content).decode(),
    )
    assert found == ["ä", [0, 1, 2], [0.5, -2]]


def test_layouts_have_the_servers_places(laboratory: Page) -> None:
    """Turned back by centre and unit, the points are where the server has them."""
    places = np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32) * [2, 30]
    steps = np.round((places - places.min(0)) / np.ptp(places, axis=0) * 65535).astype(np.uint16)
    header = {"key": "k", "dimensions": 2, "low": places.min(0).tolist(), "high": places.max(0).tolist()}
    layout = laboratory.evaluate(
        f"""([header, steps]) => {{
          {BYTES}
          const {{places, centre, unit}} = window.cloud.readLayout(header, new Uint16Array(bytes(steps).buffer));
          return {{places: [...places], centre, unit}};
        }}""",
        [header, text(steps)],
    )
    read = np.reshape(layout["places"], (50, 3))[:, :2] * layout["unit"] + layout["centre"]
    np.testing.assert_allclose(read, places, atol=np.ptp(places) / 30_000)


def test_the_lasso_takes_what_lies_inside(laboratory: Page) -> None:
    """The even-odd rule on a star that crosses itself, against the same rule in numpy."""
    points = np.random.default_rng(1).uniform(-1, 1, (400, 2)).astype(np.float32)
    angles = np.pi / 2 + 4 * np.pi / 5 * np.arange(5)
    corners = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    found = laboratory.evaluate(
        f"""([points, corners]) => {{
          {BYTES}
          return window.search.inside(new Float32Array(bytes(points).buffer), () => false, corners);
        }}""",
        [text(points), corners.tolist()],
    )
    crossings = np.zeros(len(points), int)
    for (x, y), (other_x, other_y) in zip(corners, np.roll(corners, 1, axis=0), strict=True):
        straddles = (y > points[:, 1]) != (other_y > points[:, 1])
        crossings += straddles & (points[:, 0] < x + (points[:, 1] - y) * (other_x - x) / (other_y - y))
    assert found == np.flatnonzero(crossings % 2).tolist()
    assert 0 < len(found) < len(points)


def test_the_nearest_point_that_shows_is_found(laboratory: Page) -> None:
    """Hidden points are passed over, and nothing is found out of reach."""
    script = """([x, hidden, reach]) => {
      const places = Float32Array.from([0, 0, 1, 0, 5, 0]);
      return window.search.nearest(places, (position) => hidden.includes(position), x, 0, reach);
    }"""
    assert laboratory.evaluate(script, [0.8, [], 2]) == 1
    assert laboratory.evaluate(script, [0.8, [1], 2]) == 0
    assert laboratory.evaluate(script, [3, [], 1]) == -1


@pytest.mark.parametrize(("direction", "expected"), [((1, 0), 1), ((-1, 0), 2), ((0, 1), 3), ((0, -1), -1)])
def test_arrows_go_the_way_that_they_point(direction: tuple[int, int], expected: int, laboratory: Page) -> None:
    """To the nearest point ahead; where there is none, nowhere."""
    found = laboratory.evaluate(
        """(direction) => window.search.neighbour(
          Float32Array.from([0, 0, 1, 0.1, -2, 0, 0.2, 3, 9, 0]), () => false, 0, direction)""",
        list(direction),
    )
    assert found == expected


def test_selections_go_to_the_server_and_back(laboratory: Page) -> None:
    """Bits that the browser writes are those that Python reads."""
    bits = laboratory.evaluate("() => window.selection.toBits([0, 7, 8, 12], 13)")
    found = read_bits(bits, 13)
    assert found is not None
    assert np.flatnonzero(found).tolist() == [0, 7, 8, 12]
    assert laboratory.evaluate("(bits) => [...window.selection.fromBits(bits, 13)]", bits) == [0, 7, 8, 12]


@pytest.mark.parametrize(("how", "expected"), [("replace", [2, 3]), ("add", [1, 2, 3]), ("subtract", [1])])
def test_selections_are_put_together(how: str, expected: list[int], laboratory: Page) -> None:
    """Shift adds and Alt takes away."""
    assert laboratory.evaluate("(how) => [...window.selection.combined([1, 2], [2, 3], how)]", how) == expected


def test_names_stand_in_the_densest_heap(laboratory: Page) -> None:
    """A class in two heaps has its name in the larger one, not between them."""
    generator = np.random.default_rng(0)
    large, small = generator.normal(0.6, 0.03, (60, 3)), generator.normal(-0.6, 0.03, (30, 3))
    places = np.concatenate([large, small]).astype(np.float32)
    places[:, 2] = 0
    (middle,) = laboratory.evaluate(
        f"""(places) => {{
          {BYTES}
          const layout = {{places: new Float32Array(bytes(places).buffer), spatial: false}};
          return window.cloud.denseMiddles(layout, new Uint8Array(90), 1);
        }}""",
        text(places),
    )
    np.testing.assert_allclose(middle[:2], [0.6, 0.6], atol=0.05)


def test_zooming_keeps_what_is_under_the_pointer(laboratory: Page) -> None:
    """Whatever the place and the factor; panning moves by pixels."""
    found = laboratory.evaluate(
        """() => {
          const camera = new window.camera.Camera();
          Object.assign(camera, {width: 800, height: 500});
          const before = camera.toMap(123, 45);
          camera.zoomAt(3.7, 123, 45);
          const after = camera.toMap(123, 45);
          camera.pan(10, -20);
          return [before, after, camera.toScreen(...after)];
        }"""
    )
    np.testing.assert_allclose(found[0], found[1])
    np.testing.assert_allclose(found[2], [133, 25])
