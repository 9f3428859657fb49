#!/usr/bin/env python
"""Records what Keras computes for a model and an input: outputs, and every state, gate and mask at every step.

    python record_keras.py MODEL INPUT -o keras.npz [--batch-size N]

It runs where your Keras is: tf.keras or tf-keras 2.4 and later, or Keras 3 on TensorFlow or JAX. It is this one file,
and needs nothing else. MODEL is a .keras or .h5 file, or an architecture .json with --weights. INPUT is an .npy, an
.npz whose members are named as the model's inputs, or a .csv (the steps and features of one sample).
The file it writes is what rnnscope holds its own run against: rnnscope compare MODEL INPUT keras.npz

Nothing here knows a formula. Outputs come from one predict(). The states after a step are what the layer itself
returns when it is given that one step and the states before it. A gate is what the cell gets from its activation
function during that step. Then all of it must agree with what the layer returned for the whole sequence; a layer of
which it does not, or whose states cannot be got at, is named on standard error and left out, its outputs excepted.

Exit codes: 0 recorded, 2 a file or an argument is wrong, 130 interrupted.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import importlib
import inspect
import io
import json
import os
import re
import runpy
import sys
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np

GATES = {
    "LSTMCell": {"recurrent_activation": ("i", "f", "o"), "activation": ("g",)},
    "ConvLSTMCell": {"recurrent_activation": ("i", "f", "o"), "activation": ("g",)},
    "ConvLSTM2DCell": {"recurrent_activation": ("i", "f", "o"), "activation": ("g",)},
    "GRUCell": {"recurrent_activation": ("z", "r"), "activation": ("hh",)},
    "SimpleRNNCell": {},
}
CONVOLVING = ("ConvLSTMCell", "ConvLSTM2DCell")
TOLERANCE = {"float16": 2e-2, "bfloat16": 1e-1}
USUAL_TOLERANCE = 1e-5
ROUNDING = {"float16": 2.0**-10, "bfloat16": 2.0**-7, "float64": 2.0**-52}
USUAL_ROUNDING = 2.0**-23
EAGER_TOLERANCE = 1e-4
DRIFTS = 16
WORTH_COMPILING = 17  # steps
NUMBERS, TEXT = "biuf", "U"
WRONG, INTERRUPTED = 2, 130


class RecorderError(Exception):
    """What a person can put right: a file, an argument, an installation. One line."""


class Unrecordable(Exception):
    """Why the states of one layer are left out."""


# The Keras that is here.


class Kit:
    """One Keras, and the few things that Keras 3 and Keras 2 call by different names."""

    def __init__(self, keras):
        self.keras = keras
        self.layers = keras.layers
        self.version = keras.__version__
        self.is_keras3 = int(self.version.split(".")[0]) >= 3
        self.backend = keras.backend.backend() if self.is_keras3 else "tensorflow"
        if not self.is_keras3:
            self.tree = importlib.import_module("tensorflow").nest
        else:
            self.tree = getattr(keras, "tree", None) or importlib.import_module("tree")

    def graph_of(self, model):
        """What holds the nodes of a Functional or Sequential model."""
        return model._functional if self.is_keras3 and isinstance(model, self.keras.Sequential) else model

    def operation_of(self, node):
        """The layer, or the bare operation, that a node of the graph calls."""
        return node.operation if self.is_keras3 else node.layer

    def nodes_in_order(self, model):
        """The nodes of a model's own graph in execution order, each with its key: the layer's name, then ``name@1`` ...

        Uses are counted as files count them, in the order in which the calls were made.
        """
        by_depth = self.graph_of(model)._nodes_by_depth
        nodes = [node for depth in sorted(by_depth, reverse=True) for node in by_depth[depth]]
        mine = {id(node) for node in nodes}
        found = []
        for node in nodes:
            uses = [id(other) for other in self.operation_of(node)._inbound_nodes if id(other) in mine]
            found.append((numbered(self.operation_of(node).name, uses.index(id(node))), node))
        return found

    def keys_by_layer(self, model):
        """For each layer of a model, the keys of its calls in the order in which they are executed."""
        found = {}
        for key, node in self.nodes_in_order(model):
            found.setdefault(self.operation_of(node).name, []).append(key)
        return found

    def has_graph(self, model):
        """Whether the model is Functional or Sequential; models of a class of their own have no graph to look into."""
        return getattr(self.graph_of(model), "_nodes_by_depth", None) is not None

    def to_numpy(self, value):
        """A tensor as an array; 16-bit brain floats, which NumPy has not, as float32, and texts as Unicode."""
        if self.backend == "torch":
            value = self.keras.ops.convert_to_numpy(value)
        array = np.asarray(value)
        if array.dtype == object:
            return np.char.decode(array.astype(bytes), "utf-8")
        return array.astype(np.float32) if array.dtype.name == "bfloat16" else array

    def to_tensors(self, value, dtype):
        """Arrays as tensors of a type, whatever they are nested in."""
        if self.is_keras3:
            return self.tree.map_structure(lambda array: self.keras.ops.convert_to_tensor(array, dtype), value)
        tf = importlib.import_module("tensorflow")
        return self.tree.map_structure(lambda array: tf.cast(array, dtype), value)

    def mask_of(self, tensor):
        """The mask that travels with a tensor."""
        getter = getattr(getattr(self.keras, "src", None), "backend", None) if self.is_keras3 else None
        if hasattr(getter, "get_keras_mask"):
            mask = getter.get_keras_mask(tensor)
        else:
            mask = getattr(tensor, "_keras_mask", None)
        return None if mask is None else self.to_numpy(mask)

    def compiled(self, function):
        """The same function, traced once for each shape instead of run operation by operation."""
        if self.backend == "tensorflow":
            return importlib.import_module("tensorflow").function(function, autograph=False)
        return importlib.import_module("jax").jit(function) if self.backend == "jax" else function

    def is_model(self, layer):
        return isinstance(layer, self.keras.Model)


def numbered(name, use):
    return f"{name}@{use}" if use else name


def find_keras(legacy=False):
    """The Keras of this Python: Keras 3 before tf-keras, unless `legacy` asks for Keras 2."""
    legacy = legacy or os.environ.get("TF_USE_LEGACY_KERAS", "").lower() in ("1", "true")
    problems = []
    for name in ("tf_keras", "tensorflow") if legacy else ("keras", "tensorflow", "tf_keras"):
        try:
            module = importlib.import_module(name)
            keras = module.keras if name == "tensorflow" else module
            version = tuple(int(part) for part in keras.__version__.split(".")[:2])
        except (ImportError, AttributeError) as error:
            problems.append(f"{name}: {one_line(error)}")
            continue
        if version >= (2, 4) and not (legacy and version >= (3, 0)):
            return Kit(keras)
        problems.append(f"{name}: this is Keras {keras.__version__}")
    wanted = "Keras 2 (tf-keras)" if legacy else "Keras"
    advice = "run this with the Python that it is installed in; --backend jax where Keras 3 stands on JAX"
    raise RecorderError("no {} here that can be used ({}); {}".format(wanted, "; ".join(problems), advice))


# One eager run, watched: how each layer is called and what it returns.


class Called:
    """One call of a layer as it happened.

    arguments: by the names that the layer's `call` has for them.
    parts: the calls that a wrapper or a model made of the layers inside it.
    kept: the states that a stateful layer had before.
    output_mask: the mask that travelled with the first output when the next layer was called.
    steppers: the compiled steps of the layers, shared by all calls that are watched together.
    """

    def __init__(self, kit, layer, arguments, kept=None, steppers=None):
        self.kit = kit
        self.layer = layer
        self.arguments = arguments
        self.kept = kept
        self.steppers = {} if steppers is None else steppers
        self.outputs = []
        self.tensors = []
        self.parts = []
        self.output_mask = None

    @property
    def first(self):
        """The first argument, whatever Keras calls it."""
        return next(iter(self.arguments.values()))


def watch(kit, model, inputs, steppers=None):
    """Run the model once, eagerly; the call of the model, the calls of its layers being its parts."""
    root = Called(kit, model, {}, steppers=steppers)
    open_calls, over = [root], []
    watched = [layer for layer in model._flatten_layers(include_self=False) if not _passed_over(kit, layer)]
    with replaced([(layer, "call", _watching(kit, layer, open_calls, over)) for layer in watched]):
        model(inputs, training=False)
    _note_masks(over)
    return root


def _passed_over(kit, layer):
    """Inputs compute nothing, and cells run inside the layer's own loop."""
    is_cell = hasattr(layer, "state_size") and not isinstance(layer, kit.layers.RNN)
    return is_cell or isinstance(layer, kit.layers.InputLayer) or type(layer).__name__ == "SlicingOpLambda"


