"""Layers without recurrence: weighted sums, activations, rows of a table, means, sums of tensors, and mere moves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from rnnscope.compare import Location
from rnnscope.explain.hearing import Listening
from rnnscope.explain.records import Explanation, Factor, Term, apart, balanced
from rnnscope.explain.scene import Scene
from rnnscope.layers.activation_layers import ActivationLayer
from rnnscope.layers.base import Arguments, Operation
from rnnscope.layers.core import Dense
from rnnscope.layers.masking import Embedding, Masking, take_indices
from rnnscope.layers.merging import ElementWise
from rnnscope.layers.pooling import GlobalPooling1D
from rnnscope.types import Array

# What stands beside the number takes part in it.
WHOLE_ROWS = ("softmax", "log_softmax", "sparsemax")
SIGNS = {"Add": (1, 1), "Subtract": (1, -1), "Average": (1, 1)}


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """Where in a layer's input a number of its output is made: the input as the layer sees it, and places in it.

    x: the layer's input, with outer steps as samples inside TimeDistributed. place: the index into the output of what
    the layer sees. source: the place in the run of the number x[place].
    """

    x: Array
    place: tuple[int, ...]
    source: Callable[[tuple[int, ...]], Location]


def plain_row(scene: Scene, location: Location) -> Row:
    """The row of a layer that stands in the graph itself."""
    tensor = scene.call.inputs[0]
    return Row(scene.arguments.x, scene.place(location), lambda place: scene.at(tensor, place))


def folded_row(scene: Scene, location: Location) -> Row:
    """The row of the layer inside TimeDistributed, which sees every outer step as a sample."""
    tensor, x = scene.call.inputs[0], scene.arguments.x
    sample, t, *rest = scene.place(location)
    steps = x.shape[1]

    def source(place: tuple[int, ...]) -> Location:
        return scene.at(tensor, (place[0] // steps, place[0] % steps, *place[1:]))

    return Row(x.reshape(-1, *x.shape[2:]), (sample * steps + t, *rest), source)


def explain_dense(scene: Scene, location: Location, dense: Dense, row: Row) -> Explanation:
    """act(x·W + b) of one row of features."""
    if dense.activation.name == "glu":
        return scene.whole(location, called(scene, location), "glu multiplies one half of the sums by the other")
    *inner, unit = row.place
    # A stack of matrices is multiplied one by one, so that one of them has the bits of all; rows are not.
    part = slice(inner[0], inner[0] + 1) if row.x.ndim > 2 else slice(None)
    here = (0, *inner[1:]) if row.x.ndim > 2 else tuple(inner)
    listening = Listening(dense.activation.name, dense.activation.options)
    with np.errstate(all="ignore"):
        made = replace(dense, activation=listening).apply(row.x[part])
    ((sums, _),) = listening.calls
    terms = [_weighed(scene, dense, row, (*inner, k), unit, k) for k in range(row.x.shape[-1])]
    if dense.bias is not None:
        bias = float(dense.bias[unit])
        terms.append(Term("bias", None, (Factor(f"b[{unit}]", bias),), bias))
    name = dense.activation.keras_name
    found = _summed(scene, location, terms, float(sums[(*here, unit)]), name, float(made[(*here, unit)]))
    note = f"{name} weighs this sum against all {sums.shape[-1]} of its row." if name in WHOLE_ROWS else ""
    law = "x·W" if dense.bias is None else "x·W + b"
    return replace(found, law=law if name == "linear" else f"{name}({law})", note=note)


def _weighed(scene: Scene, dense: Dense, row: Row, place: tuple[int, ...], unit: int, k: int) -> Term:
    value, weight = float(row.x[place]), float(dense.kernel[k, unit])
    factor = scene.factor(f"x[{k}]", value, row.source(place))
    return Term("feature", k, (factor, Factor(f"W[{k}, {unit}]", weight)), value * weight)


def explain_activation(scene: Scene, location: Location, layer: ActivationLayer, row: Row) -> Explanation:
    """An activation of one number."""
    activation = layer.activation
    if activation.name == "glu":
        return scene.whole(location, called(scene, location), "glu multiplies one half of the input by the other")
    here = row.x[row.place[0] : row.place[0] + 1]
    with np.errstate(all="ignore"):
        made = activation(here)
    value = float(row.x[row.place])
    factor = scene.factor("x", value, row.source(row.place))
    name = activation.keras_name
    found = _summed(
        scene, location, [Term("product", None, (factor,), value)], value, name, float(made[(0, *row.place[1:])])
    )
    note = f"{name} weighs this number against all of its row." if name in WHOLE_ROWS else ""
    return replace(found, law=f"{name}(x)", origin=factor.source, note=note)


def explain_embedding(scene: Scene, location: Location, layer: Embedding, row: Row) -> Explanation:
    """One number of a row of the table."""
    *place, column = row.place
    indices = take_indices(Arguments((row.x[place[0] : place[0] + 1],)), len(layer.embeddings), scene.context.semantics)
    index = int(indices[(0, *place[1:])])
    note = f"Row {index} of the table, column {column}."
    if layer.mask_zero and index == 0:
        note += " Index 0 is masked, and its row stands here all the same: the mask goes beside it."
    return scene.copy(location, called(scene, location), row.source(tuple(place)), note.replace("-", "−"))


def explain_masking(scene: Scene, location: Location, layer: Masking) -> Explanation:
    """What went in, or 0 at a masked step."""
    place, mask = scene.place(location), scene.trace[scene.call.key].output_mask
    origin = scene.at(scene.call.inputs[0], place)
    if mask is not None and not mask[place[:-1]]:
        why = f"All features of this step are {layer.mask_value:g}" if type(layer) is Masking else "The mask says so"
        note = f"{why}: the step is masked, and becomes 0.".replace("-", "−")
        return replace(scene.copy(location, called(scene, location), origin, note), kind="constant")
    return scene.copy(location, called(scene, location), origin, "A step that is not masked goes through unchanged.")


def explain_average(scene: Scene, location: Location, layer: GlobalPooling1D) -> Explanation:
    """The mean over the valid steps, or the largest of all steps."""
    sample, channel = scene.place(location)[0], scene.place(location)[-1]
    x, mask = scene.arguments.x, scene.trace[scene.call.key].mask
    first = layer.layout.channels_first
    steps = x[sample, channel] if first else x[sample, :, channel]
    valid = np.ones(len(steps), bool) if mask is None else mask[sample]
    tensor = scene.call.inputs[0]

    def source(t: int) -> Location:
        return scene.at(tensor, (sample, channel, t) if first else (sample, t, channel))

    if not layer.average:
        t = int(np.argmax(steps))
        return scene.copy(
            location, called(scene, location), source(t), f"The largest of all steps is that of step {t}."
        )
    kept = np.nonzero(valid)[0].tolist()
    terms = [
        Term("product", t, (scene.factor(f"x[{t}, {channel}]", float(steps[t]), source(t)),), float(steps[t]))
        for t in kept
    ]
    total = np.sum(np.where(valid, steps, 0), dtype=x.dtype if x.dtype.kind == "f" else scene.context.dtype)
    count = len(kept)
    found = _summed(scene, location, terms, float(total), "", float(_divided(total, count)))
    note = "" if count else "Every step of this sample is masked: 0 ÷ 0 is NaN, in Keras too."
    return replace(found, law=f"Σx ÷ {count}", function=f"÷ {count}", note=note)


def explain_merged(scene: Scene, location: Location, layer: ElementWise) -> Explanation:
    """Tensors added, subtracted, averaged, multiplied or compared, element by element."""
    tensors, place = scene.arguments.tensors, scene.place(location)
    masked = any(mask is not None for mask in scene.arguments.masks)
    factors = [
        scene.factor(f"{tensor.call}", float(x[at]), scene.at(tensor, at))
        for tensor, x in zip(scene.call.inputs, tensors, strict=True)
        for at in [_aligned(place, x.shape)]
    ]
    if layer.name in SIGNS:
        terms = [
            Term(
                "product",
                at,
                (factor, *[Factor("−1", -1.0)] * (at > 0 and layer.name == "Subtract")),
                sign * factor.value,
            )
            for at, factor in enumerate(factors)
            for sign in [SIGNS[layer.name][min(at, 1)]]
        ]
        count = len(factors) if layer.name == "Average" else 1
        total = _folded(layer.name, [x[_aligned(place, x.shape)] for x in tensors])
        found = _summed(scene, location, terms, float(total), "", float(_divided(total, count)))
        return replace(found, function=f"÷ {count}" if count > 1 else "", law=layer.name.lower())
    if masked:
        note = f"{layer.name} of masked tensors leaves masked numbers out, and is not taken apart."
        return scene.whole(location, called(scene, location), note, factors[0].source)
    if layer.name == "Multiply":
        product = float(np.prod([factor.value for factor in factors]))
        found = _summed(
            scene, location, [Term("product", None, tuple(factors), product)], scene.number(location), "", 0.0
        )
        return replace(found, remainder=0.0, law="product")
    chosen = next(
        factor for factor in factors if factor.value == scene.number(location) or factor.value != factor.value
    )
    note = f"The {layer.name.lower()} is that of {chosen.name}."
    return scene.copy(location, called(scene, location), chosen.source, note)


def explain_move(scene: Scene, location: Location, operation: Operation) -> Explanation | None:
    """A number that the layer only moves: found by sending the numbers of the places through it, from 1 on."""
    arguments, place = scene.arguments, scene.place(location)
    sample, edges = place[0], [0]
    numbered: list[Array] = []
    for x in arguments.tensors:
        size = int(np.prod(x.shape[1:], dtype=np.int64))
        numbered.append(np.arange(edges[-1] + 1, edges[-1] + size + 1).reshape(1, *x.shape[1:]))
        edges.append(edges[-1] + size)
    sent = replace(arguments, tensors=tuple(numbered), mask=None, incoming=None, masks=(None,) * len(numbered))
    index = int(location.quantity.partition("/")[2])
    number = int(operation.call(sent, scene.context).outputs[index][(0, *place[1:])])
    if number == 0:
        return scene.constant(location, called(scene, location), "Nothing was here: the layer fills in 0.")
    which = int(np.searchsorted(edges, number, side="left")) - 1
    inner = np.unravel_index(number - 1 - edges[which], arguments.tensors[which].shape[1:])
    origin = scene.at(scene.call.inputs[which], (sample, *(int(axis) for axis in inner)))
    return scene.copy(location, called(scene, location), origin, "The layer only hands this number on.")


def called(scene: Scene, location: Location) -> str:
    """``dense[3]`` or ``dense[7, 3]``: layer, step and unit."""
    step = "" if location.step is None else f"{location.step}, "
    return f"{scene.call.key}[{step}{location.unit}]"


def _summed(
    scene: Scene, location: Location, terms: list[Term], total: float, function: str, made: float
) -> Explanation:
    value, (keras, mine) = scene.number(location), scene.beside(location)
    return Explanation(
        location,
        called(scene, location),
        value,
        "sum",
        terms=balanced(terms, total),
        total=total,
        function="" if function == "linear" else function,
        remainder=apart(value, made),
        keras=keras,
        mine=mine,
    )


def _aligned(place: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    """`place` in a tensor that is laid over the result: fewer axes stand last, axes of size 1 repeat."""
    inner = place[len(place) - len(shape) + 1 :] if len(shape) > 1 else ()
    return (place[0], *(0 if size == 1 else at for at, size in zip(inner, shape[1:], strict=True)))


def _folded(name: str, numbers: list[Array]) -> Array:
    """The numbers added or subtracted one after another, in their own type."""
    total = numbers[0]
    for number in numbers[1:]:
        total = total - number if name == "Subtract" else total + number
    return np.asarray(total)


def _divided(total: Array, count: int) -> Array:
    """The total over a count, in the total's own type as the layer divides it."""
    with np.errstate(all="ignore"):
        return np.asarray(np.asarray(total) / np.asarray(count, total.dtype if total.dtype.kind == "f" else np.float32))
