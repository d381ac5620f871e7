"""The map in a real browser: pointing, selecting, searching, keys, two maps at once, files, and what travels."""

from __future__ import annotations

import io
import re
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from scripts.server import PROJECT, serve
from scripts.wire import Wire
from tests.browser.conftest import IDLE, LONGEST_WAIT, wait_until_idle
from vae_core.checkpoint import find_checkpoint
from vae_core.config import DataConfig
from vae_core.data import load_images
from vae_core.maps.bundled import load_bundled, store_maps
from vae_core.maps.request import MapRequest

# A point that has the map to itself: of some, the one whose nearest neighbour is farthest away.
LONELY = """(map) => {
  const {places, cloud, camera} = map.latentMap.scene;
  let best = -1, most = -1;
  for (let one = 0; one < 400; one++) {
    const [left, top] = map.latentMap.scene.screenOf(one);
    if (left < 80 || top < 60 || left > camera.width - 160 || top > camera.height - 40) continue;
    let least = Infinity;
    for (let other = 0; other < cloud.count; other++) {
      if (other === one) continue;
      const right = places[2 * other] - places[2 * one], up = places[2 * other + 1] - places[2 * one + 1];
      least = Math.min(least, Math.hypot(right, up));
    }
    if (least > most) [most, best] = [least, one];
  }
  return best;
}"""
ON_SCREEN = """(map, position) => {
  const box = map.querySelector(".stage").getBoundingClientRect();
  const [left, top] = map.latentMap.scene.screenOf(position);
  return [box.left + left, box.top + top];
}"""
PICTURES_THERE = """() => {
  return [...(globalThis.latentMapStore?.parcels.keys() ?? [])].some((slot) => slot.startsWith("thumbnails"));
}"""
SELECTED = "(map) => map.latentMap.cloud.selected()"
HIDDEN = "(map) => map.latentMap.cloud.states.filter((state) => state & 1).length"
PIXELS = """(canvas) => {
  const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return Array.from(data).filter((_, at) => at % 4 === 0);
}"""
LARGEST_PICTURE_ERROR = 12  # grey levels on average, which WebP may cost
MOST_BYTES_A_CLICK = 60_000
LASSO = ((-60, -60), (60, -60), (60, 60), (-60, 60))


def maps_of(page: Page, address: str, count: int = 1) -> list[Locator]:
    """Open an address, and wait until so many maps have drawn their points."""
    page.goto(address)
    wait_until_idle(page)
    maps = page.locator('.map[data-layout]:not([data-layout=""])')
    expect(maps).to_have_count(count)
    return [maps.nth(number) for number in range(count)]


@pytest.fixture
def shown(server: str, page: Page) -> Locator:
    """The map of the shipped model."""
    return maps_of(page, f"{server}/embeddings?model=fashion-vae-16")[0]


def thumbnails_arrive(page: Page) -> None:
    """Wait until the last parcels are there."""
    page.wait_for_function(PICTURES_THERE)


def place_of(shown: Locator, position: int) -> tuple[float, float]:
    """Where a point is on the page."""
    left, top = shown.evaluate(ON_SCREEN, position)
    return left, top


def draw(page: Page, shown: Locator, corners: tuple[tuple[int, int], ...] = LASSO, aside: int = 0) -> None:
    """Draw around a place in the middle of the map."""
    box = shown.locator(".stage").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2 + aside, box["y"] + box["height"] / 2
    page.mouse.move(x + corners[0][0], y + corners[0][1])
    page.mouse.down()
    for right, down in corners[1:]:
        page.mouse.move(x + right, y + down, steps=6)
    page.mouse.up()