def _note_masks(over):
    """Masks are hung on tensors after a call, and attention takes them off again: read what hangs there now."""
    for called in over:
        called.output_mask = called.kit.mask_of(called.tensors[0]) if called.tensors else None
    del over[:]


def _watching(kit, layer, open_calls, over):
    real = layer.call
    signature = inspect.signature(real)

    def call(*args, **kwargs):
        _note_masks(over)
        arguments = dict(signature.bind(*args, **kwargs).arguments)
        arguments.update(arguments.pop("kwargs", None) or {})
        called = Called(kit, layer, arguments, _kept_states(kit, layer), open_calls[0].steppers)
        open_calls[-1].parts.append(called)
        open_calls.append(called)
        result = real(*args, **kwargs)
        open_calls.pop()
        called.tensors = kit.tree.flatten(result)
        called.outputs = [kit.to_numpy(output) for output in called.tensors]
        over.append(called)
        return result

    call.__signature__ = signature
    return call


def _kept_states(kit, layer):
    states = layer.states if isinstance(layer, kit.layers.RNN) and layer.stateful else None
    if not states or states[0] is None:
        return None
    # They are variables, which the call itself overwrites.
    return kit.tree.map_structure(lambda state: np.array(kit.to_numpy(state)), states)


@contextmanager
def replaced(changes):
    """Give objects other attributes for a while: (object, name, value) of each."""
    before = []
    for owner, name, _ in changes:
        own = name in vars(owner) or isinstance(getattr(type(owner), name, None), property)
        before.append((owner, name, own, getattr(owner, name, None)))
    for owner, name, value in changes:
        object.__setattr__(owner, name, value)
    try:
        yield
    finally:
        for owner, name, own, value in before:
            if own:
                object.__setattr__(owner, name, value)
            else:
                object.__delattr__(owner, name)


def keyed(root, outer=""):
    """(key, call) of the calls inside a model, those inside a nested model as ``outer/inner``."""
    kit = root.kit
    keys = kit.keys_by_layer(root.layer) if kit.has_graph(root.layer) else None
    counts = {}
    for called in root.parts:
        name = called.layer.name
        use = counts[name] = counts.get(name, -1) + 1
        if keys is not None and use >= len(keys.get(name, ())):
            continue
        key = outer + (numbered(name, use) if keys is None else keys[name][use])
        yield key, called
        if kit.is_model(called.layer):
            yield from keyed(called, key + "/")


