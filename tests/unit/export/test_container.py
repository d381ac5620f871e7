"""The block of a JSON header and arrays."""

from __future__ import annotations

import numpy as np
import pytest

from vae_core.export.container import ALIGNMENT, lay_out, read_arrays, read_block, write_block


def test_a_header_and_a_body_come_back() -> None:
    """Whatever the header's length is, in bytes of UTF-8; the body begins at a multiple of four bytes."""
    for text in ("", "a", "ab", "abc", "abcd", "Ÿ – ☂"):
        content = write_block({"text": text, "list": [1, 2.5, None]}, b"body")
        assert read_block(content) == ({"text": text, "list": [1, 2.5, None]}, b"body")
        assert content.index(b"body") % ALIGNMENT == 0


def test_arrays_come_back_and_are_aligned() -> None:
    """Of every kind, of odd lengths, and without an entry."""
    arrays = {
        "bytes": np.arange(3, dtype=np.uint8),
        "none": np.zeros(0, np.uint16),
        "steps": np.arange(5, dtype=np.uint16) * 9000,
        "counts": np.array([1, 2**32 - 1], np.uint32),
        "values": np.linspace(-1, 1, 6, dtype=np.float32).reshape(2, 3).T,
    }
    listing, body = lay_out(arrays)
    assert all(entry["at"] % ALIGNMENT == 0 for entry in listing)
    for name, array in read_arrays(listing, body).items():
        assert array.dtype == arrays[name].dtype
        np.testing.assert_array_equal(array, arrays[name].ravel())


def test_other_content_is_refused() -> None:
    """Nothing at all, half a header, and a header that is no object."""
    for content in (b"", b"\x08\x00\x00\x00{", b"\x02\x00\x00\x00[]"):
        with pytest.raises(ValueError):  # noqa: PT011 (json's own error is one)
            read_block(content)


def test_an_array_of_another_type_is_refused() -> None:
    """The browser has no view for it."""
    with pytest.raises(KeyError):
        lay_out({"exact": np.zeros(2)})
