"""A cut → the bytes of a model file that Keras loads."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from rnnscope.graph import Call, Tensor
from rnnscope.modelfile.cut import Cut, Entrance
from rnnscope.modelfile.nodes import Nodes
from rnnscope.modelfile.order import layer_order
from rnnscope.modelfile.raw import Json, ModelFile
from rnnscope.modelfile.stored import Stored, stored
from rnnscope.reading.legacy_weights import MODEL_WEIGHTS
from rnnscope.types import Shape

MARK = "\0"  # stands in no name of an input
EPOCH = (1980, 1, 1, 0, 0, 0)
LONGEST_LIST = 60_000  # bytes that an attribute of HDF5 holds, with some to spare
# Options of layers that tell what came before them, and how long it was.
OF_THE_WHOLE = ("batch_input_shape", "batch_shape")
OF_ITS_STEPS = ("input_length",)


def cut_out(file: ModelFile, cut: Cut, shape_of: Callable[[Tensor], Shape]) -> bytes:
    """The part as a file of the same kind as the whole: `file.suffix`. The same cut gives the same bytes.

    shape_of: gives the shape of a tensor of the whole model.
    Raises Unsupported for what this Keras cannot write down, and what reading the weights raises.
    """
    order = _order(file, cut)
    tree = _tree(file, cut, order, Nodes(file, cut, shape_of))
    kept = stored(file, {layer: cut.name(layer) for layer in order}, len(cut.entrances))
    if file.suffix == ".h5":
        return _hdf5(kept, tree, file)
    version = {"keras_version": file.written_by.keras_version, "date_saved": "1980-01-01@00:00:00"}
    members = {
        "metadata.json": json.dumps(version).encode(),
        "config.json": json.dumps(tree).encode(),
        "model.weights.h5": _hdf5(kept),
        **{f"assets/{path}": text.encode() for path, text in kept.texts.items()},
    }
    return zipped(members)


def zipped(members: Mapping[str, bytes]) -> bytes:
    """A zip archive of these members, whose bytes depend on nothing else."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            member = zipfile.ZipInfo(name, EPOCH)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.external_attr = 0o100644 << 16
            member.create_system = 3
            archive.writestr(member, data)
    return stream.getvalue()


def _order(file: ModelFile, cut: Cut) -> list[str]:
    """The layers that stay, as Keras will list them."""
    calls = {call.key: call for call in file.graph.calls}
    part = {name: Call(name, name) for name in (entrance.name for entrance in cut.entrances)}
    part |= {f"{MARK}{key}": _entered(calls[key], cut) for key in cut.calls}
    ends = [Tensor(f"{MARK}{tensor.call}", tensor.output) for tensor in cut.outputs]
    return [layer[1:] for layer in layer_order(part, ends) if layer.startswith(MARK)]


def _entered(call: Call, cut: Cut) -> Call:
    """A call with the part's inputs in place of what they stand for; `MARK` tells calls from inputs."""
    tensors = [
        Tensor(cut.feeds[tensor], 0) if tensor in cut.feeds else Tensor(f"{MARK}{tensor.call}", tensor.output)
        for tensor in call.tensors()
    ]
    more = [cut.masks[call.key]] if call.key in cut.masks else []
    tensors += [Tensor(name, 0) for name in (*more, *cut.states.get(call.key, ()))]
    return Call(f"{MARK}{call.key}", f"{MARK}{call.layer}", tuple(tensors))


def _tree(file: ModelFile, cut: Cut, order: Sequence[str], nodes: Nodes) -> Json:
    entries = {entry.name: entry for entry in file.graph.entries}
    layers = [_input(entrance, file) for entrance in cut.entrances]
    layers += [_layer(file.layers[name], cut.name(name)) | {"inbound_nodes": nodes.of(entries[name])} for name in order]
    options = {
        "name": "part",
        "trainable": True,
        "layers": layers,
        "input_layers": [[entrance.name, 0, 0] for entrance in cut.entrances],
        "output_layers": nodes.ends(),
    }
    modules: Json = {"module": "keras", "registered_name": None} if file.writes_modules else {}
    stated = {key: file.tree[key] for key in ("keras_version", "backend") if key in file.tree}
    tree: Json = {"class_name": "Model", "config": options}
    return tree | modules | stated


def _layer(written: Json, name: str) -> Json:
    """A layer as the file has it, but for its name and what it says of its surroundings."""
    config = written["config"]
    kept = {key: value for key, value in written.items() if key not in ("build_config", "inbound_nodes")}
    if not isinstance(config, dict):
        return kept
    options = {key: None if key in OF_ITS_STEPS else value for key, value in config.items() if key not in OF_THE_WHOLE}
    return kept | {"name": name, "config": options | {"name": name}}


def _input(entrance: Entrance, file: ModelFile) -> Json:
    shape = list(entrance.batch_shape)
    oldest = file.written_by.version < (2, 0)
    options: Json = {"batch_shape" if file.written_by.is_keras3 else "batch_input_shape": shape}
    options |= {"input_dtype" if oldest else "dtype": entrance.dtype, "sparse": False, "name": entrance.name}
    modules: Json = {"module": "keras.layers", "registered_name": None} if file.writes_modules else {}
    layer: Json = {"class_name": "InputLayer", "config": options, "name": entrance.name, "inbound_nodes": []}
    return layer | modules


def _hdf5(kept: Stored, tree: Json | None = None, file: ModelFile | None = None) -> bytes:
    """The weights in HDF5; with `tree`, a whole model as Keras keeps one there."""
    import h5py

    stream = io.BytesIO()
    with h5py.File(stream, "w") as hdf5:
        for group in kept.groups:
            hdf5.require_group(group)
        for path, array in kept.arrays.items():
            hdf5.create_dataset(path, data=array)
        if tree is not None and file is not None:
            origin = {"keras_version": file.written_by.keras_version, "backend": file.written_by.backend}
            hdf5.attrs["model_config"] = json.dumps(tree)
            _put_all(hdf5, origin)
            weights = hdf5.require_group(MODEL_WEIGHTS)
            _put_all(weights, origin)
            _put_list(weights, "layer_names", list(kept.lists))
            for name, paths in kept.lists.items():
                _put_list(weights.require_group(name), "weight_names", paths)
    return stream.getvalue()


def _put_all(group: Any, attributes: Mapping[str, str]) -> None:
    for name, value in attributes.items():
        group.attrs[name] = value


def _put_list(group: Any, name: str, texts: Sequence[str]) -> None:
    """A list of names as Keras stores one: in several attributes when it is too long for one."""
    items = np.array([text.encode() for text in texts], "S") if texts else np.array([], "S1")
    if items.nbytes <= LONGEST_LIST:
        group.attrs[name] = items
        return
    for place, piece in enumerate(np.array_split(items, -(-items.nbytes // LONGEST_LIST))):
        group.attrs[f"{name}{place}"] = piece