def test_hovering_shows_the_points_own_picture_class_and_number(page: Page, shown: Locator) -> None:
    """The picture beside the pointer is that test image, not its neighbour in the strip."""
    thumbnails_arrive(page)
    position = shown.evaluate(LONELY)
    page.mouse.move(*place_of(shown, position))
    tip = shown.locator(".tip")
    expect(tip).to_contain_text(f"test image {position}")
    images = load_images(DataConfig("fashion-mnist"), "test")
    assert images.labels is not None
    expect(tip).to_contain_text(images.class_names[images.labels[position]])
    expect(tip.locator("canvas")).to_be_visible()
    pixels = np.array(tip.locator("canvas").evaluate(PIXELS), float)
    assert np.abs(pixels - images.images[position].ravel()).mean() < LARGEST_PICTURE_ERROR
    page.mouse.move(5, 5)
    expect(tip).to_be_hidden()


def test_a_lasso_fills_the_gallery_and_escape_empties_it(page: Page, shown: Locator) -> None:
    """All points inside are counted, shown with their reconstructions, and can be made current."""
    page.get_by_role("button", name="Lasso (L)").click()
    draw(page, shown)
    chosen = shown.evaluate(SELECTED)
    assert len(chosen) > 10
    expect(page.get_by_role("heading", name=f"{len(chosen):,} selected")).to_be_visible()
    pictures = page.locator(".st-key-selected button.picture")
    expect(pictures.first).to_be_visible()
    pictures.first.click()
    expect(page.get_by_role("link", name=re.compile("Explore .*test image"))).to_be_visible()
    shown.locator(".stage").press("Escape")
    expect(page.get_by_role("heading", name=re.compile("selected"))).to_have_count(0)
    assert shown.evaluate(SELECTED) == []


def test_shift_adds_and_alt_takes_away(page: Page, shown: Locator) -> None:
    """In the plain mode, too, where a drag without a key moves the map."""
    page.keyboard.down("Shift")
    draw(page, shown)
    page.keyboard.up("Shift")
    first = set(shown.evaluate(SELECTED))
    page.keyboard.down("Shift")
    draw(page, shown, aside=120)
    page.keyboard.up("Shift")
    both = set(shown.evaluate(SELECTED))
    assert first < both
    page.keyboard.down("Alt")
    draw(page, shown, aside=120)
    page.keyboard.up("Alt")
    rest = set(shown.evaluate(SELECTED))
    assert rest < both
    expect(page.get_by_role("heading", name=f"{len(rest):,} selected")).to_be_visible()


def test_the_clear_button_empties_the_map(page: Page, shown: Locator) -> None:
    """A change of the selection by the page reaches the browser."""
    page.get_by_role("button", name="Rectangle (R)").click()
    draw(page, shown, ((-40, -40), (50, 60)))
    assert shown.evaluate(SELECTED)
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_role("heading", name=re.compile("selected"))).to_have_count(0)
    page.wait_for_function("(map) => map.latentMap.cloud.selected().length === 0", arg=shown.element_handle())


def test_a_click_moves_the_point_which_explore_shows(page: Page, shown: Locator) -> None:
    """The address names the test image, the map marks it, and Explore has its original."""
    position = shown.evaluate(LONELY)
    page.mouse.click(*place_of(shown, position))
    page.wait_for_url(re.compile(rf"image={position}\b"))
    marks = shown.evaluate("(map) => map.latentMap.state.marks.map((mark) => [mark.kind, mark.position])")
    assert ["current", position] in marks
    page.get_by_role("link", name=re.compile(rf"Explore .*test image {position}$")).click()
    expect(page.locator("h1")).to_have_text("Explore")
    wait_until_idle(page)
    expect(page.get_by_text(f"test image {position}. Mean squared error")).to_be_visible()


def test_two_maps_share_hover_selection_and_legend(server: str, page: Page) -> None:
    """What is done in one map shows in the other, for the same pictures."""
    first, second = maps_of(page, f"{server}/embeddings?model=fashion-vae-16&second=UMAP", 2)
    position = first.evaluate(LONELY)
    page.mouse.move(*place_of(first, position))
    expect(second.locator(".ring")).to_be_visible()
    page.get_by_role("button", name="Lasso (L)").nth(1).click()
    draw(page, second)
    chosen = second.evaluate(SELECTED)
    assert chosen
    assert first.evaluate(SELECTED) == chosen
    expect(page.get_by_role("heading", name=f"{len(chosen):,} selected")).to_be_visible()
    first.get_by_role("button", name=re.compile("^Bag")).click()
    assert first.evaluate(HIDDEN) == second.evaluate(HIDDEN) == 1000


