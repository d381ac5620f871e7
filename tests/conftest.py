"""What all tests share: no cache or data of the person who runs them is touched."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("patient", deadline=None)  # a busy machine is no failure
settings.load_profile("patient")


@pytest.fixture(autouse=True, scope="session")
def _own_folders(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Caches go to a temporary folder; the data root is empty, as on a fresh machine."""
    patch = pytest.MonkeyPatch()
    folder: Path = tmp_path_factory.mktemp("home")
    patch.setenv("LATENT_CACHE", str(folder / "cache"))
    patch.setenv("LATENT_DATA", str(folder / "data"))
    patch.delenv("LATENT_CHECKPOINTS", raising=False)
