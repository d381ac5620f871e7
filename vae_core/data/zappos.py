"""UT Zappos50K (Yu & Grauman 2014): 50,025 shoes on white, ``CLASS/SUBTYPE/BRAND/ID.jpg`` in four classes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from vae_core.config import DataConfig
from vae_core.data.base import DataSource, ImageSet, Split, find_first, register
from vae_core.data.folder import read_classes
from vae_core.data.image_files import list_image_files

CLASSES = frozenset({"Boots", "Sandals", "Shoes", "Slippers"})
PLACES = (
    "zappos/ut-zap50k-images",
    "zappos/ut-zap50k-images-square",
    "ut-zap50k-images",
    "ut-zap50k-images-square",
    "zappos",
)
HINT = "get it from its authors (academic use) and put the folder ut-zap50k-images into zappos there"


def _read(config: DataConfig, split: Split, root: Path) -> ImageSet:
    listed = list_image_files(find_first("zappos", root, PLACES, HINT))
    files = [file for file in listed if file.name.partition("/")[0] in CLASSES]
    return read_classes(replace(config, channels=config.channels or 3), split, files, "zappos", skip_damaged=True)


register(
    "zappos",
    DataSource(
        "UT Zappos50K",
        "academic, non-commercial use; the photographs do not come with the program",
        _read,
        split="one image in five is a test image, by a hash of its file name",
    ),
)