# States, gates and masks of one call of a layer, at every step.


def quantities(called, progress=None):
    """``mask``, ``state/...`` and ``gate/...`` of one call, as far as it has them: name -> array.

    progress: called with (done, steps) as they are recorded. Raises Unrecordable.
    """
    kit, layer = called.kit, called.layer
    if isinstance(layer, kit.layers.TimeDistributed):
        return _of_every_outer_step(called, progress)
    found = {}
    if isinstance(layer, kit.layers.Bidirectional):
        for direction, part in zip(("forward", "backward"), called.parts):
            for name, value in unrolled(part, progress).items():
                kind, _, rest = name.partition("/")
                found[f"{kind}/{direction}/{rest}"] = value
    elif isinstance(layer, kit.layers.RNN):
        found = unrolled(called, progress)
    if isinstance(layer, (kit.layers.RNN, kit.layers.Bidirectional, kit.layers.GlobalAveragePooling1D)):
        mask = called.arguments.get("mask")
        if mask is not None:
            found["mask"] = kit.to_numpy(mask)
    return found


def _of_every_outer_step(called, progress):
    """(batch, outer steps, ...): Keras 2 folds the steps into the batch of one call, Keras 3 makes a call for each."""
    kit = called.kit
    if kit.is_model(called.layer.layer) and any(isinstance(layer, kit.layers.RNN) for layer in _inside(called.layer)):
        raise Unrecordable("they belong to a model inside TimeDistributed")
    outer_steps = kit.to_numpy(called.first).shape[1]
    parts = [quantities(part, progress) for part in called.parts[-outer_steps:]]
    if not parts:
        return {}
    if len(parts) == 1:
        return {name: value.reshape((-1, outer_steps, *value.shape[1:])) for name, value in parts[0].items()}
    return {name: np.stack([part[name] for part in parts], axis=1) for name in parts[0]}


def _inside(layer):
    return layer._flatten_layers(include_self=False)


def unrolled(called, progress=None):
    """States and gates of a recurrent layer at every step, (batch, steps, ...), indexed by the input's time."""
    recorded = _step_by_step(called, progress)
    beyond = excess(called, recorded, 0.0)
    if beyond > 0:
        # A network that magnifies rounding parts from itself as soon as its steps are computed one by one.
        shaken = _step_by_step(called, progress, np.random.RandomState(1))
        drift = max(float(np.nanmax(np.abs(_wide(shaken[key]) - _wide(recorded[key])))) for key in shaken)
        beyond = excess(called, recorded, DRIFTS * drift)
    if beyond > 0:
        raise Unrecordable(f"recorded step by step they end {beyond:.3g} away from what the layer returned")
    return recorded


def _wide(array):
    return array.astype(np.float64)


def _step_by_step(called, progress, shaking=None):
    """One step after the other, each from the states that the one before left.

    shaking: a generator of random numbers that moves every new state by as much as rounding may.
    """
    kit, layer = called.kit, called.layer
    if not hasattr(layer, "cell"):
        raise Unrecordable(f"a {type(layer).__name__} does not show its cell")
    sequences, mask = in_batch_order(called)
    steps = sequences.shape[1]
    states = first_states(called, sequences)
    names = state_names(layer.cell)
    if len(names) != len(states):
        raise Unrecordable(f"the cell {type(layer.cell).__name__} has {len(states)} states")
    dtype = layer.compute_dtype
    constants = kit.to_tensors(called.arguments.get("constants"), dtype) if called.arguments.get("constants") else None
    step = stepper(called, mask is not None and mask.ndim > 2, steps >= WORTH_COMPILING)
    recorded = {}
    for done, t in enumerate(reversed(range(steps)) if layer.go_backwards else range(steps)):
        now = kit.to_tensors(sequences[:, t : t + 1], dtype)
        seen = None if mask is None else kit.to_tensors(mask[:, t : t + 1], "bool")
        ended, gates = step(now, seen, kit.to_tensors(states, dtype), constants)
        states = [kit.to_numpy(state) for state in ended]
        if shaking is not None:
            states = [_shaken(state, dtype, shaking) for state in states]
        for name, value in zip(names, states):
            _keep(recorded, "state/" + name, t, steps, value)
        for name, value in gates.items():
            _keep(recorded, "gate/" + name, t, steps, kit.to_numpy(value))
        if progress is not None:
            progress(done + 1, steps)
    return recorded


def _keep(recorded, key, t, steps, value):
    if key not in recorded:
        recorded[key] = np.zeros((value.shape[0], steps, *value.shape[1:]), value.dtype)
    recorded[key][:, t] = value


def _shaken(state, dtype, random):
    unit = ROUNDING.get(dtype, USUAL_ROUNDING)
    return (state * (1.0 + unit * random.uniform(-1.0, 1.0, state.shape))).astype(state.dtype)


def in_batch_order(called):
    """The sequences (batch, steps, ...) and the mask (batch, steps) or None; Keras 2 can have time first."""
    sequences, mask = called.kit.to_numpy(called.first), called.arguments.get("mask")
    mask = None if mask is None else called.kit.to_numpy(mask).astype(bool)
    if getattr(called.layer, "time_major", False):
        return np.swapaxes(sequences, 0, 1), None if mask is None else np.swapaxes(mask, 0, 1)
    return sequences, mask


