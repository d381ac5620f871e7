"""Image sets that are made of image files: their layouts, splits and labels, how they are decoded and kept."""

from __future__ import annotations

import csv
import logging
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vae_core.config import DataConfig, UserError
from vae_core.data import DATASETS, DataError, DataMissingError, decoding, describe, load_images
from vae_core.data.utrecht import test_people as people_held_out
from vae_core.files import cache_folder

SETS = ("utrecht-faces", "celeba", "celeba-10k", "shoes", "zappos")


def write_image(
    path: Path, colour: tuple[int, int, int] | int = (200, 30, 60), size: tuple[int, int] = (20, 16)
) -> None:
    """One image of one colour; a single number is a grey image."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L" if isinstance(colour, int) else "RGB", size, colour).save(path)


def zappos(root: Path) -> Path:
    """UT Zappos50K's own layout with 60 shoes, one of them grey, one corrupt, and two files that are no shoes."""
    folder = root / "zappos" / "ut-zap50k-images"
    brands = (("Boots", "Ankle"), ("Sandals", "Flat"), ("Shoes", "Clogs and Mules"), ("Slippers", "Boot"))
    for position, (kind, subtype) in enumerate(brands):
        for index in range(15):
            name = f"{7000000 + 100 * position + index}.{index}.jpg"
            write_image(folder / kind / subtype / "A & B Co." / name, (60 * position, 10 * index, 100), (136, 102))
    write_image(folder / "Shoes" / "Clogs and Mules" / "A & B Co." / "7000200.0.jpg", 90, (136, 102))
    (folder / "Boots" / "Ankle" / "A & B Co." / "7000003.3.jpg").write_bytes(b"\xff\xd8 cut off")
    (folder / "Boots" / "._7000004.4.jpg").write_bytes(b"left by another system")
    (folder / "readme.txt").write_text("not a shoe")
    return folder


def both(config: DataConfig, root: Path) -> list:
    """The two splits."""
    return [load_images(config, split, root=root) for split in ("train", "test")]  # type: ignore[arg-type]


