"""Packing decoders: what the header says, what is refused, and the kernel that runs them.

That the packed decoders give the right pictures is tested where they run: tests/browser/test_engine.py.
"""

from __future__ import annotations

import importlib.util
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from scripts import build_kernel
from vae_core.checkpoint import load_model
from vae_core.config import ModelConfig, UserError
from vae_core.export.browser import Unsupported, pack
from vae_core.export.container import read_block
from vae_core.export.onnx import to_onnx
from vae_core.models import Autoencoder, build


class AnyLayers(Autoencoder):
    """A decoder of a test's own, from 4 numbers to an image of 3x5."""

    def __init__(self, *layers: nn.Module) -> None:
        super().__init__(replace(ModelConfig(latent=4), image_shape=(1, 3, 5)))
        self.layers = nn.Sequential(*layers)

    def decoder_layers(self) -> nn.Sequential:
        """See Autoencoder."""
        return self.layers


TO_MAP = (nn.Linear(4, 60), nn.Unflatten(1, (4, 3, 5)))
END = nn.Conv2d(4, 1, 1)
REFUSED = {
    "decoder.2 .GroupNorm": [*TO_MAP, nn.GroupNorm(2, 4), END],
    "decoder.0.1 .Softplus": [nn.Sequential(nn.Linear(4, 15), nn.Softplus()), nn.Unflatten(1, (1, 3, 5))],
    "decoder.2 has groups": [*TO_MAP, nn.Conv2d(4, 4, 1, groups=2), END],
    "decoder.2 pads in its own way": [*TO_MAP, nn.Conv2d(4, 1, 3, padding=1, padding_mode="reflect")],
    "decoder.2 has two strides": [*TO_MAP, nn.Conv2d(4, 1, 1, stride=(1, 2))],
    "decoder.0 needs a map": [nn.Conv2d(4, 1, 1)],
    "decoder.2 follows a map": [*TO_MAP, nn.Linear(60, 15)],
    "decoder.0 takes 5 numbers": [nn.Linear(5, 15), nn.Unflatten(1, (1, 3, 5))],
    "decoder.2 does not follow a convolution": [*TO_MAP, nn.PixelShuffle(2)],
    "decoder.2 is not nearest": [*TO_MAP, nn.Upsample(scale_factor=2, mode="bilinear"), END],
    "decoder.2 is approximated": [*TO_MAP, nn.GELU("tanh"), END],
    "ends in the shape": [*TO_MAP],
    "has no layers": [],
}


@pytest.mark.parametrize("reason", REFUSED)
def test_what_the_engine_cannot_run_is_refused_by_name(reason: str) -> None:
    """The line names the layer, so that its author knows which one."""
    with pytest.raises(Unsupported, match=reason):
        pack(AnyLayers(*REFUSED[reason]))


def test_a_family_without_layers_is_refused() -> None:
    """One that does not say what its decoder is made of cannot be packed."""

    class Silent(Autoencoder):
        pass

    with pytest.raises(Unsupported, match="does not say what layers"):
        pack(Silent(ModelConfig()))


def test_half_precision_halves_the_weights() -> None:
    """Header aside, half the bytes; and each precision has a key of its own, the same at each packing."""
    model = build(ModelConfig(latent=8, width=8, hidden=32)).eval()
    half, single = pack(model, "half"), pack(model, "single")
    assert half.header["weights"] == single.header["weights"]
    assert len(single.content) - len(half.content) == pytest.approx(2 * half.header["weights"], abs=8)
    assert half.key != single.key
    assert half.key == pack(model, "half").key


def test_weights_too_large_for_half_precision_stay_single() -> None:
    """Nothing becomes infinite."""
    linear = nn.Linear(4, 15)
    linear.weight.data[0, 0] = 1e6
    assert pack(AnyLayers(linear, nn.Unflatten(1, (1, 3, 5)))).header["precision"] == "single"


def test_the_header_can_be_read_by_others() -> None:
    """Four bytes of length, JSON, and then as many numbers as it says; extras follow at single precision."""
    extra = np.arange(6, dtype=np.float32).reshape(2, 3)
    packed = pack(AnyLayers(nn.Linear(4, 15), nn.Unflatten(1, (1, 3, 5))), extras={"six": extra})
    header, body = read_block(packed.content)
    assert header == packed.header | {"key": packed.key}
    np.testing.assert_array_equal(
        np.frombuffer(body, "<f4", 6, 2 * header["weights"]).reshape(header["extras"]["six"]["shape"]), extra
    )


def test_every_family_says_its_layers(tiny_checkpoints: Path) -> None:
    """They give what ``decode`` gives."""
    for kind in ("pca", "cae", "vae", "vqvae"):
        model, _ = load_model(tiny_checkpoints / kind)
        codes = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
        torch.testing.assert_close(model.decoder_layers()(codes), model.decode(codes))


def test_the_kernel_was_built_from_its_source() -> None:
    """Its digest stands in the build."""
    (built_from,) = re.findall(r'KERNEL_SOURCE = "(\w+)"', build_kernel.TARGET.read_text(encoding="utf-8"))
    assert built_from == build_kernel.source_digest(), "run scripts/build_kernel.py"


@pytest.mark.skipif(build_kernel.compiler() is None, reason="AssemblyScript's compiler is not here")
def test_the_kernel_is_what_the_compiler_makes() -> None:
    """Byte for byte."""
    command = build_kernel.compiler()
    assert command is not None
    assert build_kernel.render(command) == build_kernel.TARGET.read_text(encoding="utf-8")


HAS_ONNX = all(importlib.util.find_spec(name) for name in ("onnx", "onnxscript", "onnxruntime"))


@pytest.mark.skipif(not HAS_ONNX, reason="onnx, onnxscript and onnxruntime are not here")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("condition", ["none", "both"])
def test_onnx_gives_the_same_pictures(condition: str, tmp_path: Path) -> None:
    """Another engine, another number of codes at once, the same images within 1e-5."""
    import onnxruntime

    classes = 3 if condition == "both" else 0
    options = {"latent": 8, "width": 8, "hidden": 32, "condition": condition, "classes": classes}
    model = build(ModelConfig(**options)).eval().requires_grad_(False)  # type: ignore[arg-type]
    to_onnx(model, tmp_path / "decoder.onnx")
    codes = torch.randn(5, 8, generator=torch.Generator().manual_seed(0))
    labels: Tensor | None = torch.tensor([0, 1, 2, 0, 1]) if classes else None
    session = onnxruntime.InferenceSession(tmp_path / "decoder.onnx")
    given = {"code": codes.numpy()} | ({"label": labels.numpy()} if labels is not None else {})
    (found,) = session.run(["image"], given)
    np.testing.assert_allclose(found, model.to_images(model.decode(codes, labels)).numpy(), atol=1e-5)


@pytest.mark.skipif(importlib.util.find_spec("onnx") is not None, reason="onnx is here")
def test_without_its_packages_onnx_says_what_to_install(tmp_path: Path) -> None:
    """One line, and no file."""
    with pytest.raises(UserError, match=r"pip install -r requirements-onnx\.txt"):
        to_onnx(build(ModelConfig()), tmp_path / "decoder.onnx")
    assert list(tmp_path.iterdir()) == []
