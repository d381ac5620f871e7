"""Model families. A module in this folder that registers a family is found by itself."""

from __future__ import annotations

import importlib
import pkgutil

from vae_core.models.base import REGISTRY, Autoencoder, Posterior, build, register

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

__all__ = ["REGISTRY", "Autoencoder", "Posterior", "build", "register"]
