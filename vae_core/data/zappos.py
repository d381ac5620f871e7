"""UT Zappos50K (Yu & Grauman 2014): 50,025 shoes on white, ``CLASS/SUBTYPE/BRAND/ID.jpg`` in four classes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from vae_core.config import DataConfig
from vae_core.data.base import DataSource, ImageSet, Split, first_of, register
from vae_core.data.folder import read_classes
from vae_core.data.pictures import list_pictures

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
    found = list_pictures(first_of("zappos", root, PLACES, HINT))
    pictures = [picture for picture in found if picture.name.partition("/")[0] in CLASSES]
    return read_classes(replace(config, channels=config.channels or 3), split, pictures, "zappos", skip_damaged=True)


register(
    "zappos",
    DataSource(
        "UT Zappos50K",
        "academic, non-commercial use; the photographs do not come with the program",
        _read,
        split="one image in five is a test image, by a hash of its file name",
    ),
)
