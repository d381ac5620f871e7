"""Configurations: the JSON round trip, and refusals."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vae_core.config import ConfigError, DataConfig, ModelConfig, RunConfig, TrainConfig
from vae_core.models.presets import PRESETS


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_survives_json(preset: str) -> None:
    """Reading what was written gives an equal configuration."""
    run = RunConfig(model=PRESETS[preset])
    assert RunConfig.from_json(run.to_json()) == run


@pytest.mark.slow
@given(
    latent=st.integers(1, 4096),
    beta=st.floats(0, 1e6),
    epochs=st.integers(1, 100_000),
    name=st.text(min_size=1, max_size=20),
)
def test_any_configuration_survives_json(latent: int, beta: float, epochs: int, name: str) -> None:
    """The round trip is exact for any values in range, floats and odd names included."""
    run = RunConfig(DataConfig(name), ModelConfig(latent=latent, beta=beta), TrainConfig(epochs=epochs))
    assert RunConfig.from_json(run.to_json()) == run


@pytest.mark.parametrize(
    ("field", "value"),
    [("latent", 0), ("beta", float("nan")), ("beta", -1.0), ("warmup", 2.0), ("family", "gan"), ("noise", -0.1)],
)
def test_a_value_out_of_range_is_refused_by_name(field: str, value: object) -> None:
    """The message names the field, so that the user knows which option to change."""
    with pytest.raises(ConfigError, match=field):
        replace(ModelConfig(), **{field: value})


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"data": {}, "model": {"surprise": 1}, "train": {}}', "null"])
def test_unreadable_json_is_refused(text: str) -> None:
    """Anything but a whole configuration is a ConfigError, never another exception."""
    with pytest.raises(ConfigError):
        RunConfig.from_json(text)


def test_pca_refuses_labels_and_noise() -> None:
    """PCA with a denoising objective is a contradiction."""
    with pytest.raises(ConfigError, match="PCA"):
        ModelConfig(family="pca", likelihood="gaussian", noise=0.1)


def test_averaged_weights_and_batch_statistics_are_refused_together() -> None:
    """The running statistics would be those of other weights than the mean's."""
    batch = ModelConfig(network="residual", normalisation="batch")
    with pytest.raises(ConfigError, match="average_from to 1"):
        RunConfig(model=batch, train=TrainConfig(average_from=0.5))
    RunConfig(model=batch)
    RunConfig(train=TrainConfig(average_from=0.5))
