"""The parts of the Interpolate page."""
