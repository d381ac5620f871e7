"""What only a browser shows: first addresses, deep links, downloads, and keyboard."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from scripts.server import PROJECT, serve
from tests.browser.conftest import visit, wait_until_idle
from vae_core.recipes import list_recipes

PAGES = ["", *sorted(path.stem for path in (PROJECT / "pages").glob("*.py"))]


def code_in(url: str) -> list[float]:
    """The code that an address holds."""
    return [float(number) for number in parse_qs(urlsplit(url).query)["z"][0].split(",")]


def address_settles(page: Page, pattern: str) -> None:
    """Wait until the page's address has a part."""
    page.wait_for_url(re.compile(pattern))


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_as_the_first_address_of_a_fresh_server(name: str, page: Page, tmp_path: Path) -> None:
    """No page depends on another having been opened before; no error box, no error on the console, no other host."""
    with serve(LATENT_DATA=str(tmp_path), LATENT_CACHE=str(tmp_path / "cache")) as address:
        page.goto(f"{address}/{name}")
        wait_until_idle(page)
        expect(page.locator("h1")).to_have_count(1)
        expect(page.locator(".stException, .stAlert")).to_have_count(0)
        assert page.locator("img, .js-plotly-plot, canvas").count() > 0
        for image in page.locator("img").all():
            assert image.get_attribute("alt"), "an image without alt text"
        page.goto("about:blank")  # before its server goes, which it would report as an error


def test_a_link_restores_what_the_server_decoded(server: str, page: Page, chromium: Browser) -> None:
    """A slider moved by keyboard changes the address; that address, opened by another visitor, has the same picture."""
    page.goto(f"{server}/explore?model=fashion-vae-16&engine=Server")
    wait_until_idle(page)
    slider = page.locator("[class*=st-key-slider_] input[type=range]").first
    dimension = int((slider.get_attribute("aria-label") or "z0")[1:].split()[0])
    first = float(slider.get_attribute("aria-valuetext") or "nan")
    slider.focus()
    for _ in range(30):
        slider.press("ArrowRight")
    value = f"{first + 0.3:.2f}"  # no press is lost to the answers that come from the server meanwhile
    expect(slider).to_have_attribute("aria-valuetext", value)
    page.wait_for_url(lambda url: code_in(url)[dimension] == float(value))
    wait_until_idle(page)
    link = page.url
    picture = page.locator(".st-key-picture img")
    drawn = picture.get_attribute("src") or "nothing"
    with visit(chromium) as other:
        other.goto(link)
        wait_until_idle(other)
        moved = other.locator("[class*=st-key-slider_] input[type=range]").first
        expect(moved).to_have_attribute("aria-valuetext", value)
        same = other.locator(".st-key-picture img").get_attribute("src")
        assert hash(same) == hash(drawn), "another picture"  # the pictures themselves would fill the report


def test_a_slider_comes_back_from_far_out_by_keyboard(server: str, page: Page) -> None:
    """Its ends reach as far as a link's point, and stay there until it is let go: it keeps the focus on its way."""
    page.goto(f"{server}/explore?model=fashion-vae-2&engine=Server&z=9,9")
    wait_until_idle(page)
    slider = page.locator("[class*=st-key-slider_] input[type=range]").first
    dimension = int((slider.get_attribute("aria-label") or "z0")[1:].split()[0])
    slider.focus()
    for value in (8.99, 8.98):
        page.keyboard.press("ArrowLeft")
        page.wait_for_url(lambda url, value=value: code_in(url)[dimension] == value)
        wait_until_idle(page)
    expect(slider).to_be_focused()
    expect(slider).to_have_attribute("aria-valuetext", "8.98")


def test_a_picture_of_the_gallery_can_be_taken_with_the_keyboard(server: str, page: Page) -> None:
    """Each picture is a button with a name; Enter on one makes it the current point."""
    page.goto(f"{server}/explore?model=fashion-vae-16")
    wait_until_idle(page)
    picture = page.get_by_role("button", name=re.compile(r"test image \d+")).first
    name = picture.locator("img").get_attribute("alt")
    picture.focus()
    picture.press("Enter")
    expect(page.get_by_text(f"{name}. Mean squared error")).to_be_visible()


