"""Cache folders, and the cache files that are read or else made."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

import pytest

from vae_core.data import data_root
from vae_core.files import cache_folder, read_or_make, write_text


def read(path: Path) -> int:
    """A number from a JSON file."""
    return int(json.loads(path.read_text(encoding="utf-8")))


def write(path: Path, value: int) -> None:
    """A number to a JSON file."""
    write_text(path, json.dumps(value))


def no_value() -> int:
    """Where nothing may be made."""
    raise AssertionError("the file is there")


def test_a_named_cache_folder_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """LATENT_CACHE is used as it is."""
    monkeypatch.setenv("LATENT_CACHE", str(tmp_path))
    assert cache_folder("maps") == tmp_path / "maps"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other cache folders")
def test_caches_stay_where_they_have_always_been(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """On Linux: in XDG_CACHE_HOME, else in ~/.cache, so that the maps and images of earlier versions are found."""
    monkeypatch.delenv("LATENT_CACHE", raising=False)
    monkeypatch.delenv("LATENT_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder("maps") == tmp_path / "latent-space-explorer" / "maps"
    assert data_root() == tmp_path / "latent-space-explorer" / "data"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder("maps") == tmp_path / ".cache" / "latent-space-explorer" / "maps"


def test_a_value_is_made_once_and_then_read(tmp_path: Path) -> None:
    """The first call writes the file that the second one reads."""
    path = tmp_path / "value.json"
    assert read_or_make(path, read, lambda: 3, write) == 3
    assert read_or_make(path, read, no_value, write) == 3


@pytest.mark.parametrize("content", [b"", b"{", b"\xff", b"null"])
def test_a_damaged_file_is_made_anew(content: bytes, tmp_path: Path) -> None:
    """Whatever it holds; the good value takes its place."""
    path = tmp_path / "value.json"
    path.write_bytes(content)
    assert read_or_make(path, read, lambda: 4, write) == 4
    assert read(path) == 4


def test_other_files_go_when_the_folder_is_full(tmp_path: Path) -> None:
    """All but the one just written."""
    (tmp_path / "older").write_bytes(bytes(100))
    read_or_make(tmp_path / "value.json", read, lambda: 5, write, most_bytes=50)
    assert [path.name for path in tmp_path.iterdir()] == ["value.json"]


def test_a_disk_that_cannot_be_written_costs_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The value comes nevertheless."""
    (tmp_path / "file").write_bytes(b"")
    with caplog.at_level(logging.WARNING):
        assert read_or_make(tmp_path / "file" / "value.json", read, lambda: 6, write) == 6
    assert "cannot be written" in caplog.text
