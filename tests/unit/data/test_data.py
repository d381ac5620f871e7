"""Image sets: the embedded ones, MNIST's file format, fetching, and folders of images."""

from __future__ import annotations

import gzip
import hashlib
import struct
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from PIL import Image

from vae_core import data
from vae_core.config import DataConfig
from vae_core.data import DataError, DataMissingError, load_images
from vae_core.data.folder import FOLDER_SIZE
from vae_core.data.image_files import is_test


def write_idx(path: Path, values: np.ndarray) -> None:
    """Write bytes in MNIST's format, gzipped."""
    header = bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(header + values.astype(np.uint8).tobytes()))


def write_mnist(folder: Path, count: int = 5) -> None:
    """A made-up set of four files in MNIST's names and format."""
    for prefix in ("train", "t10k"):
        images = np.arange(count * 28 * 28, dtype=np.uint8).reshape(count, 28, 28)
        write_idx(folder / f"{prefix}-images-idx3-ubyte.gz", images)
        write_idx(folder / f"{prefix}-labels-idx1-ubyte.gz", np.arange(count))


def write_images(folder: Path, classes: tuple[str, ...] = ("cats", "dogs"), count: int = 20) -> None:
    """Colour images of 40x30 pixels in one sub-folder a class; no class puts them at the top."""
    for position, name in enumerate(classes or ("",)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for index in range(count):
            colour = (10 * index % 256, 100 * position, 200)
            Image.new("RGB", (40, 30), colour).save(folder / name / f"{index:03d}.png")


@pytest.mark.parametrize(
    ("name", "split", "shape"),
    [
        ("fashion-mnist-small", "train", (10_000, 1, 28, 28)),
        ("fashion-mnist-small", "test", (10_000, 1, 28, 28)),
        ("fashion-mnist", "test", (10_000, 1, 28, 28)),
        ("digits", "train", (1437, 1, 8, 8)),
        ("digits", "test", (360, 1, 8, 8)),
    ],
)
def test_embedded_sets_need_nothing_else(name: str, split: data.Split, shape: tuple[int, ...], tmp_path: Path) -> None:
    """With an empty data root they are whole, labelled, and use the full range of bytes."""
    images = load_images(DataConfig(name), split, root=tmp_path)
    assert images.images.shape == shape
    assert images.images.dtype == np.uint8
    assert images.images.max() == 255
    assert images.labels is not None
    assert set(images.labels) == set(range(10))
    assert len(images.class_names) == 10


def test_the_embedded_classes_are_balanced() -> None:
    """A thousand images of each class in either split."""
    for split in ("train", "test"):
        labels = load_images(DataConfig("fashion-mnist-small"), split).labels  # type: ignore[arg-type]
        assert labels is not None
        assert set(np.bincount(labels)) == {1000}


def test_embedded_training_and_test_images_are_different() -> None:
    """No test image is among the training images."""
    train, test = (load_images(DataConfig("fashion-mnist-small"), split).images for split in ("train", "test"))  # type: ignore[arg-type]
    seen = {image.tobytes() for image in train}
    assert not [index for index, image in enumerate(test) if image.tobytes() in seen]


@pytest.mark.parametrize("layout", ["mnist", "MNIST/raw"])
def test_mnist_is_found_in_the_data_root(layout: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In its own folder or in torchvision's, through the environment variable."""
    write_mnist(tmp_path / layout)
    monkeypatch.setenv("LATENT_DATA", str(tmp_path))
    images = load_images(DataConfig("mnist"), "train")
    assert images.images.shape == (5, 1, 28, 28)
    assert images.images[0, 0, 0, 1] == 1
    assert images.labels is not None
    assert images.labels.tolist() == [0, 1, 2, 3, 4]


def test_a_set_that_is_absent_says_where_to_put_it(tmp_path: Path) -> None:
    """The message names the set, the folder and the command."""
    with pytest.raises(DataMissingError, match=rf"mnist is not in {tmp_path}.*train.py --data mnist.*{tmp_path}/mnist"):
        load_images(DataConfig("mnist"), "train", root=tmp_path)


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    """A truncated download is reported, not half-read."""
    write_mnist(tmp_path / "mnist")
    damaged = tmp_path / "mnist" / "train-images-idx3-ubyte.gz"
    damaged.write_bytes(damaged.read_bytes()[:50])
    with pytest.raises(DataError, match=r"train-images-idx3-ubyte\.gz is damaged"):
        load_images(DataConfig("mnist"), "train", root=tmp_path)


class QuietHandler(SimpleHTTPRequestHandler):
    """A file server that does not write to the terminal."""

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A made-up MNIST served on this machine, as torchvision's second mirror; the first does not have it."""
    from torchvision.datasets import MNIST

    folder = tmp_path / "mirror"
    write_mnist(folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=folder))
    Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    checksums = [(path.name, hashlib.md5(path.read_bytes()).hexdigest()) for path in sorted(folder.iterdir())]
    monkeypatch.setattr(MNIST, "mirrors", [f"{address}/absent/", f"{address}/"])
    monkeypatch.setattr(MNIST, "resources", checksums)
    yield folder
    server.shutdown()
    server.server_close()


def test_fetching_puts_verified_files_into_the_data_root(mirror: Path, tmp_path: Path) -> None:
    """The second mirror serves when the first fails, and nothing else is left behind."""
    root = tmp_path / "root"
    assert len(load_images(DataConfig("mnist"), "test", root=root, fetch=True)) == 5
    assert len(list((root / "mnist").iterdir())) == 4


def test_a_download_with_a_wrong_checksum_leaves_nothing(mirror: Path, tmp_path: Path) -> None:
    """One line says what failed, and the data root stays empty."""
    write_idx(mirror / "train-images-idx3-ubyte.gz", np.zeros((1, 2, 2)))
    root = tmp_path / "root"
    with pytest.raises(DataMissingError, match="mnist could not be fetched"):
        load_images(DataConfig("mnist"), "test", root=root, fetch=True)
    assert not list((root / "mnist").iterdir())


def test_an_unknown_set_lists_the_known_ones() -> None:
    """A typing mistake is answered with the choices."""
    with pytest.raises(DataError, match=r"'fashion'.*fashion-mnist"):
        load_images(DataConfig("fashion"), "train")


def test_a_size_and_channels_are_honoured() -> None:
    """Digits of 8x8 become colour images of 16x16."""
    images = load_images(DataConfig("digits", size=16, channels=3), "test").images
    assert images.shape == (360, 3, 16, 16)


def test_a_folder_splits_into_classes_and_disjoint_splits(tmp_path: Path) -> None:
    """Sub-folders are classes; every image is in just one split; hidden and other files are passed over."""
    write_images(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / ".thumbnail.png").write_text("not an image")
    train, test = (load_images(DataConfig(f"folder:{tmp_path}"), split) for split in ("train", "test"))  # type: ignore[arg-type]
    assert train.class_names == ("cats", "dogs")
    assert len(train) + len(test) == 40
    assert len(test) > 0
    assert train.images.shape[1:] == (3, FOLDER_SIZE, FOLDER_SIZE)


def test_a_picture_stays_in_its_split_when_others_come(tmp_path: Path) -> None:
    """The split depends on each file's own name only."""
    write_images(tmp_path, ())
    before = [path.name for path in sorted(tmp_path.iterdir()) if is_test(path.name)]
    write_images(tmp_path, (), count=60)
    after = [path.name for path in sorted(tmp_path.iterdir()) if is_test(path.name)]
    assert after[: len(before)] == before


def test_grey_pictures_stay_grey(tmp_path: Path) -> None:
    """A folder of grey files has one channel, unless three are asked for."""
    for index in range(20):
        Image.new("L", (9, 9), index).save(tmp_path / f"{index}.png")
    name = f"folder:{tmp_path}"
    assert load_images(DataConfig(name, size=8), "train").images.shape[1] == 1
    assert load_images(DataConfig(name, size=8, channels=3), "train").images.shape[1] == 3


def mix(folder: Path) -> None:
    """Images at the top and in sub-folders."""
    write_images(folder)
    write_images(folder, (), count=1)


def only_texts(folder: Path) -> None:
    """No image at all."""
    folder.mkdir(exist_ok=True)
    (folder / "notes.txt").write_text("mine")


def false_picture(folder: Path) -> None:
    """A text that calls itself an image."""
    write_images(folder)
    for split_folder in ("cats", "dogs"):
        for index in range(10):
            (folder / split_folder / f"false{index}.png").write_text("not an image")


def truncated_picture(folder: Path) -> None:
    """Images cut off in the middle, as by a broken copy."""
    for index in range(20):
        path = folder / f"{index}.jpg"
        Image.effect_noise((64, 64), 90).save(path)
        path.write_bytes(path.read_bytes()[:700])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: None, "holds no images"),
        (only_texts, "holds no images.*notes.txt"),
        (mix, "mixes images"),
        (false_picture, r"false\d\.png cannot be read as an image"),
        (truncated_picture, r"\d\.jpg is damaged"),
        (lambda folder: write_images(folder, (), count=1), "too few"),
    ],
)
def test_an_unusable_folder_is_refused_in_one_line(make: Callable[[Path], None], message: str, tmp_path: Path) -> None:
    """Each kind of trouble has its own line, which names the file where there is one."""
    make(tmp_path)
    config = DataConfig(f"folder:{tmp_path}", channels=3)
    with pytest.raises(DataError, match=message) as raised:  # the trouble may lie in either split
        _ = [load_images(config, split) for split in ("train", "test")]
    assert "\n" not in str(raised.value)


