"""Recurrent layers with all their options, states and masks handed in."""

from __future__ import annotations

from typing import Any

from tests.parity.description import Json
from tests.parity.draft import Draft, Rejected, Tensor
from tests.parity.proposals.registry import TF_KERAS, proposes

SHARED = (
    "tanh", "sigmoid", "relu", "elu", "selu", "softplus", "softsign", "exponential", "gelu", "linear", "hard_sigmoid",
    "swish", "mish", "softmax", "relu6", "leaky_relu", "log_softmax",
)  # fmt: skip
KERAS3_ONLY = (
    "silu", "hard_silu", "hard_swish", "hard_tanh", "hard_shrink", "soft_shrink", "tanh_shrink", "log_sigmoid",
    "celu", "squareplus", "sparse_plus", "sparse_sigmoid", "threshold", "glu", "sparsemax",
)  # fmt: skip
GATES = ("sigmoid", "hard_sigmoid", "relu", "softsign", "softmax", "tanh")


def activation(draft: Draft) -> str:
    names = SHARED + (KERAS3_ONLY if draft.world.keras3 else ())
    return draft.choose([name for name in names if name not in ("threshold", "glu")])


def cell_config(draft: Draft, class_name: str, units: int | None = None) -> Json:
    """The options that cells have, and layers too."""
    config: Json = {"units": units or draft.choose([1, 2, 3, 4])}
    config |= draft.options(0.25, activation=[activation(draft)], use_bias=[False], dropout=[0.3])
    config |= draft.options(0.15, recurrent_dropout=[0.2])
    if class_name.startswith(("LSTM", "GRU")):
        implementations = [1, 2] if draft.world.keras3 else [0, 1, 2]
        config |= draft.options(0.25, recurrent_activation=GATES)
        config |= draft.options(0.3, implementation=implementations) if not class_name.endswith("Cell") else {}
    if class_name.startswith("LSTM"):
        config |= draft.options(0.2, unit_forget_bias=[False])
    if class_name.startswith("GRU"):
        config |= draft.options(0.4, reset_after=[False, True])
    return config


def loop_config(draft: Draft) -> Json:
    """The options of every layer that loops over time."""
    config: Json = {"return_sequences": draft.chance(0.65)}
    config |= draft.options(0.22, return_state=[True], go_backwards=[True], unroll=[True], zero_output_for_mask=[True])
    if draft.world.fixed_batch:
        config |= draft.options(0.7, stateful=[True])
    return config


def any_cell(draft: Draft) -> Json:
    class_name = draft.choose(["SimpleRNNCell", "LSTMCell", "GRUCell"])
    return {"layer": class_name, "config": cell_config(draft, class_name)}


def states_of(inner: Json, draft: Draft) -> list[Tensor]:
    """Tensors for the initial states of one cell or layer."""
    count = 2 if inner["layer"].startswith("LSTM") else 1
    return [draft.vector(inner["config"]["units"]) for _ in range(count)]


def handed_in(draft: Draft, x: Tensor, inners: list[Json]) -> Json:
    """Sometimes a mask by hand, sometimes initial states for the cells or layers given."""
    kwargs: dict[str, Any] = {}
    if draft.chain:
        return kwargs
    if draft.chance(0.15):
        kwargs["mask"] = draft.flags(x.shape[:1])
    if inners and draft.chance(0.25):
        kwargs["initial_state"] = [state for inner in inners for state in states_of(inner, draft)]
    return kwargs


@proposes("SimpleRNN", "LSTM", "GRU", weight=6)
def recurrent(draft: Draft, class_name: str) -> None:
    x = draft.sequence()
    config = cell_config(draft, class_name) | loop_config(draft)
    if draft.world.keras3 and class_name != "SimpleRNN":
        config |= draft.options(0.1, use_cudnn=["auto", False])
    draft.layer(class_name, config, x, **handed_in(draft, x, [{"layer": class_name, "config": config}]))


@proposes("RNN", weight=3)
def rnn_of_cells(draft: Draft, class_name: str) -> None:
    x = draft.sequence()
    cell, cells = cells_config(draft)
    config = {"cell": cell} | loop_config(draft)
    kwargs = handed_in(draft, x, cells if len(cells) == 1 else [])
    draft.layer("RNN", config, x, **kwargs)


