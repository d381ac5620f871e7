"""The browser's engine gives what torch gives: for every checkpoint that comes along, and for every kind of layer."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from playwright.sync_api import Browser, Page
from torch import Tensor, nn

from scripts.server import PROJECT
from ui.components.bundle import bundle
from ui.components.live import FOLDER
from vae_core.checkpoint import list_checkpoints, load_model
from vae_core.config import ModelConfig
from vae_core.export.browser import PackedDecoder, pack
from vae_core.latent.space import LatentSpace
from vae_core.media import to_uint8
from vae_core.models import Autoencoder, build
from vae_core.models.networks import ResidualBlock

SHIPPED = list_checkpoints(PROJECT / "checkpoints").usable
BATCH = 5
EXACT = 1e-5  # of pixels in [0, 1], at single precision
DECODE = """async ({packed, codes, count, label, wish}) => {
  const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const text = (array) => { // much quicker to hand over than a list of numbers
    const all = new Uint8Array(array.buffer);
    const parts = [];
    for (let at = 0; at < all.length; at += 8192) parts.push(String.fromCharCode(...all.subarray(at, at + 8192)));
    return btoa(parts.join(""));
  };
  const {unpack, Engine, writePixels} = window.lab;
  const engine = new Engine(unpack(bytes(packed)), {batch: count, choice: wish});
  const rows = new Float32Array(count * engine.width * engine.height * engine.channels);
  let row = 0;
  const all = new Float32Array(bytes(codes).buffer);
  const image = new ImageData(engine.width * 2, engine.height * Math.ceil(count / 2));
  for (let first = 0; first < count; first += engine.batch) {
    const size = Math.min(engine.batch, count - first);
    const latent = engine.decoder.latent;
    const numbers = engine.run(all.slice(first * latent, (first + size) * latent), size, label);
    writePixels(engine, numbers, image, {count: size, first, columns: 2});
    for (let picture = 0; picture < size; picture++) {
      for (let pixel = 0; pixel < engine.width * engine.height; pixel++) {
        const at = picture * engine.imageSize + pixel * engine.pixelSize;
        for (let channel = 0; channel < engine.channels; channel++) rows[row++] = numbers[at + channel];
      }
    }
  }
  return {kind: engine.kind, numbers: text(rows), painted: text(image.data)};
}"""

Decode = Callable[..., tuple[np.ndarray, np.ndarray]]


LOAD = """async (source) => {
  window.lab = await import(URL.createObjectURL(new Blob([source], {type: "text/javascript"})));
}"""


@pytest.fixture(scope="module")
def laboratory(chromium: Browser) -> Iterator[Page]:
    """A page with nothing but the engine, for all tests of this file."""
    page = chromium.new_page()
    page.goto("about:blank")
    page.evaluate(LOAD, bundle(FOLDER, "unpack.js", "engine.js", "pixels.js"))
    yield page
    page.close()


@pytest.fixture
def decode(laboratory: Page) -> Decode:
    """A function that decodes codes in the browser: the images' means in [0, 1], and the bytes that it paints."""

    def decode(
        packed: PackedDecoder, codes: np.ndarray, label: int | None = None, wish: str = "auto"
    ) -> tuple[np.ndarray, np.ndarray]:
        text = {"packed": packed.content, "codes": np.ascontiguousarray(codes, np.float32).tobytes()}
        given: dict[str, Any] = {name: base64.b64encode(content).decode() for name, content in text.items()}
        found = laboratory.evaluate(DECODE, given | {"count": len(codes), "label": label, "wish": wish})
        assert found["kind"] == ("JS" if wish == "js" else "WASM")
        channels, height, width = packed.header["image"]
        floats = np.frombuffer(base64.b64decode(found["numbers"]), np.float32)
        numbers = floats.astype(np.float64).reshape(len(codes), height, width, channels)
        logistic = packed.header["output"] == "logistic"
        images = 1 / (1 + np.exp(-numbers)) if logistic else np.clip(numbers, 0, 1)
        painted = np.frombuffer(base64.b64decode(found["painted"]), np.uint8)
        return images, cut_apart(painted, len(codes), height, width, channels)

    return decode


