"""A trained decoder as ONNX, for programs that know nothing of this one.

`python -m vae_core.export.onnx fashion-vae-16` writes fashion-vae-16.onnx. Needs the packages in requirements-onnx.txt.
"""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from pathlib import Path

import torch
from torch import Tensor, nn

from vae_core.checkpoint import find_checkpoint, load_model
from vae_core.config import UserError
from vae_core.files import atomic_write
from vae_core.models import Autoencoder


class _DecoderModule(nn.Module):
    """A code, and the label of a conditional model, to an image in [0, 1]."""

    def __init__(self, model: Autoencoder) -> None:
        super().__init__()
        self.model = model

    def forward(self, code: Tensor, label: Tensor | None = None) -> Tensor:
        return self.model.to_images(self.model.decode(code, label))


def to_onnx(model: Autoencoder, path: Path) -> None:
    """Write a model's decoder as ONNX: inputs ``code`` (N, latent) and, for a conditional model, ``label`` (N,).

    The output ``image`` is (N, C, H, W) in [0, 1]; N is free. Needs the packages in requirements-onnx.txt.

    Raises:
        UserError: if they are not installed.
    """
    if missing := [name for name in ("onnx", "onnxscript") if importlib.util.find_spec(name) is None]:
        raise UserError(f"ONNX needs {' and '.join(missing)}; pip install -r requirements-onnx.txt")
    inputs: dict[str, Tensor] = {"code": torch.zeros(2, model.config.latent)}
    if model.config.classes:
        inputs["label"] = torch.zeros(2, dtype=torch.int64)
    batch = torch.export.Dim("batch")
    with tempfile.TemporaryDirectory() as folder:
        whole = Path(folder) / "decoder.onnx"
        torch.onnx.export(
            _DecoderModule(model).eval(),
            tuple(inputs.values()),
            whole,
            input_names=list(inputs),
            output_names=["image"],
            dynamic_shapes=tuple({0: batch} for _ in inputs),
            dynamo=True,
            external_data=False,
            verbose=False,
        )
        with atomic_write(path) as file:
            file.write(whole.read_bytes())


def main(names: list[str]) -> int:
    """Write each named checkpoint's decoder into the current folder; 1 after a mistake."""
    try:
        for name in names:
            model, _ = load_model(find_checkpoint(name).folder)
            to_onnx(model, Path(f"{name}.onnx"))
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