def first_states(called, sequences):
    """The states before the first step in one list: handed in, kept from an earlier call, or the layer's own."""
    kit, layer = called.kit, called.layer
    given = called.arguments.get("initial_state")
    if given is None:
        given = called.kept
    if given is None and kit.is_keras3:
        given = layer.get_initial_state(len(sequences))
    elif given is None:
        with replaced(_as_one_step(layer)):
            given = layer.get_initial_state(kit.to_tensors(sequences, layer.compute_dtype))
    flat = kit.tree.flatten(list(given) if isinstance(given, (list, tuple)) else [given])
    return [kit.to_numpy(state) for state in flat]


def stepper(called, by_place, compiled):
    """(x (batch, 1, ...), mask (batch, 1) or None, states, constants or None) -> (states after the step, its gates)."""
    kit, layer = called.kit, called.layer
    key = id(layer), by_place, compiled
    if key in called.steppers:
        return called.steppers[key]
    # A mask of places in an image means something else to a layer that is unrolled.
    changes = _as_one_step(layer) + ([] if by_place else [(layer, "unroll", True)])

    def step(x, mask, states, constants):
        more = {} if constants is None else {"constants": constants}
        packed = pack(layer.cell, states)
        with replaced(changes):
            ended = layer(x, mask=mask, initial_state=packed, training=False, **more)[1:]
        gates = {}
        with replaced([change for prefix, cell in cells_of(layer.cell) for change in _listening(cell, prefix, gates)]):
            layer.cell(x[:, 0], packed, **more)
        return kit.tree.flatten(list(ended)), gates

    called.steppers[key] = kit.compiled(step) if compiled else step
    return called.steppers[key]


def _as_one_step(layer):
    """What makes the layer return where its states end, and nothing carried over."""
    wanted = {"return_sequences": False, "return_state": True, "stateful": False, "time_major": False}
    # Otherwise LSTM and GRU of Keras 2 build a graph of their own at every call.
    wanted["_could_use_gpu_kernel"] = False
    return [(layer, name, value) for name, value in wanted.items() if hasattr(layer, name)]


def cells_of(cell):
    """(prefix, cell) of the cells: ``0/``, ``1/`` ... in a stack, none for a single cell."""
    if hasattr(cell, "cells"):
        return [(f"{index}/", inner) for index, inner in enumerate(cell.cells)]
    return [("", cell)]


def pack(cell, states):
    """States as the layer wants them: those of a stack nested cell by cell."""
    if not hasattr(cell, "cells"):
        return list(states)
    waiting = iter(states)
    return [[next(waiting) for _ in range(_count(inner))] for inner in cell.cells]


def _count(cell):
    """How many states a cell has; a convolutional one of Keras 3 does not say."""
    if type(cell).__name__ in CONVOLVING:
        return 2
    return len(cell.state_size) if isinstance(cell.state_size, (list, tuple)) else 1


def state_names(cell):
    """``h``, or ``h`` and ``c``, of each cell."""
    return [prefix + name for prefix, inner in cells_of(cell) for name in "hc"[: _count(inner)]]


def _listening(cell, prefix, gates):
    """Changes to the cell's activation functions, so that what they return is noted in the order of their calls."""
    wanted = GATES.get(type(cell).__name__, {})
    return [
        (cell, attribute, _noting(getattr(cell, attribute), [prefix + name for name in names], gates))
        for attribute, names in wanted.items()
    ]


def _noting(real, names, gates):
    waiting = iter(names)

    def activation(value):
        result = real(value)
        name = next(waiting, None)
        if name is not None:
            gates[name] = result
        return result

    return activation


def excess(called, recorded, drift):
    """How far the record is beyond the tolerance from what the layer itself returned; 0 when it agrees."""
    tolerance = _loosest([called.layer])
    worst = 0.0
    for mine, returned in comparable(called, recorded):
        mine, returned = _wide(mine), _wide(returned)
        with np.errstate(invalid="ignore"):
            apart = np.where((mine == returned) | (np.isnan(mine) & np.isnan(returned)), 0.0, np.abs(mine - returned))
            over = ~(apart <= tolerance * (1.0 + np.abs(returned)) + drift)
        if over.any():
            worst = max(worst, float(np.nan_to_num(apart[over], nan=np.inf).max()))
    return worst


def _loosest(layers):
    """The tolerance of the coarsest type that any of these layers computes in."""
    dtypes = {getattr(layer, "compute_dtype", None) for layer in layers}
    return max([USUAL_TOLERANCE] + [TOLERANCE[dtype] for dtype in dtypes if dtype in TOLERANCE])


def comparable(called, recorded):
    """Pairs of what was recorded and what the layer returned, as far as it returns it."""
    layer, outputs = called.layer, called.outputs
    _, mask = in_batch_order(called)
    names = state_names(layer.cell)
    last = 0 if layer.go_backwards else -1
    if layer.return_state:
        for name, returned in zip(names, outputs[1:]):
            yield recorded["state/" + name][:, last], returned
    if type(cells_of(layer.cell)[-1][1]).__name__ not in GATES:
        return
    top = recorded["state/" + [name for name in names if name.endswith("h")][-1]]
    seen = np.ones(top.shape[:2], bool) if mask is None else mask.reshape((*mask.shape[:2], -1)).all(axis=2)
    zeroed = getattr(layer, "zero_output_for_mask", False)
    if not layer.return_sequences:
        # Where anything was seen, the last output is that of the last step seen, unless masked ones are zeroed.
        settled = seen[:, last] if zeroed or (mask is not None and mask.ndim > 2) else seen.any(axis=1)
        yield top[settled, last], outputs[0][settled]
        return
    if layer.unroll and layer.go_backwards and zeroed:
        return  # TensorFlow zeroes other steps than those that are masked.
    returned = np.swapaxes(outputs[0], 0, 1) if getattr(layer, "time_major", False) else outputs[0]
    if layer.go_backwards:
        top, seen = top[:, ::-1], seen[:, ::-1]
    yield top[seen], returned[seen]


