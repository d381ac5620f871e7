"""Checkpoints: bit-equal round trips, atomic writes, and refusal of everything that is not ours."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from vae_core import checkpoint, files
from vae_core.checkpoint import CheckpointError, find_checkpoint, list_checkpoints, load_model, read_run, save_model
from vae_core.config import ModelConfig, RunConfig, TrainConfig, UserError
from vae_core.evaluation.record import Metrics
from vae_core.models import build

SMALL = ModelConfig(network="mlp", hidden=8, latent=2, image_shape=(1, 8, 8))


def save_small(folder: Path, storage: str = "float32") -> RunConfig:
    """A small model of random weights, saved."""
    run = RunConfig(model=SMALL, train=TrainConfig(storage=storage))  # type: ignore[arg-type]
    torch.manual_seed(0)
    save_model(folder, build(SMALL), run)
    return run


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 2**31), family=st.sampled_from(["cae", "vae"]))
def test_save_then_load_is_bit_equal(seed: int, family: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Every weight and the configuration come back as they went."""
    folder = tmp_path_factory.mktemp("model")
    torch.manual_seed(seed)
    config = ModelConfig(family=family, network="mlp", hidden=8, latent=2, image_shape=(1, 8, 8))  # type: ignore[arg-type]
    model, run = build(config), RunConfig(model=config)
    save_model(folder, model, run)
    loaded, loaded_run = load_model(folder)
    assert loaded_run == run
    assert all(torch.equal(value, loaded.state_dict()[name]) for name, value in model.state_dict().items())


def test_half_precision_halves_the_file_and_stays_within_its_rounding(tmp_path: Path) -> None:
    """Stored in float16, weights come back in float32, off by at most half a unit in the last place."""
    save_small(tmp_path / "full")
    save_small(tmp_path / "half", "float16")
    sizes = [(tmp_path / name / checkpoint.WEIGHTS).stat().st_size for name in ("full", "half")]
    assert sizes[1] < 0.65 * sizes[0]
    full, half = (load_model(tmp_path / name)[0].state_dict() for name in ("full", "half"))
    for name, weight in full.items():
        assert half[name].dtype == torch.float32
        torch.testing.assert_close(half[name], weight, rtol=2**-11, atol=1e-7)


def test_loading_does_not_disturb_the_random_state(tmp_path: Path) -> None:
    """Opening a model between two draws changes neither."""
    save_small(tmp_path)
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    load_model(tmp_path)
    assert torch.equal(torch.rand(3), expected)


def truncate(weights: Path) -> None:
    """Cut the file off in the middle of its tensors."""
    weights.write_bytes(weights.read_bytes()[:-100])


def truncate_header(weights: Path) -> None:
    """Cut the file off in the middle of its header."""
    weights.write_bytes(weights.read_bytes()[:40])


def empty(weights: Path) -> None:
    """Leave nothing."""
    weights.write_bytes(b"")


def foreign(weights: Path) -> None:
    """Another program's safetensors."""
    save_file({"weight": torch.zeros(2)}, weights)


def torch_pickle(weights: Path) -> None:
    """What torch.save writes: a zip archive around a pickle."""
    torch.save({"weight": torch.zeros(2)}, weights)


def bare_pickle(weights: Path) -> None:
    """A plain pickle."""
    weights.write_bytes(pickle.dumps({"weight": 1}))


def noise(weights: Path) -> None:
    """Bytes of no format."""
    weights.write_bytes(os.urandom(5000))


def newer_schema(weights: Path) -> None:
    """Ours, but from a later version."""
    run = RunConfig(model=SMALL).to_json()
    save_file({"weight": torch.zeros(2)}, weights, {"format": checkpoint.FORMAT, "schema": "99", "run": run})


def bad_configuration(weights: Path) -> None:
    """Ours, with a configuration that no one can build."""
    save_file({"weight": torch.zeros(2)}, weights, {"format": checkpoint.FORMAT, "schema": "1", "run": "{}"})


TROUBLES = [
    (truncate, "truncated"),
    (truncate_header, "truncated or is not"),
    (empty, "truncated or is not"),
    (foreign, "another program"),
    (torch_pickle, "pickle"),
    (bare_pickle, "pickle"),
    (noise, "not a safetensors file"),
    (newer_schema, "schema 99"),
    (bad_configuration, "configuration"),
]


@pytest.mark.parametrize(("spoil", "message"), TROUBLES)
def test_a_spoilt_checkpoint_is_reported_in_one_line_and_the_others_work(
    spoil: Callable[[Path], None], message: str, tmp_path: Path
) -> None:
    """The list names what is wrong with it, opening it is refused, and its neighbour opens."""
    save_small(tmp_path / "good")
    save_small(tmp_path / "spoilt")
    spoil(tmp_path / "spoilt" / checkpoint.WEIGHTS)
    (good,), (spoilt,) = list_checkpoints(tmp_path)
    assert (good.name, spoilt.name) == ("good", "spoilt")
    assert message in spoilt.problem
    assert "\n" not in spoilt.problem
    with pytest.raises(CheckpointError):
        find_checkpoint("spoilt", tmp_path)
    with pytest.raises(UserError):
        load_model(tmp_path / "spoilt")