def test_dragging_a_slider_changes_the_picture_from_the_server(server: str, page: Page) -> None:
    """The mouse moves the most telling dimension, and on release the decoded picture is another one."""
    page.goto(f"{server}/explore?model=fashion-vae-16&engine=Server")
    wait_until_idle(page)
    picture = page.locator(".st-key-picture img")
    before = picture.get_attribute("src")
    thumb = page.locator("[class*=st-key-slider_] [data-testid=stSliderThumbValue]").first
    box = thumb.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + 80, box["y"] + box["height"] + 10, steps=8)
    page.mouse.up()
    expect(picture).not_to_have_attribute("src", before or "")


def test_a_click_on_the_traversal_goes_there(server: str, page: Page) -> None:
    """The last picture of the strip is marked after it was clicked."""
    page.goto(f"{server}/explore?model=fashion-vae-16&engine=Server")
    wait_until_idle(page)
    last = page.locator(".st-key-strip button.picture").last
    last.click()
    expect(last).to_have_attribute("aria-pressed", "true")


def test_an_interpolation_can_be_downloaded(server: str, page: Page) -> None:
    """Each file is what it says, and an animation has a frame for each step, there and back."""
    page.goto(f"{server}/interpolate?model=fashion-vae-16&steps=5")
    wait_until_idle(page)
    for button, kind, frames in (("GIF", "GIF", 2 * 5 - 2), ("WebP", "WEBP", 2 * 5 - 2), ("PNG strip", "PNG", 1)):
        with page.expect_download() as download:
            page.get_by_role("button", name=button, exact=True).click()
        with Image.open(download.value.path()) as picture:
            assert picture.format == kind
            assert getattr(picture, "n_frames", 1) == frames


def test_the_address_of_an_interpolation_restores_its_ends(server: str, page: Page) -> None:
    """Both pictures, the kind of path and the number of steps are in the link."""
    page.goto(f"{server}/interpolate?model=fashion-vae-16&a=12&b=34&steps=7&path=Spherical")
    wait_until_idle(page)
    expect(page.get_by_alt_text(re.compile(r"^A: .*test image 12$"))).to_be_visible()
    expect(page.get_by_alt_text(re.compile(r"^B: .*test image 34$"))).to_be_visible()
    expect(page.get_by_role("radio", name="Spherical")).to_be_checked()
    expect(page.locator(".st-key-row_0 img")).to_have_count(7)


def test_the_menu_leads_to_every_page(server: str, page: Page) -> None:
    """Each link of the menu opens its page, and the model goes along."""
    page.goto(f"{server}/?model=fashion-cae-2")
    wait_until_idle(page)
    for title in ("Explore", "Interpolate", "Embeddings", "Compare"):
        page.get_by_role("link", name=title, exact=True).first.click()
        expect(page.locator("h1")).to_have_text(title)
        wait_until_idle(page)
        address_settles(page, "model=fashion-cae-2")
        expect(page.locator(".stException")).to_have_count(0)


@pytest.mark.parametrize(
    "address",
    [
        "explore?model=fashion-vae-16&engine=Server&traversed=z7",
        "explore?model=fashion-vae-16&basis=Principal+directions&beside=fashion-cae-16&smooth=true&pad=Direction+3,Direction+1",
        "compare?model=fashion-vae-16&models=fashion-pca-16,fashion-vae-2&drawn=3&drawn_class=Bag",
        "compare?model=fashion-vae-16&view=Denoising&pictures=Best+of+each+class&judge=fashion-cae-16&noise=0.35",
        "interpolate?model=fashion-vae-16&models=fashion-cae-2&a=5&b=6&steps=5&step=2&path=Spherical",
        "embeddings?model=fashion-vae-16&map=PCA&points=2000&colour=KL",
    ],
)
def test_an_address_shows_the_same_twice(server: str, page: Page, address: str) -> None:
    """Opened as it is, a link keeps every setting that it names; opened again from the bar, it shows the same page."""
    page.goto(f"{server}/{address}")
    wait_until_idle(page)
    asked, shown = parse_qs(urlsplit(address).query), parse_qs(urlsplit(page.url).query)
    assert {name: shown.get(name) for name in asked} == asked
    first = page.locator(".stMain").inner_text()
    page.goto(page.url)
    wait_until_idle(page)
    assert page.locator(".stMain").inner_text() == first


