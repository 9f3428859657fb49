"""Traces in HDF5 files, laid out as stored Keras values are; arrays are read when they are asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnscope.errors import UnreadableFile
from rnnscope.reading.hdf5 import Hdf5File, open_hdf5
from rnnscope.reading.json_text import parse_json
from rnnscope.reading.source import Readable, read_source, sniff
from rnnscope.texts import is_text
from rnnscope.trace import LayerTrace, Trace, layer_key
from rnnscope.types import Array
from rnnscope.writing import whole_file

if TYPE_CHECKING:
    from os import PathLike

FORMAT = "rnnscope trace 1"


def save_trace(trace: Trace, path: str | PathLike[str]) -> None:
    """Write `trace` to an HDF5 file; the file appears whole or not at all.

    The keys are those of stored Keras values, so `load_reference` reads the file too.
    BadInput when it cannot be written.
    """
    with whole_file(path, "trace") as temporary:
        _write(trace, temporary)


def load_trace(path: Readable) -> Trace:
    """Read a trace that `Trace.save` wrote; it has no model. Arrays are read from the file's bytes on access.

    UnreadableFile for a damaged or unsafe file, and for one that lacks what it lists.
    """
    source = read_source(path)
    if sniff(source.data) != "hdf5":
        raise UnreadableFile("not a trace", file=source.name, expected="an HDF5 file written by Trace.save")
    hdf5 = open_hdf5(source.data, source.name)
    text = hdf5.attribute("/", "meta")
    meta = parse_json(text, source.name) if isinstance(text, str) else None
    if not isinstance(meta, dict) or meta.get("format") != FORMAT:
        raise UnreadableFile("not a trace", file=source.name, expected=f"meta of format '{FORMAT}'")
    inputs, layers = (_names(meta.get(part), source.name) for part in ("inputs", "layers"))
    listed = [f"input/{name}" for name in inputs] + [layer_key(name, "output/0") for name in layers]
    if missing := [key for key in listed if not hdf5.has(key)]:
        raise UnreadableFile("the trace lacks an array that it lists", file=source.name, expected=missing[0])
    outputs = hdf5.names("output") if hdf5.has("output") else ()
    paths = tuple(hdf5.datasets())
    return Trace(
        model=None,
        inputs=_Stored(hdf5, {name: f"input/{name}" for name in inputs}),
        outputs=tuple(hdf5.read_any(f"output/{index}") for index in range(len(outputs))),
        layers={name: _layer(hdf5, name, paths) for name in layers},
        use_masks=bool(meta.get("use_masks", True)),
        meta=meta,
    )


class _Stored(Mapping[str, Array]):
    """Named arrays that stay in the file until they are asked for."""

    def __init__(self, hdf5: Hdf5File, paths: Mapping[str, str]) -> None:
        self._hdf5, self._paths = hdf5, paths

    def __getitem__(self, name: str) -> Array:
        return self._hdf5.read_any(self._paths[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


def _names(value: object, file: str) -> list[str]:
    if not isinstance(value, list) or not value or not all(isinstance(name, str) for name in value):
        raise UnreadableFile("the trace's list of names is damaged", file=file)
    return value


def _write(trace: Trace, path: Path) -> None:
    import h5py

    meta: dict[str, object] = {
        "format": FORMAT,
        "layers": list(trace),
        "inputs": list(trace.inputs),
        "use_masks": trace.use_masks,
    }
    if trace.model is not None:
        semantics = trace.model.semantics
        meta |= {
            "model": trace.model.file,
            "model_sha256": trace.model.sha256,
            "keras_version": semantics.keras_version,
        }
        meta |= {"backend": semantics.backend, "dtype": trace.model.dtype, "computed_by": "rnnscope"}
    # The order in which gates and outputs were made is the order in which they come back.
    with h5py.File(path, "w", track_order=True) as file:
        file.attrs["meta"] = json.dumps(meta)
        for name, array in trace.inputs.items():
            _put(file, f"input/{name}", array)
        for key in trace.quantities():
            _put(file, key, trace.get(key))
        for name, layer in trace.layers.items():
            if layer.output_mask is not None:
                _put(file, layer_key(name, "output_mask"), layer.output_mask)
            for state, array in layer.final.items():
                _put(file, f"{_final_root(name)}{state}", array)


def _put(file: object, key: str, array: Array) -> None:
    compression = {"compression": "gzip", "compression_opts": 1, "shuffle": True} if array.ndim else {}
    # Groups that h5py makes on the way to a dataset do not keep the order of what is in them.
    group: Any = file
    *parents, name = [part for part in key.split("/") if part]
    for parent in parents:
        group = group[parent] if parent in group else group.create_group(parent, track_order=True)
    group.create_dataset(name, data=storable(array), **compression)


def storable(array: Array) -> Array:
    """What HDF5 has a type for; it keeps no Unicode but UTF-8."""
    return np.char.encode(array, "utf-8") if is_text(array) else np.asarray(array, order="C")


def _final_root(layer: str) -> str:
    """Where the last states of a layer lie; stored Keras values have nothing there."""
    return f"final/{layer}/state/"


def _layer(hdf5: Hdf5File, name: str, paths: Sequence[str]) -> LayerTrace:
    root = layer_key(name, "")
    own = [path.removeprefix(root) for path in paths if path.startswith(root)]

    def named(start: str) -> _Stored:
        return _Stored(hdf5, {path.removeprefix(start): path for path in paths if path.startswith(start)})

    def mask(kind: str) -> Array | None:
        return hdf5.read(f"{root}{kind}") if kind in own else None

    outputs = tuple(hdf5.read_any(f"{root}{part}") for part in own if part.startswith("output/"))
    return LayerTrace(
        outputs,
        named(f"{root}state/"),
        named(f"{root}gate/"),
        mask("mask"),
        mask("output_mask"),
        named(_final_root(name)),
    )
