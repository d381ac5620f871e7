"""A trained decoder as bytes for the browser's engine (``ui/components/live/engine.js``), which runs it without torch.

They are one block (see ``container``): a header, and all weights one after the other at half or single precision. The
header lists the layers in their order; arrays are given by where they begin among the weights. Everything is laid out
as the engine needs it: channels last and padded with zeros to a multiple of four, batch normalisation folded into the
layer before.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from vae_core.config import UserError
from vae_core.export.container import write_block
from vae_core.models import Autoencoder
from vae_core.models.networks import ResidualBlock

FORMAT = 1
VECTOR = 4  # numbers that the engine handles at once
NUMBER_TYPES = {"half": "<f2", "single": "<f4"}
WEIGHTED = ("linear", "convolution", "transposed")
PASSED_OVER = (nn.Identity, nn.Dropout, nn.Dropout2d)  # they do nothing once a model is trained
ACTIVATIONS: dict[type[nn.Module], tuple[str, str | None]] = {
    nn.ReLU: ("relu", None),
    nn.LeakyReLU: ("leaky", "negative_slope"),
    nn.ELU: ("elu", "alpha"),
    nn.SiLU: ("silu", None),
    nn.GELU: ("gelu", None),
    nn.Tanh: ("tanh", None),
    nn.Sigmoid: ("sigmoid", None),
}
"""Each activation's name in the header, and the attribute that holds its slope."""

Precision = Literal["half", "single"]
Shape = tuple[int, ...]  # (features,), or (channels, height, width)


class Unsupported(UserError):  # noqa: N818 (it reads better in "raises Unsupported")
    """A decoder with a layer that the engine does not know; the text names the layer."""


@dataclass(frozen=True)
class PackedDecoder:
    """A decoder as bytes for the browser."""

    key: str
    """16 hexadecimal digits that stand for the bytes."""
    content: bytes
    header: dict[str, Any]


@dataclass
class _Layer:
    """One step of the engine, with its arrays still in torch's layout."""

    op: str
    before: Shape
    after: Shape
    weight: np.ndarray | None = None
    scale: np.ndarray | None = None
    bias: np.ndarray | None = None
    activation: str = "none"
    slope: float = 0.0
    options: dict[str, Any] = field(default_factory=dict)


def pack(
    model: Autoencoder, precision: Precision = "half", extras: Mapping[str, np.ndarray] | None = None
) -> PackedDecoder:
    """A model's decoder as bytes for the engine in ``ui/components/live/engine.js``.

    Args:
        model: any family that says what its ``decoder_layers`` are.
        precision: of the weights. Weights that half precision cannot hold are kept at single precision.
        extras: other arrays to send along, float32 whatever the precision.

    Raises:
        Unsupported: if a layer has no counterpart in the engine.
    """
    layers = _Reader(_input_shape(model)).read(_layers_of(model))
    if layers[-1].after != model.config.image_shape:
        raise Unsupported(f"the decoder ends in the shape {layers[-1].after}, not in an image's")
    weights = _Weights()
    header = {
        "format": FORMAT,
        "latent": model.config.latent,
        "classes": model.config.classes,
        "input": list(_as_map(_input_shape(model))),
        "image": list(model.config.image_shape),
        "output": model.output,
        "layers": _lay_out(layers, weights),
    }
    content = weights.to_bytes(precision)
    if content is None:
        precision, content = "single", weights.to_bytes("single") or b""
    others = _Weights()
    header |= {
        "precision": precision,
        "weights": weights.count,
        "extras": {
            name: {"at": others.put(np.asarray(array)), "shape": list(array.shape)}
            for name, array in (extras or {}).items()
        },
    }
    content += others.to_bytes("single") or b""
    key = hashlib.sha256(json.dumps(header, sort_keys=True).encode() + content).hexdigest()[:16]
    return PackedDecoder(key, write_block(header | {"key": key}, content), header)


def _layers_of(model: Autoencoder) -> nn.Sequential:
    try:
        return model.decoder_layers()
    except NotImplementedError as error:
        raise Unsupported(f"the family {model.config.family} does not say what layers its decoder has") from error


def _input_shape(model: Autoencoder) -> Shape:
    """The decoder's input: the code, and the label as one-hot numbers or planes after it."""
    channels, *sides = model.code_shape
    return (channels + model.config.classes, *sides)


def _as_map(shape: Shape) -> tuple[int, int, int]:
    """A vector is a map of one pixel."""
    return (shape[0], 1, 1) if len(shape) == 1 else (shape[0], shape[1], shape[2])


# --- reading: torch's modules become layers ------------------------------------------------------------------------


