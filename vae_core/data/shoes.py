"""2,122 product photographs of shoes on white, in seven folders."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from vae_core.config import DataConfig
from vae_core.data.base import DataSource, ImageSet, Split, find_first, register
from vae_core.data.folder import read_classes
from vae_core.data.image_files import list_image_files

PLACES = ("fashion_footwear", "shoes", "fashion_footwear.zip", "shoes.zip")
HINT = f"put its seven folders of images into {PLACES[0]} or {PLACES[1]} there"


def _read(config: DataConfig, split: Split, root: Path) -> ImageSet:
    files = list_image_files(find_first("shoes", root, PLACES, HINT))
    return read_classes(replace(config, channels=config.channels or 3), split, files, "shoes", skip_damaged=True)


register(
    "shoes",
    DataSource(
        "Shoes, product photographs on white",
        "listed as MIT on Kaggle; the photographs are the shop's and do not come with the program",
        _read,
        split="one image in five is a test image, by a hash of its file name",
    ),
)
