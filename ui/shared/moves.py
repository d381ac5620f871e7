"""What the moves of the current point are called, by the server's widgets and by the live view alike."""

from __future__ import annotations

from ui.components.live.props import WorkbenchWords
from ui.state import point

LABELS = "Label"


def centre_button(variational: bool) -> str:
    """The button that goes to the centre of the codes."""
    return "Zero" if variational else "Mean"


def centre_source(variational: bool) -> str:
    """Where the code at the centre is from."""
    return "the prior's centre" if variational else "the mean of all codes"


def sample_source(variational: bool) -> str:
    """Where a random code is from."""
    return "a sample from the prior" if variational else "a sample from a Gaussian fitted to the codes"


def distribution(variational: bool) -> str:
    """What the typicality of a code is measured by."""
    return "samples from the prior" if variational else "samples from a Gaussian fitted to the codes"


def workbench_words(variational: bool) -> WorkbenchWords:
    """All of them, for the live view."""
    return WorkbenchWords(
        centre=centre_button(variational),
        centre_source=centre_source(variational),
        sample_source=sample_source(variational),
        traversal_source="a traversal of the latent space",
        hand_source=point.BY_HAND,
        distribution=distribution(variational),
        labels=LABELS,
    )
