"""Training: the curves of finished runs, and a run to start, watch and stop."""

from __future__ import annotations

import streamlit as st

from ui.frame import open_page, plain
from ui.shared import models
from ui.state import address, point
from ui.training import curves, runs

CHART = {"displaylogo": False}

checkpoint = open_page("pages/training.py")
runs.panel()
chosen, scale = st.columns([5, 1], vertical_alignment="bottom")
with chosen:
    overlaid = models.choose_models(checkpoint, key="overlaid", start="one")
with scale:
    logarithmic = st.toggle("Logarithmic", key=address.LOGARITHMIC.name, bind=address.BIND)
shown = [curves.Curve(model.name, model.history, models.family_of(model)) for model in overlaid if model.history]
if shown:
    st.plotly_chart(
        curves.terms(shown, logarithmic=logarithmic),
        key="terms",
        config=CHART,
        alt=curves.terms_in_words(shown),
    )
    st.caption(
        "Nats per image: reconstruction summed over pixels, KL over dimensions and without its weight; total is the "
        "sum of all terms. Solid: the test split after each epoch. Dotted: the training images, while weights change."
    )
    if len({model.run.model.likelihood for model in overlaid}) > 1:
        st.caption("Gaussian and Bernoulli pixels have different likelihoods; their curves cannot be compared.")
else:
    st.caption("No chosen model has kept its history.")

left, right = st.columns(2, gap="large")
with left:
    carried = curves.dimensions(checkpoint.history) if models.family_of(checkpoint).variational else None
    if carried is not None:
        st.subheader("KL per dimension", anchor=False)
        st.caption(f"{plain(checkpoint.name)}, test split. Dark: nothing. The largest share one colour.")
        st.plotly_chart(carried, key="dimensions_over_time", config=CHART, alt="KL of each dimension over the epochs")
with right:
    if not models.family_of(checkpoint).closed_form:
        st.subheader("Schedule", anchor=False)
        st.caption(f"{plain(checkpoint.name)}, {curves.plan(checkpoint.run)}")
        st.plotly_chart(
            curves.schedule(checkpoint.run),
            key="schedule",
            config=CHART,
            alt="Learning rate and KL weight over the epochs",
        )
point.write_address()
