"""Training: the objective, the loop, its schedule, resuming, batches, and runs in a process of their own."""

from vae_core.config import UserError


class TrainingError(UserError):
    """A run that cannot start, or went wrong."""


class ExplosionError(TrainingError):
    """The loss of an epoch grew beyond all bounds, or is no longer a finite number."""
