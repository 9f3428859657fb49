"""What a run recorded: every output, state, gate and mask, under the keys that stored Keras values use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from os import PathLike

from rnnscope.model import Model
from rnnscope.types import Array, Mask


def layer_key(layer: str, quantity: str) -> str:
    """The key of a layer's quantity in stored values: ``layer/rnn/state/h``."""
    return f"layer/{layer}/{quantity}"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class LayerTrace:
    """What one call of a layer computed.

    outputs: all that the layer returned, shaped as Keras returns it.
    states, gates: name → (batch, steps, units), the value right after input step t, indexed by the input's time
        whichever way the layer reads it. Names are ``h``, ``c``, ``i`` …, with ``forward/`` or ``backward/`` before
        them in a Bidirectional layer.
    mask: (batch, steps) bool, the mask that the layer used, or None.
    output_mask: the mask that it passed on with its first output, or None.
    final: state name → (batch, units) after the last processed step: where `carry` goes on.
    """

    outputs: tuple[Array, ...]
    states: Mapping[str, Array] = field(default_factory=dict)
    gates: Mapping[str, Array] = field(default_factory=dict)
    mask: Mask | None = None
    output_mask: Mask | None = None
    final: Mapping[str, Array] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<LayerTrace: {', '.join(self.quantities())}>"

    @property
    def output(self) -> Array:
        """The first of `outputs`."""
        return self.outputs[0]

    def quantities(self) -> tuple[str, ...]:
        """Names of all that can be shown or compared: ``state/h``, ``gate/i``, ``output/0``, ``mask``."""
        names = [f"state/{name}" for name in self.states] + [f"gate/{name}" for name in self.gates]
        names += [f"output/{index}" for index in range(len(self.outputs))]
        return (*names, "mask") if self.mask is not None else tuple(names)

    def quantity(self, name: str) -> Array:
        """The array behind one of `quantities()`, or ``output_mask``; KeyError when there is none of that name."""
        kind, _, rest = name.partition("/")
        if kind == "state":
            return self.states[rest]
        if kind == "gate":
            return self.gates[rest]
        if kind == "output" and rest.isdigit() and int(rest) < len(self.outputs):
            return self.outputs[int(rest)]
        if name == "mask" and self.mask is not None:
            return self.mask
        if name == "output_mask" and self.output_mask is not None:
            return self.output_mask
        raise KeyError(name)


@dataclass(frozen=True, eq=False, repr=False)
class Trace:
    """Everything that one run recorded; ``trace["rnn"]`` is a `LayerTrace`.

    model: the model that ran; None for a trace loaded from a file.
    inputs: input name → array as it went in, batch first.
    outputs: tuple of arrays, as ``predict()`` returns them.
    layers: call key (``rnn``, ``rnn@1``) → `LayerTrace`, in execution order.
    use_masks, carried: how the run was made: masks honoured or not, and the trace it went on from.
    """

    model: Model | None
    inputs: Mapping[str, Array]
    outputs: tuple[Array, ...]
    layers: Mapping[str, LayerTrace]
    use_masks: bool = True
    carried: Trace | None = field(default=None, repr=False)
    meta: Mapping[str, object] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<Trace of {self.batch_size} samples through {', '.join(self.layers)}>"

    def __getitem__(self, layer: str) -> LayerTrace:
        return self.layers[layer]

    def __iter__(self) -> Iterator[str]:
        return iter(self.layers)

    def __len__(self) -> int:
        return len(self.layers)

    @property
    def batch_size(self) -> int:
        return int(next(iter(self.inputs.values())).shape[0])

    def quantities(self) -> Iterator[str]:
        """Every key under which this trace holds an array, in execution order, the model's outputs last."""
        for name, layer in self.layers.items():
            yield from (layer_key(name, quantity) for quantity in layer.quantities())
        yield from (f"output/{index}" for index in range(len(self.outputs)))

    def get(self, key: str) -> Array:
        """The array under a key such as ``layer/rnn/state/h`` or ``output/0``; KeyError when there is none."""
        layer, quantity = split_key(key, self.layers)
        return (
            self.outputs[int(quantity.removeprefix("output/"))]
            if layer is None
            else self.layers[layer].quantity(quantity)
        )

    def save(self, path: str | PathLike[str]) -> None:
        """Write everything to an HDF5 file, in the layout of stored Keras values; `load_trace` reads it back."""
        from rnnscope.storage import save_trace

        save_trace(self, path)


def split_key(key: str, layers: Mapping[str, object]) -> tuple[str | None, str]:
    """Split a stored key into layer (None for the model's outputs) and quantity; KeyError when it names no layer."""
    if not key.startswith("layer/"):
        return None, key
    rest = key.removeprefix("layer/")
    parts = rest.split("/")
    for cut in range(len(parts) - 1, 0, -1):
        if (name := "/".join(parts[:cut])) in layers:
            return name, "/".join(parts[cut:])
    raise KeyError(key)
