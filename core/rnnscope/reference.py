"""Stored Keras values: what real Keras computed for the same model and input."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from rnnscope.errors import BadInput, UnreadableFile
from rnnscope.reading.hdf5 import open_hdf5
from rnnscope.reading.json_text import parse_json
from rnnscope.reading.npy import read_npy, read_npz
from rnnscope.reading.source import Readable, Source, read_source, sniff
from rnnscope.reading.table import read_csv
from rnnscope.texts import is_text
from rnnscope.types import Array

META = "meta"
MAX_META = 2**18
KEY = re.compile(r"output/\d+|(input|final)/.+|layer/.+/(output/\d+|state/.+|gate/.+|mask|output_mask)")


@dataclass(frozen=True, eq=False, repr=False)
class Reference:
    """Stored Keras values.

    arrays: key → array; ``output/0``, ``layer/<name>/output/0``, ``layer/<name>/state/h``, ``layer/<name>/gate/i``,
        ``layer/<name>/mask``. The same keys as `Trace.quantities()`.
    meta: what the recorder wrote: Keras version, backend, dtype, batch size, sha256 of model and input.
    """

    arrays: Mapping[str, Array]
    meta: Mapping[str, object] = field(default_factory=dict)
    file: str = ""

    def __repr__(self) -> str:
        return f"<Reference: {', '.join(self.arrays)}>"

    def get(self, key: str) -> Array | None:
        """The array stored under `key`, or None."""
        return self.arrays.get(key)


def load_reference(path: Readable) -> Reference:
    """Read stored Keras values from `.npz`, `.h5`, or a bare `.npy` or `.csv` taken as ``output/0``.

    Raises UnreadableFile for a damaged or unsafe file, BadInput when its keys are not those of stored values.
    """
    source = read_source(path)
    match sniff(source.data):
        case "zip":
            members = read_npz(source.data, source.name)
            text = members.pop(META, None)
            return _reference(members, None if text is None else _meta(text, source), source)
        case "hdf5":
            return _from_hdf5(source)
        case "npy":
            return Reference({"output/0": read_npy(source.data, source.name)}, {}, source.name)
        case "text":
            return Reference({"output/0": read_csv(source)}, {}, source.name)
    raise UnreadableFile("not stored Keras values", file=source.name, expected=".npz, .h5, .npy or .csv")


def _from_hdf5(source: Source) -> Reference:
    with open_hdf5(source.data, source.name) as hdf5:
        text = hdf5.attribute("/", META)
        keys = [path for path in hdf5.datasets() if path != META]
        if text is None and hdf5.has(META):
            text = hdf5.read_text(META)
        _check_keys(keys, source)
        arrays = {key: hdf5.read_any(key) for key in keys}
    return _reference(arrays, None if text is None else str(text), source)


def _reference(arrays: Mapping[str, Array], text: str | None, source: Source) -> Reference:
    _check_keys(arrays, source)
    meta = parse_json(text, f"{source.name}: {META}") if text is not None else {}
    if not isinstance(meta, dict):
        raise BadInput("the stored values' meta is not a JSON object", file=source.name)
    return Reference(
        {key: array for key, array in arrays.items() if not key.startswith(("input/", "final/"))}, meta, source.name
    )


def _meta(array: Array, source: Source) -> str:
    if not is_text(array) or array.shape != () or len(str(array)) > MAX_META:
        raise UnreadableFile(f"{META} is not one text of up to {MAX_META:,} characters", file=source.name)
    return str(array)


def _check_keys(keys: Collection[str], source: Source) -> None:
    unknown = [key for key in keys if KEY.fullmatch(key) is None]
    if unknown or not keys:
        raise BadInput(
            "not stored Keras values",
            file=source.name,
            expected="keys such as output/0, layer/<name>/output/0, layer/<name>/state/h, layer/<name>/mask",
            found=f"'{unknown[0][:80]}'" if unknown else "no arrays",
        )
