"""Generate: decode samples from the prior, by class, over a plane, and of several models side by side."""

from __future__ import annotations

from functools import partial

import streamlit as st

from ui.frame import describe_model, open_page, plain
from ui.generate import sheets
from ui.shared import inputs, models
from ui.state import address, loaders, point

SAMPLES, COLUMNS = 60, 12
SAMPLES_EACH, COLUMNS_EACH = 24, 8  # of each model and kind, side by side

checkpoint = open_page("pages/generate.py")
space = loaders.attempt(lambda: loaders.open_space(checkpoint))
if space is None:
    st.stop()
images = loaders.attempt(lambda: loaders.test_images(checkpoint))
names = models.label_names(checkpoint, space)

with st.container(horizontal=True, vertical_alignment="bottom"):
    views = sheets.views(space)
    view = st.segmented_control(
        "Show", views, default=views[0], key=address.SHOWN.name, required=True, bind=address.BIND
    )
    view = view or views[0]  # an empty parameter in the address unselects
    source = sheets.PRIOR
    if view in (sheets.SAMPLES, sheets.CLASSES):
        source = (
            st.segmented_control(
                "Sample codes from",
                address.SOURCE.options,
                default=address.SOURCE.default,
                key=address.SOURCE.name,
                required=True,
                bind=address.BIND,
                help=address.SOURCE.help,
            )
            or source
        )
    temperature = st.slider(
        "Temperature",
        *address.SPREAD.range,
        address.SPREAD.step,
        key=address.SPREAD.name,
        width=130,
        bind=address.BIND,
        help=address.SPREAD.help,
    )
    if view == sheets.PLANE:
        side = st.slider("Images a side", *address.SIDE.range, key=address.SIDE.name, width=130, bind=address.BIND)
    else:
        seed = inputs.whole_number("Seed", address.SEED, width=100)
        st.button(
            "New samples",
            icon=":material/casino:",
            help="Takes the next seed",
            on_click=lambda: st.session_state.update(seed=(seed + 1) % 10_000),
        )
    label = None
    if names and view in (sheets.SAMPLES, sheets.PLANE):
        labels = [sheets.ALL_CLASSES, *names] if view == sheets.SAMPLES else list(names)
        parameter = address.SAMPLES_LABEL if view == sheets.SAMPLES else address.PLANE_LABEL
        chosen = st.selectbox("Label", labels, key=parameter.name, width=170, filter_mode=None, bind=address.BIND)
        label = names.index(chosen) if chosen in names else None

rows = []
if view == sheets.SIDE_BY_SIDE:
    beside = models.choose_models(checkpoint, key="generated", start="trained")
    st.caption(sheets.explain_side_by_side())
    for model in beside:
        st.markdown(f"**{plain(model.name)}** · {describe_model(model)}")
        make = partial(sheets.trio, model, images, SAMPLES_EACH, COLUMNS_EACH, temperature=temperature, seed=seed)
        if row := loaders.attempt(make):
            rows.append((model, row))
elif drawn := loaders.attempt(lambda: sheets.distribution(checkpoint, source)):
    if view == sheets.CLASSES:
        sheet = sheets.class_grid(space, drawn, names, temperature=temperature, seed=seed)
        explanation = sheets.explain_classes(source)
    elif view == sheets.PLANE:
        sheet = sheets.plane(space, side, temperature=temperature, label=label)
        explanation = sheets.explain_plane(space.variational)
    else:
        sheet = sheets.samples(
            space, drawn, SAMPLES, COLUMNS, temperature=temperature, seed=seed, names=names, label=label
        )
        explanation = sheets.explain_samples(space.variational, source)
    st.caption(explanation)
    words = "the plane" if view == sheets.PLANE else sheets.source_in_words(source)
    if view != sheets.PLANE or not sheets.show_plane(sheet, checkpoint):
        sheets.show(sheet, checkpoint, words, key="sheet")
    rows.append((checkpoint, [sheet]))

if rows:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.download_button(
            "PNG",
            lambda: sheets.png([row for _, row in rows]),
            f"{checkpoint.name}-{view.lower().replace(' ', '-')}.png",
            "image/png",
            icon=":material/download:",
            on_click="ignore",
        )
        sheets.link_to_explore(checkpoint, [sheet for model, row in rows if model is checkpoint for sheet in row])
point.write_address()