def test_zappos_is_read_from_its_own_layout(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Four classes in colour, the grey image too; the corrupt file is skipped and counted in one line."""
    zappos(tmp_path)
    train, test = both(DataConfig("zappos"), tmp_path)
    assert train.class_names == ("Boots", "Sandals", "Shoes", "Slippers")
    assert len(train) + len(test) == 59
    assert train.images.shape[1:] == test.images.shape[1:] == (3, 64, 64)
    counts = Counter(np.concatenate([train.labels, test.labels]).tolist())
    assert counts == {0: 14, 1: 15, 2: 15, 3: 15}
    lines = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(lines) == 1
    assert "1 of " in lines[0]
    assert "7000003.3.jpg" in lines[0]
    for found in (train, test):  # each image has the colour of its class
        np.testing.assert_allclose(found.images[:, 2].mean((1, 2)), 100, atol=12)


def test_a_set_of_corrupt_files_only_is_refused(tmp_path: Path) -> None:
    """Skipping does not go so far as to leave an empty set."""
    folder = zappos(tmp_path)
    for path in folder.rglob("*.jpg"):
        path.write_bytes(b"cut off")
    with pytest.raises(DataError, match="none of its"):
        load_images(DataConfig("zappos"), "train", root=tmp_path)


def utrecht(root: Path, people: int = 24) -> Path:
    """Faces named as in the Utrecht set: two images of most people, three of one."""
    folder = root / "utrecht"
    for index in range(people):
        sex = "fm"[index % 2]
        for ending in ("", "s"):
            write_image(folder / f"{sex}4{index:03d}{ending}.jpg", (10 * index % 256, 128, 128), (128, 128))
    write_image(folder / "m4001a.jpg", size=(128, 128))
    return folder


def test_utrecht_tells_sex_person_and_smile_by_file_names(tmp_path: Path) -> None:
    """Labels, attributes and groups are those of the names, and nobody is in both splits."""
    utrecht(tmp_path)
    train, test = both(DataConfig("utrecht-faces"), tmp_path)
    assert len(train) + len(test) == 49
    assert train.images.shape[1:] == (3, 128, 128)
    assert not set(train.groups) & set(test.groups)
    assert len(set(train.groups) | set(test.groups)) == 24
    assert train.attribute_names == ("man", "smiling")
    everybody = np.concatenate([train.attributes, test.attributes])
    assert everybody.sum(0).tolist() == [25, 24]
    for found in (train, test):
        np.testing.assert_array_equal(found.labels, found.attributes @ [2, 1])


@pytest.mark.parametrize("name", ["m4012_01.jpg", "f4007_2.jpg", "m4043a.jpg", "m4003_1s.jpg", "F4001S.JPG"])
def test_utrecht_understands_every_form_of_its_names(name: str, tmp_path: Path) -> None:
    """Numbers and letters after the person's number are takes; a last s is a smile."""
    folder = utrecht(tmp_path)
    write_image(folder / name, size=(128, 128))
    train, test = both(DataConfig("utrecht-faces"), tmp_path)
    total = np.concatenate([train.attributes, test.attributes]).sum(0)
    lower = name.lower()
    assert total.tolist() == [25 + (lower[0] == "m"), 24 + lower.endswith("s.jpg")]


def test_utrecht_refuses_other_names(tmp_path: Path) -> None:
    """An image whose name gives no person is reported by its name."""
    write_image(utrecht(tmp_path) / "holiday.jpg")
    with pytest.raises(DataError, match=r"holiday\.jpg is not named like a Utrecht face"):
        load_images(DataConfig("utrecht-faces"), "train", root=tmp_path)


def test_people_held_out_fill_a_quarter() -> None:
    """As many images as a quarter, rounded up, where people's counts allow it; the same people every time."""
    images_of = Counter({f"m{number}": 1 + number % 3 for number in range(66)})
    chosen = people_held_out(images_of)
    assert sum(images_of[person] for person in chosen) == 33
    assert people_held_out(images_of) == chosen


NAMES = ("5_o_Clock_Shadow", "Male", "Smiling")


def write_attributes(path: Path, count: int) -> None:
    """CelebA's text file, or its table with commas, for so many images; image 7's attributes are 7 in binary."""
    rows = [[f"{i:06d}.jpg", *(1 if i >> bit & 1 else -1 for bit in range(3))] for i in range(1, count + 1)]
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".csv":
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([["image_id", *NAMES], *rows])
    else:
        lines = [" ".join(f"{value:>2}" for value in row) for row in rows]
        path.write_text("\r\n".join([str(count), " ".join(NAMES) + " ", *lines]) + "\r\n")


@pytest.mark.parametrize("layout", ["folder and txt", "zip and csv", "small zip and zip"])
def test_celeba_is_read_from_every_layout(layout: str, tmp_path: Path) -> None:
    """The original folder or archive, and the attributes as text, table or archive; split by index."""
    folder = tmp_path / "celeba"
    small = layout.startswith("small")
    source = tmp_path / "made" / "img_align_celeba"
    for index in range(1, 21):
        write_image(source / f"{index:06d}.jpg", (index, 2 * index, 3 * index), (89, 109))
    folder.mkdir()
    if layout.startswith("folder"):
        source.rename(folder / "img_align_celeba")
    else:
        with zipfile.ZipFile(folder / ("celeba_first10k_89x109.zip" if small else "img_align_celeba.zip"), "w") as file:
            for path in source.iterdir():
                file.write(path, f"celebA/{path.name}")
    write_attributes(folder / f"list_attr_celeba.{'csv' if 'csv' in layout else 'txt'}", 25)
    if small:
        with zipfile.ZipFile(folder / "list_attr_celeba.zip", "w") as file:
            file.write(folder / "list_attr_celeba.txt", "list_attr_celeba.txt")
        (folder / "list_attr_celeba.txt").unlink()
    train, test = both(DataConfig("celeba"), tmp_path)
    assert (len(train), len(test)) == (16, 4)
    assert train.images.shape[1:] == (3, 64, 64)
    assert train.attribute_names == ("5 o Clock Shadow", "Male", "Smiling")
    indices = np.arange(1, 21)
    expected = indices[:, None] >> np.arange(3) & 1 == 1
    np.testing.assert_array_equal(np.concatenate([train.attributes, test.attributes]), expected)
    np.testing.assert_allclose(test.images[:, 1].mean((1, 2)), 2 * indices[16:], atol=3)


def test_celeba_keeps_its_official_partition(tmp_path: Path) -> None:
    """With the whole set there, 162,770 is the last training image and 182,638 the first test image."""
    from vae_core.data.celeba import _indices

    whole = np.arange(1, 202_600)
    assert _indices("train", whole)[[0, -1]].tolist() == [1, 162_770]
    assert _indices("test", whole)[[0, -1]].tolist() == [182_638, 202_599]


def test_celeba_refuses_attributes_of_other_images(tmp_path: Path) -> None:
    """A list that is too short, or out of order, is named instead of giving wrong attributes."""
    for index in range(1, 21):
        write_image(tmp_path / "celeba" / "img_align_celeba" / f"{index:06d}.jpg")
    attributes = tmp_path / "celeba" / "list_attr_celeba.txt"
    write_attributes(attributes, 10)
    with pytest.raises(DataError, match=r"list_attr_celeba\.txt .*does not cover"):
        load_images(DataConfig("celeba"), "test", root=tmp_path)
    write_attributes(attributes, 25)
    lines = attributes.read_text().splitlines()
    attributes.write_text("\n".join([*lines[:2], *lines[:1:-1]]))
    with pytest.raises(DataError, match="in their order"):
        load_images(DataConfig("celeba"), "train", root=tmp_path)


def test_shoes_are_seven_folders(tmp_path: Path) -> None:
    """Folders are classes, with blanks for underscores."""
    for name in ("Casual_Shoes", "Heels"):
        for index in range(20):
            write_image(tmp_path / "fashion_footwear" / name / f"{index}.jpg")
    (tmp_path / "fashion_footwear" / "labels.csv").write_text("file,class\n")
    train, test = both(DataConfig("shoes", size=32), tmp_path)
    assert train.class_names == test.class_names == ("Casual Shoes", "Heels")
    assert len(train) + len(test) == 40


@pytest.mark.parametrize("name", SETS)
def test_an_absent_set_says_in_one_line_where_to_put_it(name: str, tmp_path: Path) -> None:
    """The line names the set and the data root."""
    with pytest.raises(DataMissingError, match=rf"{name}.* is not in {tmp_path}; .*put ") as raised:
        load_images(DataConfig(name), "test", root=tmp_path)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("name", [*DATASETS, "folder:/home/me/my images"])
def test_every_set_says_what_it_is(name: str) -> None:
    """Title, licence and how it is split, for the model's card."""
    source = describe(name)
    assert source.title
    assert source.licence
    assert source.split


# --- how images become arrays, and are kept -------------------------------------------------------------------


def folder_of(tmp_path: Path, count: int = 30) -> tuple[Path, DataConfig]:
    """A folder of images twice as wide as high, a red square between blue ends."""
    folder = tmp_path / "mine"
    folder.mkdir()
    for index in range(count):
        image = Image.new("RGB", (40, 20), (0, 0, 255))
        image.paste((255, 0, 0), (10, 0, 30, 20))
        image.save(folder / f"{index}.png")
    return folder, DataConfig(f"folder:{folder}", size=16)


def test_cropping_takes_the_centre_and_padding_keeps_all(tmp_path: Path) -> None:
    """Cropped, the blue ends are gone; padded, they are there, and what is added has their colour."""
    _, config = folder_of(tmp_path)
    cropped = load_images(config, "test").images[0]
    padded = load_images(DataConfig(config.name, size=16, fit="pad"), "test").images[0]
    assert cropped[0].min() > 230
    assert cropped[2].max() < 25
    assert padded[:, 0, 8].tolist() == padded[:, 8, 0].tolist() == [0, 0, 255]
    assert padded[:, 8, 8].tolist() == [255, 0, 0]


def test_decoded_pictures_are_kept_for_the_next_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second time no image is opened, and the images are the same; they may even be changed in memory."""
    _, config = folder_of(tmp_path)
    first = load_images(config, "train").images
    monkeypatch.setattr(decoding, "_decode_one", None)
    second = load_images(config, "train").images
    np.testing.assert_array_equal(first, second)
    second[0] = 7
    np.testing.assert_array_equal(first, load_images(config, "train").images)


def test_a_changed_picture_is_decoded_again(tmp_path: Path) -> None:
    """What is kept is kept under names, sizes and times; another form is another matter as well."""
    folder, config = folder_of(tmp_path)
    load_images(config, "train")
    for path in folder.iterdir():
        write_image(path, (1, 2, 3), (21, 20))
    assert load_images(config, "train").images.max() == 3
    assert load_images(DataConfig(config.name, size=8), "train").images.shape[2:] == (8, 8)


def test_a_damaged_cache_is_replaced(tmp_path: Path) -> None:
    """A file that was cut off is no image's end."""
    _, config = folder_of(tmp_path)
    first = np.array(load_images(config, "train").images)
    kept = max(cache_folder("images").glob("*.npy"), key=lambda path: path.stat().st_mtime_ns)
    kept.write_bytes(kept.read_bytes()[:200])
    np.testing.assert_array_equal(load_images(config, "train").images, first)


def test_without_room_for_a_cache_pictures_are_still_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A cache folder that cannot be written costs a line and time, no more."""
    _, config = folder_of(tmp_path)
    (tmp_path / "blocked").write_text("a file where the folder should be")
    monkeypatch.setenv("LATENT_CACHE", str(tmp_path / "blocked"))
    assert len(load_images(DataConfig(config.name, 16, channels=3), "train")) > 10
    assert "cannot be kept" in caplog.text


def test_the_cache_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The files used longest ago go; the newest stays, however large."""
    monkeypatch.setenv("LATENT_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(decoding, "LARGEST_CACHE", 1)
    _, config = folder_of(tmp_path)
    for size in (8, 16, 24):
        load_images(DataConfig(config.name, size, channels=3), "train")
    assert len(list((tmp_path / "cache" / "images").glob("*.npy"))) == 1


def test_any_part_of_a_split_is_a_fair_sample(tmp_path: Path) -> None:
    """Images stand in no order of their classes, so that a validation split has all of them."""
    for kind in ("cats", "dogs"):
        for index in range(60):
            write_image(tmp_path / kind / f"{index}.png")
    config = DataConfig(f"folder:{tmp_path}", validation=30)
    assert set(load_images(config, "validation").labels.tolist()) == {0, 1}  # type: ignore[union-attr]
    assert set(load_images(config, "train").labels.tolist()) == {0, 1}  # type: ignore[union-attr]


def test_an_unknown_way_to_fit_is_refused() -> None:
    """The line names the choices."""
    with pytest.raises(UserError, match="crop, pad"):
        DataConfig("digits", fit="stretch")  # type: ignore[arg-type]
