"""The Utrecht ECVP faces: 122 frontal faces of 66 people, 128x128 in colour, most of them both neutral and smiling.

A file's name says it all: ``m4001s.jpg`` is a man, person 4001, smiling.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from pathlib import Path

import numpy as np

from vae_core.config import DataConfig
from vae_core.data.base import DataError, DataSource, ImageSet, Split, find_first, register
from vae_core.data.decoding import Form, decode
from vae_core.data.image_files import ImageFile, list_image_files, name_hash

PLACES = ("utrecht", "utrecht-faces", "utrecht.zip", "utrecht-faces.zip")
HINT = f"put its images into {PLACES[0]} or {PLACES[1]} there"
NAME = re.compile(r"(?P<person>(?P<sex>[fm])\d+)[^/]*?(?P<smile>s?)\.jpe?g", re.IGNORECASE)
SIZE = 128
TEST_SHARE = 1 / 4
CLASSES = ("woman", "woman smiling", "man", "man smiling")
ATTRIBUTES = ("man", "smiling")


def _parts(file: ImageFile) -> re.Match[str]:
    """The parts of an image's file name."""
    match = NAME.fullmatch(file.name.rpartition("/")[2])
    if match is None:
        raise DataError(f"{file.container / file.name} is not named like a Utrecht face (f4001.jpg, m4001s.jpg)")
    return match


def test_people(images_of: Counter[str]) -> set[str]:
    """Whose images are test images: people in the order of their names' hashes, while they fit into a quarter.

    Args:
        images_of: the number of images of each person.
    """
    wanted = math.ceil(images_of.total() * TEST_SHARE)
    chosen: set[str] = set()
    for person in sorted(images_of, key=name_hash):
        if images_of[person] <= wanted:
            chosen.add(person)
            wanted -= images_of[person]
    return chosen


def _read(config: DataConfig, split: Split, root: Path) -> ImageSet:
    files = list_image_files(find_first("utrecht-faces", root, PLACES, HINT))
    people = [_parts(file)["person"] for file in files]
    held_out = test_people(Counter(people))
    # All of a person's images stand together, so that a validation split at the end parts one person at most.
    order = sorted(range(len(files)), key=lambda index: (name_hash(people[index]), files[index].name))
    chosen = [files[index] for index in order if (people[index] in held_out) == (split == "test")]
    if not chosen:
        raise DataError(f"utrecht-faces has images of {len(set(people))} people only, too few for two splits")
    form = Form(config.size or SIZE, config.channels or 3, config.fit)
    decoded = decode(chosen, form, "utrecht-faces", skip_damaged=True)
    parts = [_parts(chosen[index]) for index in decoded.indices]
    attributes = np.array([(part["sex"].lower() == "m", bool(part["smile"])) for part in parts])
    known = sorted(set(people))
    return ImageSet(
        decoded.images,
        attributes @ np.array([2, 1]),
        CLASSES,
        attributes,
        ATTRIBUTES,
        np.array([known.index(part["person"]) for part in parts]),
    )


register(
    "utrecht-faces",
    DataSource(
        "Utrecht ECVP faces",
        "research use; the photographs do not come with the program",
        _read,
        split="by person: a quarter of the images are of people that are in no training image",
    ),
)
