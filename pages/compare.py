"""Compare: the same pictures through several models, with noise too, and all models' figures on the test split."""

from __future__ import annotations

import streamlit as st

from ui.compare import comparison, denoising, rates, reconstructions, tables
from ui.frame import open_page
from ui.shared import models
from ui.state import address, point

checkpoint = open_page("pages/compare.py")
chosen = models.choose_models(checkpoint, key="compared", start="all")
comparable = models.comparable_models(checkpoint)

# Only the open tab's content runs, and PCA is only fitted for those that show it.
reconstructed, denoised, rated, measured = st.tabs(
    ["Reconstructions", "Denoising", "Rate against distortion", "Test split"], key=address.VIEW.name, bind=address.BIND
)
if reconstructed.open:
    with reconstructed:
        reconstructions.show(checkpoint, chosen, comparison.baselines(chosen, comparable))
if denoised.open:
    with denoised:
        denoising.show(checkpoint, chosen, comparison.baselines(chosen, comparable))
if rated.open:
    with rated:
        rates.show(checkpoint)
if measured.open:
    with measured:
        tables.show_split(chosen, comparison.baselines(chosen, comparable))
point.write_address()