def test_another_model_beside_shows_the_same_pictures(server: str, page: Page) -> None:
    """A click on the other model's map takes that picture on the current model."""
    first, second = maps_of(page, f"{server}/embeddings?model=fashion-vae-16&second=fashion-cae-16", 2)
    assert first.get_attribute("data-layout") != second.get_attribute("data-layout")
    position = second.evaluate(LONELY)
    page.mouse.click(*place_of(second, position))
    page.wait_for_url(re.compile(rf"model=fashion-vae-16.*image={position}\b"))


def test_the_legend_filters(page: Page, shown: Locator) -> None:
    """A hidden class can neither be seen nor pointed at nor selected; double-click leaves one class only."""
    bag = shown.get_by_role("button", name=re.compile("^Bag"))
    bag.click()
    expect(bag).to_have_attribute("aria-pressed", "false")
    assert shown.evaluate(HIDDEN) == 1000
    page.get_by_role("button", name="Rectangle (R)").click()
    draw(page, shown, ((-200, -150), (200, 150)))
    labels = load_images(DataConfig("fashion-mnist"), "test").labels
    assert labels is not None
    assert 8 not in set(labels[shown.evaluate(SELECTED)])
    bag.dblclick()
    assert shown.evaluate(HIDDEN) == 9000
    shown.get_by_role("button", name="Show all").click()
    assert shown.evaluate(HIDDEN) == 0


def test_search_finds_a_class_and_a_number(page: Page, shown: Locator) -> None:
    """A class's name selects it; a number puts the cursor on that test image."""
    field = shown.get_by_role("searchbox")
    field.fill("trou")
    expect(shown.locator("output").first).to_have_text("1,000")
    field.press("Enter")
    expect(page.get_by_role("heading", name="1,000 selected")).to_be_visible()
    field.fill("1234")
    field.press("Enter")
    expect(shown.locator(".tip")).to_contain_text("test image 1234")


def test_the_keyboard_walks_and_picks(page: Page, shown: Locator) -> None:
    """Arrows go from point to point and say which; Enter makes it current; + and 0 zoom."""
    stage = shown.locator(".stage")
    stage.focus()
    spoken = shown.locator(".spoken")
    heard = set()
    for key in ("ArrowRight", "ArrowRight", "ArrowUp"):
        stage.press(key)
        expect(spoken).to_contain_text("test image")
        heard.add(spoken.inner_text())
    assert len(heard) == 3
    stage.press("Enter")
    number = re.search(r"test image (\d+)", spoken.inner_text())
    assert number
    page.wait_for_url(re.compile(rf"image={number[1]}\b"))
    stage.press("+")
    assert shown.evaluate("(map) => map.latentMap.camera.zoom") > 1
    stage.press("0")
    assert shown.evaluate("(map) => map.latentMap.camera.zoom") == 1


def test_zooming_in_shows_pictures_instead_of_points(page: Page, shown: Locator) -> None:
    """The wheel zooms to the pointer; pictures come, do not cover each other, and can be pointed at."""
    thumbnails_arrive(page)
    box = shown.locator(".stage").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.wheel(0, -1200)
    page.wait_for_function("(map) => map.latentMap.scene.placed.length > 5", arg=shown.element_handle())
    placed = shown.evaluate("(map) => map.latentMap.scene.placed.map(({left, top, size}) => [left, top, size])")
    for number, (left, top, size) in enumerate(placed):
        for other_left, other_top, _ in placed[number + 1 :]:
            assert abs(left - other_left) >= size or abs(top - other_top) >= size
    shown.get_by_role("button", name="Show the whole map (0)").click()
    page.wait_for_function("(map) => map.latentMap.scene.placed.length === 0", arg=shown.element_handle())