def test_a_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    """The message says that it is not a folder."""
    with pytest.raises(DataError, match="is not a folder"):
        load_images(DataConfig(f"folder:{tmp_path / 'absent'}"), "train")


def test_a_picture_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An image beyond Pillow's limit is named, not decoded."""
    write_images(tmp_path, ())
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    with pytest.raises(DataError, match="cannot be read as an image"):
        load_images(DataConfig(f"folder:{tmp_path}", channels=3), "train")


def test_the_validation_split_is_kept_out_of_the_training() -> None:
    """Together they are the training split in its order; the test split is untouched."""
    config = DataConfig("digits", validation=100)
    whole = data.load_images(DataConfig("digits"), "train")
    train, validation = data.load_images(config, "train"), data.load_images(config, "validation")
    assert len(validation) == 100
    np.testing.assert_array_equal(np.concatenate([train.images, validation.images]), whole.images)
    np.testing.assert_array_equal(np.concatenate([train.labels, validation.labels]), whole.labels)
    assert len(data.load_images(config, "test")) == len(data.load_images(DataConfig("digits"), "test"))
    with pytest.raises(data.DataError, match="validation"):
        data.load_images(DataConfig("digits", validation=len(whole)), "train")


def test_binarised_pixels_are_white_as_often_as_they_are_bright() -> None:
    """Black stays black, white stays white, a grey of 51/255 is white a fifth of the time; a seed repeats itself."""
    images = np.repeat(np.array([0, 51, 255], np.uint8), 10_000).reshape(3, 1, 100, 100)
    drawn = data.binarise(images, seed=0)
    assert set(np.unique(drawn)) == {0, 255}
    np.testing.assert_allclose(drawn.mean((1, 2, 3)) / 255, [0, 0.2, 1], atol=0.02)
    np.testing.assert_array_equal(drawn, data.binarise(images, seed=0))
    assert (drawn != data.binarise(images, seed=1)).any()