@pytest.mark.parametrize("length", [0x0480, 0x0580, 0x10280, 0x4B50])
def test_a_header_is_not_taken_for_a_pickle_by_its_length(length: int, tmp_path: Path) -> None:
    """A safetensors file begins with its header's length, whose first bytes may be those of a pickle or an archive."""
    ours = {"format": checkpoint.FORMAT, "schema": str(checkpoint.SCHEMA), "run": RunConfig().to_json()}
    header = json.dumps({"__metadata__": ours}).encode().ljust(length)
    (tmp_path / checkpoint.WEIGHTS).write_bytes(struct.pack("<Q", length) + header)
    assert len(header) == length
    assert read_run(tmp_path / checkpoint.WEIGHTS) == RunConfig()


def test_a_pickle_is_never_run(tmp_path: Path) -> None:
    """A booby-trapped pickle in a checkpoint's place or beside it stays asleep."""
    trap = tmp_path / "sprung"

    class Trap:
        """Creates a file when it is unpickled."""

        def __reduce__(self) -> tuple:
            return (Path.touch, (trap,))

    (tmp_path / "trapped").mkdir()
    (tmp_path / "trapped" / checkpoint.WEIGHTS).write_bytes(pickle.dumps(Trap()))
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "model.pt").write_bytes(pickle.dumps(Trap()))
    (tmp_path / "lone.pkl").write_bytes(pickle.dumps(Trap()))
    problems = [broken.problem for broken in list_checkpoints(tmp_path).broken]
    assert len(problems) == 3
    assert all(problems)
    for name in ("trapped", "other"):
        with pytest.raises(UserError):
            load_model(tmp_path / name)
    assert not trap.exists()


def test_weights_that_do_not_fit_their_configuration_are_refused(tmp_path: Path) -> None:
    """Loading is strict about names and shapes."""
    save_small(tmp_path)
    other = RunConfig(model=ModelConfig(network="mlp", hidden=9, latent=2, image_shape=(1, 8, 8)))
    torch.manual_seed(0)
    save_model(tmp_path, build(SMALL), other)
    with pytest.raises(CheckpointError, match="does not fit its configuration"):
        load_model(tmp_path)


def test_weights_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    """A model that would answer with NaN is not opened."""
    model = build(SMALL)
    with torch.no_grad():
        next(model.parameters()).fill_(float("nan"))
    save_model(tmp_path, model, RunConfig(model=SMALL))
    with pytest.raises(CheckpointError, match="not finite"):
        load_model(tmp_path)


@pytest.mark.parametrize("name", ["", "a/b", "..", ".hidden", "a b", "x" * 81, "<script>", "a\nb"])
def test_a_name_that_is_no_plain_word_is_refused(name: str, tmp_path: Path) -> None:
    """Names can't leave the checkpoints folder or carry markup."""
    with pytest.raises(CheckpointError, match="cannot be a checkpoint's name"):
        find_checkpoint(name, tmp_path)


def test_an_absent_checkpoint_is_said_to_be_absent(tmp_path: Path) -> None:
    """With the command that makes one."""
    with pytest.raises(CheckpointError, match=r"no checkpoint 'mine'.*train\.py"):
        find_checkpoint("mine", tmp_path)


def test_listing_an_absent_folder_is_empty(tmp_path: Path) -> None:
    """Nothing there is no error."""
    assert list_checkpoints(tmp_path / "absent") == ([], [])


def test_the_digest_changes_with_the_weights(tmp_path: Path) -> None:
    """Caches keyed by it never serve another model's results."""
    save_small(tmp_path / "a")
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    save_small(tmp_path / "b", "float16")
    first, second = list_checkpoints(tmp_path).usable
    assert first.digest != second.digest


def test_damaged_side_files_do_not_stop_a_checkpoint(tmp_path: Path) -> None:
    """Without readable metrics and history it still lists and opens."""
    save_small(tmp_path / "good")
    (tmp_path / "good" / checkpoint.METRICS).write_text("{")
    (tmp_path / "good" / checkpoint.HISTORY).write_text('{"epoch": 1}\n{"epo')
    (damaged,), broken = list_checkpoints(tmp_path)
    assert broken == []
    assert damaged.metrics == Metrics()
    assert damaged.history == []


def test_a_write_that_fails_leaves_the_old_file_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk costs the new checkpoint only, and no stray file remains."""
    save_small(tmp_path)
    before = (tmp_path / checkpoint.WEIGHTS).read_bytes()

    def full_disk(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full_disk)
    with pytest.raises(CheckpointError, match="No space left on device"):
        save_small(tmp_path, "float16")
    assert (tmp_path / checkpoint.WEIGHTS).read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == [checkpoint.WEIGHTS]


def test_the_header_can_be_read_without_the_weights(tmp_path: Path) -> None:
    """The configuration in the header is the run's own."""
    run = save_small(tmp_path)
    assert read_run(tmp_path / checkpoint.WEIGHTS) == run
    header_length = int.from_bytes((tmp_path / checkpoint.WEIGHTS).read_bytes()[:8], "little")
    header = json.loads((tmp_path / checkpoint.WEIGHTS).read_bytes()[8 : 8 + header_length])
    assert header["__metadata__"]["format"] == checkpoint.FORMAT