def test_a_change_of_the_method_morphs(page: Page, shown: Locator) -> None:
    """The same points move to their new places: in between they are neither here nor there."""
    before = shown.get_attribute("data-layout") or ""
    shown.evaluate(
        """(map) => {
          const {cloud, renderer} = map.latentMap.scene, draw = renderer.draw.bind(renderer);
          map.seen = [];
          renderer.draw = (...all) => { map.seen.push(cloud.progress); draw(...all); };
        }"""
    )
    page.get_by_role("radio", name="UMAP").click()
    expect(shown).to_have_attribute("data-layout", re.compile("umap"))
    assert "tsne" in before
    assert any(0 < progress < 1 for progress in shown.evaluate("(map) => map.seen"))


def test_who_wants_no_motion_gets_none(server: str, page: Page) -> None:
    """With prefers-reduced-motion the points are at their new places at once."""
    page.emulate_media(reduced_motion="reduce")
    shown = maps_of(page, f"{server}/embeddings?model=fashion-vae-16")[0]
    page.get_by_role("radio", name="PCA").click()
    page.wait_for_function("(map) => map.dataset.layout.includes('pca')", arg=shown.element_handle())
    assert shown.evaluate("(map) => map.latentMap.cloud.start === map.latentMap.cloud.end")


def test_dragging_a_parameter_morphs_before_it_is_released(page: Page, tmp_path: Path) -> None:
    """Between maps that came along; the server hears of it on release only, and has nothing to compute."""
    folder = tmp_path / "checkpoints" / "fashion-vae-16"
    shutil.copytree(PROJECT / "checkpoints" / folder.name, folder)
    digest = find_checkpoint(folder.name, folder.parent).digest
    usual = MapRequest(folder.name, digest)
    shipped = load_bundled(folder, usual)
    assert shipped is not None
    turned = replace(shipped, coordinates=np.ascontiguousarray(shipped.coordinates[:, ::-1]), quality=None)
    maps = {usual: replace(shipped, quality=None), replace(usual, perplexity=100.0): turned}
    store_maps(folder, digest, len(shipped.coordinates), maps)
    with serve(LATENT_CHECKPOINTS=str(folder.parent)) as address:
        (shown,) = maps_of(page, f"{address}/embeddings?model=fashion-vae-16")
        page.wait_for_function("() => [...latentMapStore.parcels.keys()].includes('layouts:first:ready')")
        slider = shown.get_by_role("slider", name="Perplexity")
        slider.evaluate("(range) => { range.value = range.max; range.dispatchEvent(new Event('input')); }")
        expect(shown).to_have_attribute("data-layout", re.compile("tsne-.*-100$"))
        assert "perplexity" not in page.url
        slider.dispatch_event("change")
        page.wait_for_url(re.compile("perplexity=100"))
        wait_until_idle(page)
        expect(page.get_by_role("button", name="Stop")).to_have_count(0)
        expect(shown).to_have_attribute("data-layout", re.compile("tsne-.*-100$"))
        page.goto("about:blank")  # before its server goes


def test_a_parameter_without_a_map_is_computed_and_can_be_stopped(page: Page, shown: Locator) -> None:
    """The old map stays while the new one is made; Stop ends that, and the address keeps the parameter."""
    slider = shown.get_by_role("slider", name="Perplexity")
    slider.press("ArrowRight")
    stop = page.get_by_role("button", name="Stop")
    expect(stop).to_be_visible()
    page.wait_for_url(re.compile("perplexity=35"))
    expect(shown).to_be_visible()
    stop.click()
    expect(page.get_by_role("button", name="Compute this map")).to_be_visible()