@proposes("StackedRNNCells", weight=2)
def stacked_cells(draft: Draft, class_name: str) -> None:
    x = draft.sequence()
    cells = [any_cell(draft) for _ in range(draft.choose([1, 2, 3]))]
    stack = {"layer": "StackedRNNCells", "config": {"cells": cells}}
    draft.layer("RNN", {"cell": stack} | loop_config(draft), x, **handed_in(draft, x, []))


@proposes("SimpleRNNCell", "LSTMCell", "GRUCell")
def rnn_of_this_cell(draft: Draft, class_name: str) -> None:
    x = draft.sequence()
    cell = {"layer": class_name, "config": cell_config(draft, class_name)}
    draft.layer("RNN", {"cell": cell} | loop_config(draft), x, **handed_in(draft, x, [cell]))


def cells_config(draft: Draft) -> tuple[Any, list[Json]]:
    if draft.chance(0.5):
        cell = any_cell(draft)
        return cell, [cell]
    cells = [any_cell(draft) for _ in range(draft.choose([2, 3]))]
    return cells, cells


@proposes("Bidirectional", weight=6)
def bidirectional(draft: Draft, class_name: str) -> None:
    x = draft.sequence()
    inner = _direction(draft)
    config: Json = {"layer": inner} | draft.options(0.5, merge_mode=["concat", "sum", "ave", "mul", None])
    inners = [inner, inner]
    if draft.chance(0.25):
        config["backward_layer"] = _backward(draft, inner)
        inners = [inner, config["backward_layer"]]
    if inner["layer"] == "RNN":
        inners = []
    draft.layer("Bidirectional", config, x, **handed_in(draft, x, inners))


def _direction(draft: Draft) -> Json:
    class_name = draft.choose(["SimpleRNN", "LSTM", "GRU", "LSTM", "GRU", "RNN"])
    own = {"cell": cells_config(draft)[0]} if class_name == "RNN" else cell_config(draft, class_name)
    return {"layer": class_name, "config": own | loop_config(draft)}


def _backward(draft: Draft, forward: Json) -> Json:
    """A layer of its own for the way back: as wide, and reading the other way."""
    if forward["layer"] == "RNN":
        raise Rejected("the widths of two stacks would have to agree")
    ahead = forward["config"]
    same = {name: ahead[name] for name in ("return_sequences", "return_state", "stateful") if name in ahead}
    class_name = forward["layer"] if ahead.get("return_state") else draft.choose(["SimpleRNN", "LSTM", "GRU"])
    config = cell_config(draft, class_name, ahead["units"]) | same
    return {"layer": class_name, "config": config | {"go_backwards": not ahead.get("go_backwards", False)}}


@proposes("time_major", only=TF_KERAS)
def time_first(draft: Draft, class_name: str) -> None:
    """Steps before samples, which only the graph's own transposition gives a model."""
    x = draft.op("transpose", draft.sequence(masked=0.2), perm=[1, 0, 2])[0]
    name = draft.choose(["SimpleRNN", "LSTM", "GRU"])
    config = cell_config(draft, name) | {"time_major": True, "return_sequences": draft.chance(0.6)}
    config |= draft.options(0.25, go_backwards=[True], return_state=[True])
    outputs = draft.layer(name, config, x)
    if config["return_sequences"]:
        draft.op("transpose", outputs[0], perm=[1, 0, 2])


@proposes("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", weight=1.5)
def convolutional(draft: Draft, class_name: str) -> None:
    rank = int(class_name[-2])
    first = draft.chance(0.2)
    sizes = [draft.choose([3, 4, 5]) for _ in range(rank)]
    size = [draft.choose([1, 2, 3])] + ([2, *sizes] if first else [*sizes, 2])
    x = draft.values(size)
    config: Json = {"filters": draft.choose([1, 2]), "kernel_size": draft.choose([1, 2, 3])}
    config |= {"data_format": "channels_first"} if first else {}
    config |= draft.options(
        0.3, padding=["same"], strides=[2], dilation_rate=[2], activation=[activation(draft)], use_bias=[False],
        recurrent_activation=GATES, unit_forget_bias=[False], dropout=[0.2],
    )  # fmt: skip
    config |= {
        name: value for name, value in loop_config(draft).items() if name != "unroll" and name != "zero_output_for_mask"
    }
    kwargs = {"mask": draft.flags(x.shape[:1])} if not draft.chain and draft.chance(0.4) else {}
    draft.layer(class_name, config, x, **kwargs)
