"""A JSON header and arrays in one block of bytes, as decoders and maps travel to the browser.

The block is the length of the header (4 bytes, little-endian), the header in UTF-8, padded with spaces to a multiple of
four bytes, and a body. In a body of several arrays each begins at a multiple of four bytes, so that the browser can
read it in place.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

ALIGNMENT = 4  # bytes
KINDS = {"uint8": "u1", "uint16": "u2", "uint32": "u4", "float32": "f4"}


def write_block(header: Mapping[str, Any], body: bytes) -> bytes:
    """A header and a body as one block."""
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % ALIGNMENT)
    return len(text).to_bytes(4, "little") + text + body


def read_block(content: bytes) -> tuple[dict[str, Any], bytes]:
    """The header and the body that ``write_block`` was given.

    Raises:
        ValueError: if the content is not such a block.
    """
    length = int.from_bytes(content[:4], "little")
    header = json.loads(content[4 : 4 + length])
    if not isinstance(header, dict):
        raise ValueError("the header is no JSON object")
    return header, content[4 + length :]


def lay_out(arrays: Mapping[str, np.ndarray]) -> tuple[list[dict[str, Any]], bytes]:
    """Arrays one after the other: for each its name, kind, first byte and number of entries, and the body.

    Raises:
        KeyError: if an array is of a type that is not among ``KINDS``.
    """
    listing, parts, at = [], [], 0
    for name, array in arrays.items():
        content = np.ascontiguousarray(array).tobytes()
        listing.append({"name": name, "kind": KINDS[array.dtype.name], "at": at, "count": array.size})
        parts.append(content + bytes(-len(content) % ALIGNMENT))
        at += len(parts[-1])
    return listing, b"".join(parts)


def read_arrays(listing: list[dict[str, Any]], body: bytes) -> dict[str, np.ndarray]:
    """The arrays that ``lay_out`` was given, each flat."""
    return {entry["name"]: np.frombuffer(body, f"<{entry['kind']}", entry["count"], entry["at"]) for entry in listing}
