"""Writing files so that nothing saved is ever lost or half-written."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


def cache_folder(part: str) -> Path:
    """Where something computed is kept: ``LATENT_CACHE/part``, else the same in the user's cache folder."""
    if named := os.environ.get("LATENT_CACHE"):
        return Path(named) / part
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache) / "latent-space-explorer" / part


@contextmanager
def atomic_write(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary file beside ``path`` that takes its place only when all of it is on the disk.

    If the block raises, the temporary file is removed and whatever ``path`` held before is untouched.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)  # mkstemp makes files that only their owner can read
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically, in UTF-8."""
    with atomic_write(path) as file:
        file.write(text.encode())


def trim_folder(folder: Path, most_bytes: int, keep: Path | None = None) -> None:
    """Remove the files of a cache that were written or used longest ago, until it holds at most so many bytes.

    ``keep`` stays in any case. Other processes may write and remove files meanwhile.
    """
    total = 0
    for _, size, path in sorted(_files(folder), reverse=True):
        total += size
        if total > most_bytes and path != keep:
            with contextlib.suppress(OSError):  # some systems do not remove what is in use
                path.unlink(missing_ok=True)


def _files(folder: Path) -> Iterator[tuple[float, int, Path]]:
    """When each file in a folder was written or used, and its bytes."""
    for path in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):
            status = path.stat()
            yield status.st_mtime, status.st_size, path