def test_a_click_on_the_rate_distortion_plot_opens_that_model(server: str, page: Page) -> None:
    """The model of the clicked point becomes the current one, also when one goes back to a point clicked before."""
    page.goto(f"{server}/compare?model=fashion-vae-16")
    wait_until_idle(page)
    page.get_by_role("tab", name="Rate against distortion").click()
    names, points = (page.locator(f".st-key-rate_distortion {part}") for part in (".textpoint text", "path.point"))
    points.first.wait_for()
    expect(points).to_have_count(sum(name.startswith("fashion-") for name in list_recipes()))
    for model in ("fashion-cae-2", "fashion-vae-16", "fashion-cae-2"):
        point = points.nth(names.all_text_contents().index(model))
        box = point.bounding_box()
        assert box
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        address_settles(page, rf"model={model}\b")
        wait_until_idle(page)
        expect(page.locator(".stSidebar .stSelectbox input")).to_have_value(model)
        expect(point).to_have_css("stroke-width", "3px")


def test_the_noise_slider_changes_the_denoised_pictures(server: str, page: Page) -> None:
    """By keyboard; noisy and restored pictures follow, and the clean row stays."""
    page.goto(f"{server}/compare?model=fashion-vae-16&view=Denoising")
    wait_until_idle(page)
    noisy, restored, clean = (
        page.locator(f".st-key-{key} img").first for key in ("noisy", "denoised_fashion-pca-16", "clean")
    )
    before = [picture.get_attribute("src") for picture in (noisy, restored, clean)]
    slider = page.get_by_role("slider", name="Noise")
    slider.focus()
    for _ in range(5):
        slider.press("ArrowRight")
    address_settles(page, r"noise=0\.25")
    expect(noisy).not_to_have_attribute("src", before[0] or "")
    expect(restored).not_to_have_attribute("src", before[1] or "")
    assert hash(clean.get_attribute("src")) == hash(before[2]), "another picture"


def test_the_denoised_pictures_follow_the_hand(server: str, page: Page) -> None:
    """While it drags the noise slider and before it lets go; the address waits for that."""
    page.goto(f"{server}/compare?model=fashion-vae-16&view=Denoising")
    wait_until_idle(page)
    restored = page.locator(".st-key-denoised_fashion-pca-16 img").first
    slider = page.get_by_role("slider", name="Noise")
    box = slider.bounding_box()
    assert box
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.4 * box["width"], middle)
    page.mouse.down()
    for share in (0.6, 0.9):
        before = restored.get_attribute("src") or ""
        page.mouse.move(box["x"] + share * box["width"], middle, steps=5)
        expect(restored).not_to_have_attribute("src", before)
    assert "noise=" not in page.url
    page.mouse.up()
    address_settles(page, r"noise=0\.4\d")
    expect(slider).to_have_value(re.search(r"noise=([\d.]+)", page.url)[1])  # type: ignore[index]


def test_rows_of_a_comparison_are_aligned(server: str, page: Page) -> None:
    """Each picture stands right under its original, as reconstruction and as error map, in the same size."""
    page.goto(f"{server}/compare?model=fashion-vae-16&pictures=Worst+of+each+class")
    wait_until_idle(page)
    places = []
    for key in ("originals", "decoded_fashion-cae-16", "errors_fashion-cae-16", "decoded_fashion-vae-16"):
        pictures = page.locator(f".st-key-{key} img")
        expect(pictures).to_have_count(10)
        boxes = pictures.evaluate_all("all => all.map((one) => one.getBoundingClientRect().toJSON())")
        places.append([(round(box["left"]), round(box["width"])) for box in boxes])
    assert places == [places[0]] * len(places)


def test_a_comparison_can_be_downloaded(server: str, page: Page) -> None:
    """Pictures as a PNG, their figures and the test split's as CSV."""
    page.goto(f"{server}/compare?model=fashion-vae-16&pictures=Worst")
    wait_until_idle(page)
    for view, label, name in (
        ("Reconstructions", "Images as PNG", "comparison.png"),
        ("Reconstructions", "Figures as CSV", "comparison.csv"),
        ("Denoising", "Images as PNG", "denoising.png"),
        ("Test split", "Table as CSV", "test-split.csv"),
    ):
        page.get_by_role("tab", name=view).click()
        button = page.get_by_role("button", name=label)
        wait_until_idle(page)
        with page.expect_download() as started:
            button.click()
        assert started.value.suggested_filename == name
        path = started.value.path()
        if name.endswith(".png"):
            with Image.open(path) as picture:
                assert picture.width > 10 * 28
        else:
            heading, *lines = path.read_text(encoding="utf-8").splitlines()
            assert "psnr" in heading
            assert any("fashion-vae-16" in line for line in lines)