# Everything that Keras computes for one model and one input, under the keys of stored Keras values.


def record(kit, model, inputs, batch_size, note=None, progress=None):
    """Key -> array, for inputs {name: array} with the batch first.

    note: called with a line about each thing that is left out or amiss. progress: (layer, done, steps).
    """
    told = Told(note or (lambda line: None), _loosest(_inside(model)))
    whole = one_or_all(kit, inputs)
    forget(kit, model)
    predicted = kit.tree.flatten(model.predict(whole, batch_size=batch_size, verbose=0))
    recorded = {f"output/{index}": kit.to_numpy(value) for index, value in enumerate(predicted)}
    if kit.has_graph(model):
        forget(kit, model)
        recorded.update(graph_outputs(kit, model, whole, batch_size))
    forget(kit, model)
    for key, value in _watched(kit, model, inputs, batch_size, told, progress).items():
        stored = recorded.setdefault(key, value)
        if stored is not value:
            told.apart(key, value, stored)
    forget(kit, model)
    # States were seen in the eager run; where that is not what was predicted, they belong to other numbers.
    astray = tuple(f"{layer}/{kind}/" for layer in told.finish() for kind in ("state", "gate"))
    return {
        key: value
        for key, value in recorded.items()
        if value.dtype.kind in NUMBERS + TEXT and not key.startswith(astray)
    }


def _watched(kit, model, inputs, batch_size, told, progress):
    """What eager runs show, batch by batch; all samples at once where time comes first, and cutting would cut time."""
    count = len(next(iter(inputs.values())))
    size = count if in_time_order(kit, model) else batch_size
    steppers, parts = {}, []
    for first, part in zip(range(0, count, size), batches(inputs, size)):
        at = f", samples {first} to {min(first + size, count) - 1} of {count}" if size < count else ""
        shown = None if progress is None else partial(_showing, progress, at)
        parts.append(_of_batch(kit, model, part, steppers, told, shown))
    return joined(parts)


def _showing(progress, at, layer, done, steps):
    progress(layer + at, done, steps)


def _of_batch(kit, model, inputs, steppers, told, progress):
    recorded = {}
    for key, called in keyed(watch(kit, model, one_or_all(kit, inputs), steppers)):
        if not isinstance(called.layer, kit.layers.Layer):
            continue
        for index, output in enumerate(called.outputs):
            recorded[f"layer/{key}/output/{index}"] = output
        try:
            found = quantities(called, None if progress is None else partial(progress, key))
        except Unrecordable as error:
            told.left_out(key, str(error))
            continue
        except Exception as error:  # noqa: BLE001  the rest is worth recording, whatever one layer does
            told.left_out(key, f"{type(error).__name__}: {one_line(error)}")
            continue
        recorded.update({f"layer/{key}/{name}": value for name, value in found.items()})
    return recorded


class Told:
    """What there is to tell of each layer, told once however many batches there are."""

    def __init__(self, note, tolerance):
        self.note = note
        self.tolerance = max(tolerance, EAGER_TOLERANCE)
        self.layers = {}
        self.largest = {}

    def left_out(self, key, why):
        if key not in self.layers:
            self.layers[key] = why
            self.note(f"{key}: its states are not recorded: {why}")

    def apart(self, key, eager, predicted):
        """Keras ran the model twice, in predict() and operation by operation; the two ought to agree."""
        if eager.shape != predicted.shape or eager.dtype.kind != "f":
            if not np.array_equal(eager, predicted):
                self.largest[key] = float("inf")
            return
        eager, predicted = _wide(eager), _wide(predicted)
        allowed = self.tolerance * (1.0 + np.abs(predicted))
        with np.errstate(invalid="ignore"):
            beyond = np.abs(eager - predicted)[np.abs(eager - predicted) > allowed]
        if beyond.size:
            self.largest[key] = float(beyond.max())

    def finish(self):
        """Say where the two runs part; returns the beginnings of the keys of those layers."""
        for key, largest in self.largest.items():
            self.note(
                f"{key}: run eagerly, this Keras is up to {largest:.3g} away from its own predict(); "
                "states and gates are left out there"
            )
        return [key.partition("/output/")[0] for key in self.largest]


def joined(parts):
    """The batches of each quantity, one after the other; what not every batch has is left out."""
    common = [key for key in parts[0] if all(key in part for part in parts)]
    if len(parts) == 1:
        return {key: parts[0][key] for key in common}
    return {key: np.concatenate([part[key] for part in parts]) for key in common if parts[0][key].ndim}


def batches(inputs, size):
    count = len(next(iter(inputs.values())))
    return [{name: array[at : at + size] for name, array in inputs.items()} for at in range(0, count, size)]


def one_or_all(kit, inputs):
    """Inputs as predict() takes them; Keras 3 takes texts as a tensor only, and tensors not among arrays."""
    if any(array.dtype.kind == TEXT for array in inputs.values()):
        tf = importlib.import_module("tensorflow")
        inputs = {name: tf.constant(array) for name, array in inputs.items()}
    return inputs if len(inputs) > 1 else next(iter(inputs.values()))