def test_a_map_that_had_to_be_computed_is_shown_when_it_is_there(server: str, page: Page) -> None:
    """Another one keeps its place until then, and does not come back."""
    address = f"{server}/embeddings?model=fashion-vae-16&map=PCA&points=2000&input=Posterior+samples"
    (shown,) = maps_of(page, address)
    expect(shown).to_have_attribute("data-layout", re.compile("pca-2-0-samples$"), timeout=LONGEST_WAIT)


def test_an_upload_is_put_on_the_map(server: str, page: Page, shown: Locator) -> None:
    """It is marked with lines to its neighbours, which are pictures like it."""
    images = load_images(DataConfig("fashion-mnist"), "test")
    assert images.labels is not None
    buffer = io.BytesIO()
    Image.fromarray(images.images[1, 0]).save(buffer, "PNG")
    page.get_by_role("radio", name="Yours").click()
    file = {"name": "mine.png", "mimeType": "image/png", "buffer": buffer.getvalue()}
    page.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    page.wait_for_function(
        "(map) => map.latentMap.state.marks.some((mark) => mark.kind === 'own')", arg=shown.element_handle()
    )
    (own,) = shown.evaluate("(map) => map.latentMap.state.marks.filter((mark) => mark.kind === 'own')")
    assert 1 in own["links"]
    expect(page.get_by_text("where t-SNE's loss is least")).to_be_visible()


def test_three_dimensions_turn_and_select(server: str, page: Page) -> None:
    """Dragging turns the map, so that points move at different speeds; the lasso works there as well."""
    (shown,) = maps_of(page, f"{server}/embeddings?model=fashion-vae-16&map=PCA&dimensions=3&points=2000")
    expect(shown).to_have_attribute("data-layout", re.compile("pca-3"), timeout=LONGEST_WAIT)
    before = [place_of(shown, position) for position in range(3)]
    draw(page, shown, ((0, 0), (80, 0)))
    page.wait_for_function("(map) => Math.abs(map.latentMap.camera.around - 0.6) > 0.1", arg=shown.element_handle())
    page.wait_for_function(IDLE)
    after = [place_of(shown, position) for position in range(3)]
    moves = np.subtract(after, before)
    assert np.ptp(moves[:, 0]) > 1
    page.get_by_role("button", name="Lasso (L)").click()
    draw(page, shown)
    assert shown.evaluate(SELECTED)


@pytest.mark.parametrize(("button", "suffix"), [("Save as PNG", ".png"), ("Save as SVG", ".svg")])
def test_the_map_can_be_saved(page: Page, shown: Locator, button: str, suffix: str) -> None:
    """The files are what their names say, and show points."""
    with page.expect_download() as download:
        shown.get_by_role("button", name=button).click()
    path = Path(download.value.path())
    assert download.value.suggested_filename.endswith(suffix)
    if suffix == ".png":
        with Image.open(path) as picture:
            assert picture.format == "PNG"
            assert len(set(picture.convert("RGB").resize((200, 150)).get_flattened_data())) > 50
    else:
        assert path.read_text(encoding="utf-8").count("<path") > 9000


def test_the_table_can_be_saved(page: Page, shown: Locator) -> None:
    """Number, class, code and place of every point."""
    page.get_by_role("radio", name="Files").click()
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile("CSV")).click()
    heading, *rows = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
    assert heading.split(",")[:3] == ["test image", "class", "z0"]
    assert heading.endswith("x,y")
    assert len(rows) == 10_000


def test_points_and_pictures_do_not_travel_again(server: str, page: Page) -> None:
    """A click costs what it changes, not the map's program, points or thumbnails."""
    received: list[int] = []

    def count(frame: bytes | str) -> None:
        received.append(len(frame))

    page.on("websocket", lambda socket: socket.on("framereceived", count))
    (shown,) = maps_of(page, f"{server}/embeddings?model=fashion-vae-16")
    thumbnails_arrive(page)
    page.wait_for_function(IDLE)
    assert sum(received) > 1_000_000
    received.clear()
    position = shown.evaluate(LONELY)
    page.mouse.click(*place_of(shown, position))
    page.wait_for_url(re.compile(rf"image={position}\b"))
    page.wait_for_function(IDLE)
    assert 0 < sum(received) < MOST_BYTES_A_CLICK