class _Reader:
    """Walks through a decoder's modules, with the shape of what flows between them."""

    def __init__(self, shape: Shape) -> None:
        self.layers: list[_Layer] = []
        self.shape = shape
        self.depth = 0  # of residual additions within each other
        self.flat = False  # whether the map has just been flattened

    def read(self, decoder: nn.Sequential) -> list[_Layer]:
        """All layers of a decoder."""
        self._walk(decoder, "decoder")
        if not self.layers:
            raise Unsupported("the decoder has no layers")
        return self.layers

    def _walk(self, modules: nn.Module, name: str) -> None:
        for child_name, module in modules.named_children():
            self._add(module, f"{name}.{child_name}")

    def _add(self, module: nn.Module, name: str) -> None:
        if isinstance(module, PASSED_OVER):
            return
        for kind, take in self.KINDS.items():
            if type(module) is kind:
                take(self, module, name)
                return
        raise Unsupported(f"the layer {name} ({type(module).__name__}) cannot run in the browser")

    def _step(self, op: str, after: Shape, **parts: Any) -> None:
        self.layers.append(_Layer(op, self.shape, after, **parts))
        self.shape = after

    def _linear(self, module: nn.Linear, name: str) -> None:
        _require(int(np.prod(self.shape)) == module.in_features, name, f"takes {module.in_features} numbers")
        _require(len(self.shape) == 1 or self.flat, name, "follows a map that was not flattened")
        self.flat = False
        self._step("linear", (module.out_features,), weight=_numbers(module.weight), bias=_bias(module))

    def _convolution(self, module: nn.Conv2d | nn.ConvTranspose2d, name: str) -> None:
        _require(len(self.shape) == 3, name, "needs a map; use Unflatten before it")
        _require(module.in_channels == self.shape[0], name, f"takes {module.in_channels} channels")
        _require(module.groups == 1 and set(module.dilation) == {1}, name, "has groups or a dilation")
        _require(module.padding_mode == "zeros" and not isinstance(module.padding, str), name, "pads in its own way")
        strides, paddings = {int(step) for step in module.stride}, {int(side) for side in module.padding}
        _require(len(strides) == 1 and len(paddings) == 1, name, "has two strides or paddings")
        options = {"kernel": list(module.kernel_size), "stride": strides.pop(), "padding": paddings.pop()}
        with torch.inference_mode():
            probe = torch.zeros(1, *self.shape, dtype=module.weight.dtype, device=module.weight.device)
            after = tuple(module(probe).shape[1:])
        op = "transposed" if isinstance(module, nn.ConvTranspose2d) else "convolution"
        self._step(op, after, weight=_numbers(module.weight), bias=_bias(module), options=options)

    def _unflatten(self, module: nn.Unflatten, name: str) -> None:
        last = self._last_with_arrays()
        _require(last is not None and last.op == "linear" and len(last.after) == 1, name, "does not follow a Linear")
        assert last is not None
        after = tuple(int(size) for size in module.unflattened_size)
        _require(len(after) == 3 and int(np.prod(after)) == last.after[0], name, "makes no map of it")
        last.after = self.shape = after

    def _flatten(self, module: nn.Flatten, name: str) -> None:
        _require(module.start_dim == 1 and module.end_dim == -1, name, "keeps some dimensions")
        self.flat = True

    def _shuffle(self, module: nn.PixelShuffle, name: str) -> None:
        follows = bool(self.layers) and self.layers[-1].op in ("convolution", "transposed")
        _require(follows, name, "does not follow a convolution")
        channels, height, width = self.shape
        factor = module.upscale_factor
        _require(channels % factor**2 == 0, name, f"cannot divide {channels} channels")
        after = (channels // factor**2, height * factor, width * factor)
        self._step("shuffle", after, options={"factor": factor})

    def _upsample(self, module: nn.Upsample, name: str) -> None:
        _require(module.mode == "nearest" and len(self.shape) == 3, name, "is not nearest-neighbour upsampling")
        channels, height, width = self.shape
        scale = module.scale_factor
        given = scale if isinstance(scale, tuple) else (scale, scale)
        factor = given[0]
        whole = factor is not None and given == (factor, factor) and float(factor).is_integer()
        _require(whole, name, "has no whole factor")
        assert factor is not None
        factor = int(factor)
        self._step("enlarge", (channels, height * factor, width * factor), options={"factor": factor})

    def _normalisation(self, module: nn.BatchNorm1d | nn.BatchNorm2d, name: str) -> None:
        """In the weights of the layer just before if that is linear and has no activation; else a step of its own."""
        _require(module.running_mean is not None and module.running_var is not None, name, "has no running statistics")
        assert module.running_mean is not None
        assert module.running_var is not None
        _require(module.num_features == self.shape[0], name, f"takes {module.num_features} channels")
        scale = 1 / np.sqrt(_numbers(module.running_var) + module.eps)
        bias = -_numbers(module.running_mean) * scale
        if module.affine:
            scale, bias = scale * _numbers(module.weight), bias * _numbers(module.weight) + _numbers(module.bias)
        last = self.layers[-1] if self.layers else None
        if last is None or last.op not in WEIGHTED or last.activation != "none":
            self._step("finish", self.shape, scale=scale, bias=bias)
            return
        assert last.weight is not None
        assert last.bias is not None
        repeats = len(last.bias) // len(scale)  # a linear layer has a bias for each pixel of its map
        scale, bias = scale.repeat(repeats), bias.repeat(repeats)
        shape = [1] * last.weight.ndim
        shape[1 if last.op == "transposed" else 0] = -1
        last.weight = last.weight * scale.reshape(shape)
        last.bias = last.bias * scale + bias

    def _activation(self, module: nn.Module, name: str) -> None:
        word, slope_name = ACTIVATIONS[type(module)]
        _require(getattr(module, "approximate", "none") == "none", name, "is approximated by tanh")
        slope = float(getattr(module, slope_name)) if slope_name else 0.0
        last = self._last_with_arrays()
        if last is None or last.activation != "none":
            self._step("finish", self.shape, activation=word, slope=slope)
        else:
            last.activation, last.slope = word, slope

    def _last_with_arrays(self) -> _Layer | None:
        """The layer whose results are only moved about since; what is done to each number can be done there."""
        for layer in reversed(self.layers):
            if layer.op in (*WEIGHTED, "finish"):
                return layer
            if layer.op not in ("shuffle", "enlarge"):
                return None
        return None

    def _residual(self, module: ResidualBlock, name: str) -> None:
        before = self.shape
        self._step("remember", self.shape, options={"slot": self.depth})
        self.depth += 1
        self._walk(module.layers, f"{name}.layers")
        self.depth -= 1
        _require(self.shape == before, name, "adds maps of two shapes")
        self._step("add", self.shape, options={"slot": self.depth})

    KINDS: dict[type[nn.Module], Callable[..., None]] = {  # noqa: RUF012 (filled once, here)
        nn.Sequential: _walk,
        nn.Linear: _linear,
        nn.Conv2d: _convolution,
        nn.ConvTranspose2d: _convolution,
        nn.Unflatten: _unflatten,
        nn.Flatten: _flatten,
        nn.PixelShuffle: _shuffle,
        nn.Upsample: _upsample,
        nn.BatchNorm1d: _normalisation,
        nn.BatchNorm2d: _normalisation,
        ResidualBlock: _residual,
        **dict.fromkeys(ACTIVATIONS, _activation),
    }


def _require(holds: bool, name: str, what: str) -> None:
    if not holds:
        raise Unsupported(f"the layer {name} {what}, which cannot run in the browser")


def _numbers(tensor: Tensor) -> np.ndarray:
    return tensor.detach().double().cpu().numpy()


def _bias(module: nn.Linear | nn.Conv2d | nn.ConvTranspose2d) -> np.ndarray:
    if module.bias is not None:
        return _numbers(module.bias)
    return np.zeros(module.out_features if isinstance(module, nn.Linear) else module.out_channels)


# --- laying out: channels last, padded -----------------------------------------------------------------------------


class _Weights:
    """All arrays one after the other, each beginning at a multiple of four numbers."""

    def __init__(self) -> None:
        self.parts: list[np.ndarray] = []
        self.count = 0

    def put(self, array: np.ndarray) -> int:
        """Append an array; where it begins."""
        flat = np.asarray(array, np.float32).ravel()
        start = self.count
        self.parts.append(np.pad(flat, (0, -flat.size % VECTOR)))
        self.count += self.parts[-1].size
        return start

    def to_bytes(self, precision: Precision) -> bytes | None:
        """The arrays as bytes; None if the precision cannot hold them."""
        numbers = np.concatenate(self.parts) if self.parts else np.zeros(0, np.float32)
        with np.errstate(over="ignore"):
            kept = numbers.astype(NUMBER_TYPES[precision])
        return kept.tobytes() if np.isfinite(kept).all() else None


def _lay_out(layers: list[_Layer], weights: _Weights) -> list[dict[str, Any]]:
    """The header's list of layers; their arrays go into ``weights``."""
    described = []
    width = _padded(layers[0].before[0])  # numbers that a pixel takes, padding among them
    for layer, following in zip(layers, [*layers[1:], None], strict=True):
        entry = {"op": layer.op, **layer.options}
        channels, height, breadth = _as_map(layer.after)
        wanted = channels if following is None else _padded(channels)  # the picture itself needs no padding
        if layer.op == "linear":
            entry |= _put_linear(layer, width, wanted, weights)
            width = wanted if len(layer.after) == 3 else entry["outputs"]
        elif layer.op in ("convolution", "transposed"):
            entry |= _put_convolution(layer, _channel_order(layers, layer, following), weights)
            width = entry["outputs"]
        elif layer.op == "finish":
            entry |= _put_scale(layer, width, weights)
        elif layer.op == "shuffle":
            width = wanted
        if layer.op in (*WEIGHTED, "finish"):
            entry |= {"activation": layer.activation, "slope": layer.slope}
        described.append(entry | {"after": [height, breadth, width]})
    return described


def _padded(count: int) -> int:
    return -(-count // VECTOR) * VECTOR


def _put_linear(layer: _Layer, width_before: int, width: int, weights: _Weights) -> dict[str, Any]:
    """A fully connected layer: a matrix from all numbers before to all numbers after, in the engine's order."""
    assert layer.weight is not None
    assert layer.bias is not None
    inputs, outputs = _order(layer.before, width_before), _order(layer.after, width)
    matrix = _spread(_spread(layer.weight.T, 0, inputs), 1, outputs)
    places = {"weight": weights.put(matrix), "bias": weights.put(_spread(layer.bias, 0, outputs))}
    return {"inputs": len(inputs), "outputs": len(outputs), **places}


def _put_convolution(layer: _Layer, outputs: np.ndarray, weights: _Weights) -> dict[str, Any]:
    """A convolution as (kernel height, kernel width, in, out), a transposed one as (in, kernel height, width, out)."""
    assert layer.weight is not None
    assert layer.bias is not None
    channels = layer.before[0]
    inputs = _order((channels,), channels)
    if layer.op == "convolution":
        matrix = _spread(_spread(layer.weight.transpose(2, 3, 1, 0), 2, inputs), 3, outputs)
    else:
        matrix = _spread(_spread(layer.weight.transpose(0, 2, 3, 1), 0, inputs), 3, outputs)
    places = {"weight": weights.put(matrix), "bias": weights.put(_spread(layer.bias, 0, outputs))}
    return {"inputs": len(inputs), "outputs": len(outputs), **places}


def _put_scale(layer: _Layer, width: int, weights: _Weights) -> dict[str, Any]:
    """Scale and bias of each channel, where there are any."""
    arrays = {"scale": layer.scale, "bias": layer.bias}
    return {
        name: weights.put(np.pad(array, (0, width - len(array)))) for name, array in arrays.items() if array is not None
    }


def _order(shape: Shape, width: int) -> np.ndarray:
    """For each number in the engine's order, its place in torch's; -1 for padding.

    A map's pixels take ``width`` numbers each, channels last. All is padded to whole vectors at the end.
    """
    channels, height, breadth = _as_map(shape)
    order = np.full((height, breadth, max(width, channels)), -1)
    order[..., :channels] = np.arange(channels * height * breadth).reshape(channels, height, breadth).transpose(1, 2, 0)
    return _whole_vectors(order)


def _channel_order(layers: list[_Layer], layer: _Layer, following: _Layer | None) -> np.ndarray:
    """The order of a convolution's channels: torch's, or what a pixel shuffle after it reads.

    In torch the channel c of the new pixel (row, column) is the channel (c * factor + row) * factor + column; the
    engine has all channels of a new pixel side by side.
    """
    if following is None or following.op != "shuffle":
        return _order((layer.after[0],), layer.after[0])
    channels, factor = following.after[0], following.options["factor"]
    order = np.full((factor, factor, channels if following is layers[-1] else _padded(channels)), -1)
    order[..., :channels] = np.arange(channels * factor**2).reshape(channels, factor, factor).transpose(1, 2, 0)
    return _whole_vectors(order)


def _whole_vectors(order: np.ndarray) -> np.ndarray:
    return np.pad(order.ravel(), (0, -order.size % VECTOR), constant_values=-1)


def _spread(array: np.ndarray, axis: int, order: np.ndarray) -> np.ndarray:
    """The array with one axis in another order, and zeros where the order has -1."""
    taken = np.take(array, np.maximum(order, 0), axis)
    shape = [1] * array.ndim
    shape[axis] = -1
    return taken * (order >= 0).reshape(shape)
