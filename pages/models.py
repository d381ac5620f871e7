"""Models: every checkpoint in a list, and a card of the current one: what it is, what it does, and how it was made."""

from __future__ import annotations

import streamlit as st

from ui.frame import open_page, plain
from ui.models import cards, listing
from ui.state import address, loaders, point

checkpoint = open_page("pages/models.py")
usable = loaders.checkpoints()
with st.container(horizontal=True, vertical_alignment="bottom"):
    sets = [listing.EVERYTHING, *sorted({listing.data_title(model) for model in usable})]
    data = st.selectbox("Data", sets, key=address.DATA.name, width=300, filter_mode=None, bind=address.BIND)
    families = [listing.EVERYTHING, *listing.FAMILIES]
    family = st.segmented_control(
        "Family", families, default=listing.EVERYTHING, key=address.FAMILY.name, required=True, bind=address.BIND
    )
shown = listing.filtered(usable, data or listing.EVERYTHING, family or listing.EVERYTHING)
if shown:
    listing.choose_from(shown, checkpoint)
else:
    st.caption("No model matches both filters.")

st.header(plain(checkpoint.name), anchor=False, divider="gray")
st.markdown(plain(cards.title_of(checkpoint)))
with st.container(horizontal=True, vertical_alignment="center"):
    link = point.address_of(checkpoint.name, point.current())
    for page, label, icon in (
        ("pages/explore.py", "Explore", ":material/tune:"),
        ("pages/generate.py", "Generate", ":material/auto_awesome:"),
        ("pages/training.py", "Training", ":material/monitoring:"),
    ):
        st.page_link(page, label=label, icon=icon, query_params=link)
    st.download_button(
        "Weights",
        lambda: cards.weights(checkpoint),
        f"{checkpoint.name}.safetensors",
        "application/octet-stream",
        icon=":material/download:",
        on_click="ignore",
        help="A safetensors file with the whole configuration in its header",
    )
cards.figures(checkpoint)
network = loaders.attempt(lambda: cards.architecture(checkpoint))
strip, about = st.columns([3, 2], gap="large")
with strip:
    loaders.attempt(lambda: cards.images(checkpoint))
with about:
    cards.facts(checkpoint, network.parameters if network else 0)
if network:
    st.subheader("Architecture", anchor=False)
    cards.draw(checkpoint, network)
loaders.attempt(lambda: cards.prototypes(checkpoint))
st.subheader("Objective", anchor=False)
cards.objective(checkpoint)
if attributes := cards.attributes(checkpoint):
    st.subheader("Attributes", anchor=False)
    cards.show_attributes(attributes)
st.subheader("Recipe", anchor=False)
cards.recipe(checkpoint)
point.write_address()