def cut_apart(painted: np.ndarray, count: int, height: int, width: int, channels: int) -> np.ndarray:
    """A canvas with pictures in two columns as pictures (count, height, width, channels)."""
    rows = -(-count // 2)
    cells = painted.reshape(rows, height, 2, width, 4).transpose(0, 2, 1, 3, 4).reshape(rows * 2, height, width, 4)
    assert (cells[:count, ..., 3] == 255).all()
    return cells[:count, ..., :channels]


@torch.inference_mode()
def by_torch(model: Autoencoder, codes: np.ndarray, label: int | None) -> np.ndarray:
    """The same images by torch, (N, H, W, C) in [0, 1]."""
    labels = None if label is None else torch.full((len(codes),), label)
    images = model.to_images(model.decode(torch.from_numpy(codes), labels))
    return images.numpy().transpose(0, 2, 3, 1)


def assert_agrees(model: Autoencoder, codes: np.ndarray, label: int | None, decode: Decode, wish: str = "auto") -> None:
    """At single precision the numbers agree, at half precision the painted grey levels, within one."""
    expected = by_torch(model, codes, label)
    images, _ = decode(pack(model, "single"), codes, label, wish)
    assert np.abs(images - expected).max() < EXACT
    levels = to_uint8(expected.transpose(0, 3, 1, 2)).astype(int)
    _, painted = decode(pack(model, "half"), codes, label, wish)
    assert np.abs(painted - levels).max() <= 1


@pytest.mark.parametrize("wish", ["auto", "js"])
@pytest.mark.parametrize("checkpoint", SHIPPED, ids=lambda checkpoint: checkpoint.name)
def test_every_checkpoint_is_decoded_as_by_torch(checkpoint: Any, wish: str, decode: Decode) -> None:
    """Real codes' neighbourhood and samples: within 1e-5 at single, within one grey level at half precision."""
    space = LatentSpace.open(checkpoint.folder)
    model, _ = load_model(checkpoint.folder)
    codes = np.concatenate([space.statistics.mean[None].astype(np.float32), space.sample(BATCH - 1, seed=1)])
    assert_agrees(model, codes, 2 if space.classes else None, decode, wish)


def random_model(**options: object) -> Autoencoder:
    """A model with drawn weights."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        model = build(ModelConfig(**options))  # type: ignore[arg-type]
        as_after_training(model)
    return model.eval().requires_grad_(False)


def as_after_training(model: nn.Module) -> None:
    """Draw what begins at values which would hide a mistake: statistics, and what residual blocks add."""
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.normal_(0, 0.3)
            module.running_var.uniform_(0.5, 2)
            nn.init.normal_(module.weight, 1, 0.2)
            nn.init.normal_(module.bias, 0, 0.2)
        if isinstance(module, ResidualBlock):
            module.layers[-1].reset_parameters()


NETWORKS = [
    *(
        {"network": network, "image_shape": shape, "condition": condition}
        for network, shape, condition in product(
            ("shuffle", "strided", "convolutional", "mlp"), ((1, 28, 28), (3, 32, 32)), ("none", "both")
        )
    ),
    {"network": "residual", "image_shape": (3, 32, 32), "normalisation": "batch", "blocks": 2},
    {"network": "residual", "image_shape": (1, 28, 28), "condition": "decoder"},
    {"network": "convolutional", "image_shape": (1, 64, 32), "latent": 3},
    {"network": "mlp", "image_shape": (1, 5, 7), "latent": 3},
    {"family": "pca", "likelihood": "gaussian", "image_shape": (3, 9, 7), "latent": 5},
]


@pytest.mark.parametrize("options", NETWORKS, ids=lambda options: "-".join(str(value) for value in options.values()))
def test_every_network_is_decoded_as_by_torch(options: dict[str, Any], decode: Decode) -> None:
    """All networks, with a label and without, grey and in colour, square or not, a batch at once."""
    classes = 10 if options.get("condition", "none") != "none" else 0
    model = random_model(**{"latent": 16, "width": 8, "hidden": 24, "classes": classes} | options)
    codes = np.random.default_rng(0).normal(0, 1, (BATCH, model.config.latent)).astype(np.float32)
    assert_agrees(model, codes, 7 if classes else None, decode)


class AnyLayers(Autoencoder):
    """A decoder of a test's own."""

    def __init__(self, layers: nn.Sequential, config: ModelConfig) -> None:
        super().__init__(config)
        self.layers = layers

    def decoder_layers(self) -> nn.Sequential:
        """See Autoencoder."""
        return self.layers

    def decode(self, codes: Tensor, labels: Tensor | None = None) -> Tensor:
        """See Autoencoder."""
        return self.layers(codes)


START = [nn.Linear(4, 6 * 3 * 5), nn.Unflatten(1, (6, 3, 5))]
LAYERS: dict[str, list[nn.Module]] = {
    "relu": [nn.Linear(4, 7), nn.ReLU(), nn.Linear(7, 15), nn.Unflatten(1, (1, 3, 5))],
    "leaky relu": [nn.Linear(4, 7), nn.LeakyReLU(0.3), nn.Linear(7, 15), nn.Unflatten(1, (1, 3, 5))],
    "elu": [nn.Linear(4, 7), nn.ELU(0.7), nn.Linear(7, 15), nn.Unflatten(1, (1, 3, 5))],
    "gelu": [nn.Linear(4, 7), nn.GELU(), nn.Linear(7, 15), nn.Unflatten(1, (1, 3, 5))],
    "tanh at the end": [nn.Linear(4, 15), nn.Unflatten(1, (1, 3, 5)), nn.Tanh()],
    "sigmoid": [nn.Linear(4, 7), nn.Sigmoid(), nn.Dropout(), nn.Linear(7, 15), nn.Unflatten(1, (1, 3, 5))],
    "upsampling": [*START, nn.SiLU(), nn.Upsample(scale_factor=2), nn.Conv2d(6, 1, 3, padding=1)],
    "upsampling at the end": [*START, nn.Conv2d(6, 3, 1), nn.Upsample(scale_factor=3)],
    "strided convolution": [*START, nn.Conv2d(6, 3, 3, stride=2, padding=1, bias=False)],
    "output padding": [*START, nn.ConvTranspose2d(6, 3, 3, stride=2, padding=1, output_padding=1)],
    "normalised convolution": [*START, nn.Conv2d(6, 5, 3), nn.BatchNorm2d(5), nn.ReLU(), nn.Conv2d(5, 1, 1)],
    "normalised transposed": [*START, nn.ConvTranspose2d(6, 5, 2), nn.BatchNorm2d(5), nn.ReLU(), nn.Conv2d(5, 1, 1)],
    "normalised dense": [nn.Linear(4, 7), nn.BatchNorm1d(7), nn.Linear(7, 15), nn.Unflatten(1, (1, 3, 5))],
    "normalised map of a dense layer": [*START, nn.BatchNorm2d(6), nn.Conv2d(6, 1, 1)],
    "normalised after activation": [*START, nn.ReLU(), nn.BatchNorm2d(6), nn.Conv2d(6, 1, 1)],
    "two activations": [*START, nn.ReLU(), nn.Tanh(), nn.Conv2d(6, 1, 1)],
    "flattened": [*START, nn.ReLU(), nn.Flatten(), nn.Linear(90, 15), nn.Unflatten(1, (1, 3, 5))],
    "shuffle by three": [*START, nn.Conv2d(6, 18, 1), nn.PixelShuffle(3), nn.Conv2d(2, 1, 3)],
    "shuffle by three at the end": [*START, nn.Conv2d(6, 9, 1), nn.PixelShuffle(3)],
    "activation after a shuffle": [*START, nn.Conv2d(6, 12, 1), nn.PixelShuffle(2), nn.SiLU(), nn.Conv2d(3, 3, 1)],
    "residual after residual": [
        *START,
        ResidualBlock(6, "none"),
        ResidualBlock(6, "batch"),
        nn.SiLU(),
        nn.Conv2d(6, 1, 1),
    ],
}


@pytest.mark.parametrize("wish", ["auto", "js"])
@pytest.mark.parametrize("name", LAYERS)
def test_every_kind_of_layer_is_computed_as_by_torch(name: str, wish: str, decode: Decode) -> None:
    """Also where padding, folding or a new order of the channels could go wrong."""
    decoder = nn.Sequential(*LAYERS[name]).eval()
    as_after_training(decoder)
    shape = tuple(decoder(torch.zeros(1, 4)).shape[1:])
    config = replace(ModelConfig(latent=4), image_shape=shape)  # type: ignore[arg-type]
    model = AnyLayers(decoder, config).eval().requires_grad_(False)
    codes = np.random.default_rng(0).normal(0, 2, (BATCH, 4)).astype(np.float32)
    assert_agrees(model, codes, None, decode, wish)


IN_THE_WORKER = """async ({source, packed, codes, columns, rest}) => {
  const {unpack} = window.lab;
  const bytes = Uint8Array.from(atob(packed), (character) => character.charCodeAt(0));
  const {extras, ...decoder} = unpack(bytes);
  const address = URL.createObjectURL(new Blob([source], {type: "text/javascript"}));
  const worker = new Worker(address, {type: "module"});
  worker.postMessage({decoder, choice: "auto"});
  worker.postMessage({rest});
  worker.postMessage({key: decoder.key, codes: Float32Array.from(codes), columns, label: null});
  const {bitmap} = (await new Promise((done, failed) => {
    worker.onmessage = done;
    worker.onerror = (event) => failed(new Error(event.message));
  })).data;
  worker.terminate();
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
  context.drawImage(bitmap, 0, 0);
  return [...context.getImageData(0, 0, bitmap.width, bitmap.height).data];
}"""


@pytest.mark.parametrize("rest", [0, 1], ids=["in haste", "with rests"])
def test_the_worker_paints_each_picture_of_a_grid_in_its_cell(rest: float, server: str, page: Page) -> None:
    """However many slices it decodes them in: one picture first, and never more than its batch."""
    page.goto(f"{server}/_stcore/health")  # a worker needs a page with an address
    page.evaluate(LOAD, bundle(FOLDER, "unpack.js"))
    model = random_model(network="residual", latent=3, width=8, hidden=8)
    codes = np.random.default_rng(0).normal(0, 2, (39, 3)).astype(np.float32)
    given = {
        "source": bundle(FOLDER, "worker.js"),
        "packed": base64.b64encode(pack(model).content).decode(),
        "codes": codes.ravel().tolist(),
        "columns": 2,
        "rest": rest,
    }
    painted = np.array(page.evaluate(IN_THE_WORKER, given), np.uint8)
    expected = to_uint8(by_torch(model, codes, None).transpose(0, 3, 1, 2)).astype(int)
    assert np.abs(cut_apart(painted, len(codes), 28, 28, 1) - expected).max() <= 1


def test_the_fallback_needs_no_webassembly(page: Page) -> None:
    """A browser without it gets the plain engine by itself."""
    page.goto("about:blank")
    page.evaluate("() => { delete globalThis.WebAssembly; }")
    page.evaluate(LOAD, bundle(FOLDER, "unpack.js", "engine.js"))
    model = random_model(network="mlp", latent=3, hidden=8, image_shape=(1, 4, 4))
    packed = pack(model)
    kind = page.evaluate(
        """(packed) => {
          const bytes = Uint8Array.from(atob(packed), (character) => character.charCodeAt(0));
          return new window.lab.Engine(window.lab.unpack(bytes)).kind;
        }""",
        base64.b64encode(packed.content).decode(),
    )
    assert kind == "JS"


def test_half_precision_is_read_without_the_browsers_help(page: Page) -> None:
    """Where there is no Float16Array the bits are taken apart: every finite half-precision number, exactly."""
    halves = np.arange(2**16, dtype=np.uint16)
    halves = halves[np.isfinite(halves.view(np.float16))]
    page.goto("about:blank")
    page.evaluate(LOAD, bundle(FOLDER, "unpack.js"))
    found = page.evaluate(
        "(halves) => { delete globalThis.Float16Array; return [...window.lab.singles(Uint16Array.from(halves))]; }",
        halves.tolist(),
    )
    np.testing.assert_array_equal(np.array(found), halves.view(np.float16).astype(float))


def test_the_gauge_knows_the_chi_square_distribution(laboratory: Page) -> None:
    """For few dimensions and many, near the centre and far out, as scipy has it."""
    from scipy.stats import chi2

    laboratory.evaluate(LOAD, bundle(FOLDER, "distribution.js"))
    cases = [[size, square] for size in (1, 2, 3, 10, 16, 64, 500) for square in (0, 0.01, 1, 5, 17, 80, 480, 5000)]
    found = laboratory.evaluate(
        "(cases) => cases.map(([size, square]) => window.lab.lowerGamma(size / 2, square / 2))", cases
    )
    np.testing.assert_allclose(found, [chi2.cdf(square, size) for size, square in cases], atol=1e-9)