def test_without_webgl_the_map_still_works(server: str, page: Page) -> None:
    """Points are drawn on a plain canvas, and can be pointed at."""
    page.add_init_script(
        """const old = HTMLCanvasElement.prototype.getContext;
        HTMLCanvasElement.prototype.getContext = function (kind, ...more) {
          return kind === "webgl2" ? null : old.call(this, kind, ...more);
        };"""
    )
    (shown,) = maps_of(page, f"{server}/embeddings?model=fashion-vae-16")
    assert shown.evaluate("(map) => map.latentMap.scene.renderer.kind") == "canvas"
    position = shown.evaluate(LONELY)
    page.mouse.move(*place_of(shown, position))
    expect(shown.locator(".tip")).to_contain_text(f"test image {position}")


def test_fingers_pinch(phone: Page, server: str) -> None:
    """Two fingers that part zoom in; one finger moves the map."""
    page = phone
    (shown,) = maps_of(page, f"{server}/embeddings?model=fashion-vae-16")
    thumbnails_arrive(page)
    stage = shown.locator(".stage")
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    session = page.context.new_cdp_session(page)

    def touch(kind: str, places: list[tuple[float, float]]) -> None:
        fingers = [{"x": left, "y": top, "id": number} for number, (left, top) in enumerate(places)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": fingers})

    touch("touchStart", [(x - 20, y), (x + 20, y)])
    touch("touchMove", [(x - 60, y), (x + 60, y)])
    touch("touchEnd", [])
    page.wait_for_function("(map) => map.latentMap.camera.zoom > 1.5", arg=shown.element_handle())


@pytest.mark.parametrize("method", ["PCA", "t-SNE"])
def test_the_current_point_follows_the_sliders(server: str, page: Page, method: str) -> None:
    """While the hand moves a slider beside the map, without a message; on release the server's place is, for PCA, the
    same.
    """
    wire = Wire(page)
    (shown,) = maps_of(page, f"{server}/embeddings?model=fashion-vae-16&map={method}")
    page.get_by_role("radio", name="Move").click()
    track = page.locator(".workbench.compact input[type=range]").first
    expect(track).to_be_visible()
    page.wait_for_function("(map) => map.latentMap.state.follow", arg=shown.element_handle())
    wait_until_idle(page)
    track.scroll_into_view_if_needed()
    box = track.bounding_box()
    assert box is not None
    height = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.2 * box["width"], height)
    page.mouse.down()
    page.wait_for_function("(map) => map.latentMap.scene.moving", arg=shown.element_handle())
    sent, places = wire.sent, [shown.evaluate("(map) => map.latentMap.scene.moving")]
    moved = "([map, place]) => String(map.latentMap.scene.moving) !== String(place)"
    for step in range(1, 5):
        page.mouse.move(box["x"] + (0.2 + 0.15 * step) * box["width"], height)
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        page.wait_for_function(moved, arg=[shown.element_handle(), places[-1]])
        places.append(shown.evaluate("(map) => map.latentMap.scene.moving"))
    assert len({tuple(place) for place in places}) == 5
    assert wire.sent == sent
    page.mouse.up()
    page.wait_for_function("(map) => map.latentMap.scene.moving === null", arg=shown.element_handle())
    mark = """(map) => {
      const [mark] = map.latentMap.state.marks, {centre, unit, key} = map.latentMap.cloud.layout;
      return mark.at[key].map((value, axis) => (value - centre[axis]) / unit);
    }"""
    placed = shown.evaluate(mark)
    assert placed == pytest.approx(places[-1][:2], abs=0.02 if method == "PCA" else 1.0)