def graph_outputs(kit, model, inputs, batch_size, operations=False):
    """From one predict(), the outputs of all layers in the model's graph, of bare operations too where asked for."""
    keys, tensors = [], []
    for key, node in kit.nodes_in_order(model):
        if _wanted(kit, model, kit.operation_of(node), operations):
            outputs = kit.tree.flatten(node.outputs)
            keys += [f"layer/{key}/output/{index}" for index in range(len(outputs))]
            tensors += outputs
    values = kit.keras.Model(kit.graph_of(model).inputs, tensors).predict(inputs, batch_size=batch_size, verbose=0)
    return {key: kit.to_numpy(value) for key, value in zip(keys, kit.tree.flatten(values))}


def _wanted(kit, model, operation, operations):
    """Files of Sequential models show no input layer, and bare operations are layers in tf-keras only."""
    if isinstance(operation, kit.layers.InputLayer):
        return not isinstance(model, kit.keras.Sequential)
    return operations or isinstance(operation, kit.layers.Layer)


def recurrent_layers(kit, model):
    return [layer for layer in _inside(model) if isinstance(layer, kit.layers.RNN)]


def stateful_layers(kit, model):
    return [layer for layer in recurrent_layers(kit, model) if layer.stateful]


def in_time_order(kit, model):
    return any(getattr(layer, "time_major", False) for layer in recurrent_layers(kit, model))


def forget(kit, model):
    """Stateful layers begin from their own first states again."""
    for layer in stateful_layers(kit, model):
        (getattr(layer, "reset_state", None) or layer.reset_states)()


# Files.


def load_model(kit, path, weights=None, allow_lambda=False, own=None):
    """The model of a file, or of an architecture .json and its weights. own: {name: class} of a person's layers."""
    try:
        if allow_lambda:
            _allow_code(kit)
        if path.lower().endswith(".json"):
            model = kit.keras.models.model_from_json(_architecture(path), custom_objects=own)
            model.load_weights(weights)
            return model
        load = kit.keras.models.load_model
        more = {"safe_mode": not allow_lambda} if "safe_mode" in inspect.signature(load).parameters else {}
        return load(path, custom_objects=own, compile=False, **more)
    except RecorderError:
        raise
    except Exception as error:
        advice = "; with --allow-lambda it can" if "safe_mode" in str(error) and not allow_lambda else ""
        raise RecorderError(
            f"{Path(path).name}: Keras {kit.version} cannot load it{advice}: {type(error).__name__}: {one_line(error)}"
        ) from error


def _allow_code(kit):
    """Let this Keras load Lambda layers wherever they stand; one before 2.13 does so anyway."""
    for place in ("config", "__internal__"):
        allow = getattr(getattr(kit.keras, place, None), "enable_unsafe_deserialization", None)
        if allow is not None:
            allow()


def _architecture(path):
    """The JSON text, taken out of another JSON text where somebody wrapped it twice."""
    with Path(path).open(encoding="utf-8") as file:
        text = file.read()
    try:
        value = json.loads(text)
    except ValueError as error:
        raise RecorderError(f"{Path(path).name}: not JSON: {one_line(error)}") from None
    return value if isinstance(value, str) else text


def load_input(path):
    """An array, or {name: array} of an .npz with several members or a named one."""
    name = Path(path).name
    try:
        if path.lower().endswith(".csv"):
            return read_table(path)
        with Path(path).open("rb") as file:
            loaded = np.load(file, allow_pickle=False)
            if isinstance(loaded, np.ndarray):
                return loaded
            arrays = {member: loaded[member] for member in loaded.files}
    except RecorderError:
        raise
    except Exception as error:
        raise RecorderError(f"{name}: cannot be read: {one_line(error)}") from error
    if not arrays:
        raise RecorderError(f"{name}: holds no arrays")
    return arrays["arr_0"] if set(arrays) == {"arr_0"} else arrays


def read_table(path):
    """A .csv as (rows, columns); tabs, semicolons or commas separate, and a first row without numbers is a heading."""
    with Path(path).open(encoding="utf-8-sig", newline="") as file:
        text = file.read()
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = next((mark for mark in "\t;," if mark in first), ",")
    table = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    rows = [(table.line_num, cells) for cells in table if any(cell.strip() for cell in cells)]
    if rows and not any(_is_number(cell) for cell in rows[0][1]):
        del rows[0]
    name = Path(path).name
    if not rows:
        raise RecorderError(f"{name}: the table has no numbers")
    for line, cells in rows:
        if len(cells) != len(rows[0][1]):
            raise RecorderError(f"{name}, line {line}: {len(cells)} columns, not {len(rows[0][1])}")
        wrong = [cell for cell in cells if not _is_number(cell)]
        if wrong:
            raise RecorderError(f"{name}, line {line}: not a number: {wrong[0][:40]!r}")
    return np.array([[float(cell) for cell in cells] for _, cells in rows])


def _is_number(cell):
    try:
        float(cell)
    except ValueError:
        return False
    return True


