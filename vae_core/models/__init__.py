"""Model families: one file each, named like the family; ``families`` lists them.

Importing this package loads no torch, so that pages can ask a family's record; its networks come when they are named.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vae_core.models.base import Autoencoder, Posterior, Prototypes, build

__all__ = ["Autoencoder", "Posterior", "Prototypes", "build"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(importlib.import_module("vae_core.models.base"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