def fitted(kit, model, given, is_table=False):
    """The input as {input name: array}, as predict() takes it. Raises RecorderError where it does not fit the model."""
    if not getattr(model, "inputs", None):
        if isinstance(given, dict):
            raise RecorderError("this model has no named inputs; give one array")
        return {"input": in_float32(kit, given)}
    tensors = list(model.inputs)
    names = [tensor.name for tensor in tensors] if kit.is_keras3 else list(model.input_names)
    if not isinstance(given, dict):
        if len(names) > 1:
            raise RecorderError(f"the model has {len(names)} inputs; INPUT must be an .npz with {', '.join(names)}")
        given = {names[0]: given}
    elif len(names) == len(given) == 1:
        given = {names[0]: next(iter(given.values()))}
    elif set(given) != set(names):
        raise RecorderError("the input's names are {}; the model's are {}".format(", ".join(given), ", ".join(names)))
    arrays = {}
    for name, tensor in zip(names, tensors):
        array, shape = given[name], tuple(tensor.shape)
        if is_table and len(shape) == 3:
            array = array[np.newaxis]
        check_shape(name, array, shape, TEXT if tensor.dtype == "string" else NUMBERS)
        arrays[name] = in_float32(kit, array)
    if len({len(array) for array in arrays.values()}) > 1:
        sizes = ", ".join(f"{name}: {len(array)}" for name, array in arrays.items())
        raise RecorderError(f"the inputs have different numbers of samples ({sizes})")
    return arrays


def check_shape(name, array, shape, kinds=NUMBERS):
    """Raise RecorderError unless an array goes into an input of a shape, None standing for any size."""
    if array.dtype.kind not in kinds:
        raise RecorderError(
            f"input {name}: {'texts' if kinds == TEXT else 'numbers'} are expected, found {array.dtype}"
        )
    if fits(array.shape, shape):
        if not array.size:
            raise RecorderError(f"input {name} is empty: {array.shape}")
        return
    advice = "; the batch axis is missing: use x[None]" if fits((1, *array.shape), shape) else ""
    raise RecorderError(f"input {name} has the shape {array.shape}, the model takes {shape}{advice}")


def fits(found, expected):
    sizes = zip(found[1:], expected[1:])
    return len(found) == len(expected) and all(want is None or have == want for have, want in sizes)


def in_float32(kit, array):
    """Floats in Keras's usual type, into which predict() puts them before anything else."""
    return array.astype(kit.keras.backend.floatx()) if array.dtype.kind == "f" else array


def batch_size_for(kit, model, count, wanted):
    """The batch size to use: the one asked for, else the model's own, else Keras's 32. Raises where it cannot be."""
    own = [next(iter(tensor.shape)) for tensor in getattr(model, "inputs", None) or []]
    fixed = next((size for size in own if size is not None), None)
    size = wanted or fixed or 32
    if fixed is not None and (size != fixed or count % fixed):
        raise RecorderError(f"the model takes batches of {fixed}; it cannot take {count} samples in batches of {size}")
    stateful = stateful_layers(kit, model)
    if stateful and count > size:
        raise RecorderError(
            f"{stateful[0].name} is stateful, its states go from batch to batch: record one batch, {size} samples"
        )
    return size


def meta_of(kit, model, batch_size, paths):
    """What the numbers were made of. paths: {"model": path, "input": path, ...}."""
    kinds = []
    for layer in _inside(model):
        policy = getattr(layer, "dtype_policy", None) or getattr(layer, "_dtype_policy", None)
        name = getattr(policy, "name", None)
        if name and not isinstance(layer, kit.layers.InputLayer) and name not in kinds:
            kinds.append(name)
    meta = {
        "keras_version": kit.version,
        "backend": kit.backend,
        "backend_version": importlib.import_module(kit.backend).__version__,
        "dtype": ", ".join(kinds) or "float32",
        "batch_size": batch_size,
        "made_by": Path(__file__).name,
    }
    for role, path in paths.items():
        meta[role] = Path(path).name
        meta[role + "_sha256"] = sha256(path)
    return meta


def sha256(path):
    digest = hashlib.sha256()
    with Path(path).open("rb") as file:
        for block in iter(lambda: file.read(2**20), b""):
            digest.update(block)
    return digest.hexdigest()


def save(path, recorded, meta):
    """Write the .npz beside its place first, so that a file of that name is always whole."""
    unfinished = Path(path + ".part")
    try:
        with unfinished.open("wb") as file:
            np.savez(file, meta=np.array(json.dumps(meta)), **recorded)
        unfinished.replace(path)
    except OSError as error:
        raise RecorderError(f"{path}: cannot be written: {one_line(error)}") from error


# The command.


class Terminal:
    """Progress and notes on standard error: a line that changes on a terminal, and a line for each layer elsewhere."""

    def __init__(self, stream):
        self.stream = stream
        self.live = stream.isatty()
        self.layer = None
        self.shown = 0.0
        self.width = 0

    def say(self, line):
        self._clear()
        self.stream.write(line + "\n")
        self.stream.flush()

    def progress(self, layer, done, steps):
        if not self.live:
            if layer != self.layer:
                self.say(f"{layer}: states and gates of {steps} steps")
        elif done == steps or time.time() - self.shown > 0.1:
            line = f"{layer}: step {done} of {steps}"
            self.stream.write("\r" + line.ljust(self.width))
            self.stream.flush()
            self.shown, self.width = time.time(), len(line)
        self.layer = layer

    def _clear(self):
        if self.width:
            self.stream.write("\r" + " " * self.width + "\r")
            self.width = 0


def main(arguments=None):
    options = _parser().parse_args(arguments)
    terminal = Terminal(sys.stderr)
    try:
        run(options, terminal)
    except RecorderError as error:
        terminal.say(f"record_keras: {one_line(error)}")
        return WRONG
    except KeyboardInterrupt:
        terminal.say("record_keras: interrupted")
        return INTERRUPTED
    return 0


def run(options, terminal):
    check_arguments(options)
    given = load_input(options.input)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if options.backend:
        os.environ["KERAS_BACKEND"] = options.backend
    if options.legacy:
        os.environ["TF_USE_LEGACY_KERAS"] = "1"
    kit = find_keras(options.legacy)
    terminal.say(f"Keras {kit.version} on {kit.backend}")
    model = load_model(kit, options.model, options.weights, options.allow_lambda, own_classes(kit, options.run_code))
    warn_of_another_keras(kit, options.weights or options.model, terminal.say)
    inputs = fitted(kit, model, given, options.input.lower().endswith(".csv"))
    count = len(next(iter(inputs.values())))
    batch_size = batch_size_for(kit, model, count, options.batch_size)
    began = time.time()
    try:
        recorded = record(kit, model, inputs, batch_size, terminal.say, terminal.progress)
    except (RecorderError, MemoryError):
        raise
    except Exception as error:
        raise RecorderError(
            f"Keras cannot run the model on this input: {type(error).__name__}: {one_line(error)}"
        ) from error
    paths = {"model": options.model, "input": options.input}
    if options.weights:
        paths["weights"] = options.weights
    save(options.output, recorded, meta_of(kit, model, batch_size, paths))
    terminal.say(f"{options.output}: {len(recorded)} arrays of {count} samples, {time.time() - began:.1f} s")


def check_arguments(options):
    """Raise RecorderError for files that are not there or of no use, before Keras is loaded, which takes seconds."""
    for path in [options.model, options.input, options.weights, *options.run_code]:
        if path is not None and not Path(path).is_file():
            raise RecorderError(f"{path}: there is no such file")
    if not options.input.lower().endswith((".npy", ".npz", ".csv")):
        raise RecorderError(f"{options.input}: the input must be an .npy, .npz or .csv file")
    if not options.model.lower().endswith((".keras", ".h5", ".hdf5", ".json")):
        raise RecorderError(f"{options.model}: the model must be a .keras, .h5 or .json file")
    if options.model.lower().endswith(".json") != (options.weights is not None):
        raise RecorderError("--weights belongs to an architecture .json, and an architecture .json needs it")
    if not options.output.lower().endswith(".npz"):
        raise RecorderError(f"{options.output}: what is written is an .npz file; name it so")
    folder = Path(options.output).resolve().parent
    if not folder.is_dir():
        raise RecorderError(f"{folder}: there is no such folder")
    if options.batch_size is not None and options.batch_size < 1:
        raise RecorderError("--batch-size must be 1 or more")


def own_classes(kit, files):
    """{name: class} of the layers that a person's own files define."""
    found = {}
    for file in files:
        try:
            names = runpy.run_path(file)
        except Exception as error:
            raise RecorderError(f"{file}: {type(error).__name__}: {one_line(error)}") from error
        found.update(
            {
                name: value
                for name, value in names.items()
                if callable(value) and getattr(value, "__module__", None) == "<run_path>"
            }
        )
    return found or None


def warn_of_another_keras(kit, path, note):
    """Say so when the file was written by a Keras whose layers compute something else."""
    written = written_by(path)
    if written and int(written.split(".")[0]) < 3 <= int(kit.version.split(".")[0]):
        note(
            f"{Path(path).name} was written by Keras {written} and is run by Keras {kit.version}, which computes some "
            "layers differently; --legacy runs it by tf-keras where that is installed"
        )


def written_by(path):
    """The version of Keras that an HDF5 file names, or None."""
    try:
        h5py = importlib.import_module("h5py")
        with h5py.File(path, "r") as file:
            version = file.attrs.get("keras_version")
            if version is None and "model_weights" in file:
                version = file["model_weights"].attrs.get("keras_version")
    except (ImportError, OSError):
        return None
    version = version.decode("ascii", "replace") if isinstance(version, bytes) else version
    return version if version and version[:1].isdigit() else None


def one_line(error):
    """A message on one line, not too long, without a terminal's colours."""
    text = " ".join(re.sub("\x1b\\[[0-9;]*m", "", str(error)).split())
    return text if len(text) <= 400 else text[:399] + "..."


def _parser():
    parser = argparse.ArgumentParser(
        prog="record_keras.py",
        description="Record what Keras computes for a model and an input: outputs, and every state, gate and mask "
        "at every step, for rnnscope to hold its own run against.",
        epilog="Exit codes: 0 recorded, 2 a file or an argument is wrong, 130 interrupted.",
    )
    parser.add_argument("model", metavar="MODEL", help="a .keras or .h5 file, or an architecture .json with --weights")
    parser.add_argument("input", metavar="INPUT", help=".npy, .npz with a member for each input, or .csv of one sample")
    parser.add_argument("-o", "--output", metavar="KERAS.npz", required=True, help="where to write")
    parser.add_argument("--weights", metavar="WEIGHTS.h5", help="the weights of an architecture .json")
    parser.add_argument("--batch-size", type=int, metavar="N", help="samples at a time; 32 by default, as in predict()")
    parser.add_argument("--legacy", action="store_true", help="use tf-keras (Keras 2) where Keras 3 is installed too")
    parser.add_argument("--backend", choices=("tensorflow", "jax", "torch"), help="the backend of Keras 3")
    parser.add_argument("--run-code", metavar="FILE.py", action="append", default=[], help="run this file first: it "
                        "defines layers of your own that the model needs")  # fmt: skip
    parser.add_argument("--allow-lambda", action="store_true", help="let Keras 3 run the code of Lambda layers that is "
                        "in the model file; only for files you trust")  # fmt: skip
    return parser


if __name__ == "__main__":
    sys.exit(main())
