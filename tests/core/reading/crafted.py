"""Files that nobody should write, built in memory for the tests of the readers."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from rnnscope.reading.source import Source
from rnnscope.types import Array

ASSETS = Path(__file__).resolve().parents[3] / "assets" / "example"
FILE = "crafted.file"


def hdf5(build: Callable[[Any], object]) -> bytes:
    """The bytes of an HDF5 file that `build` filled."""
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        build(file)
    return stream.getvalue()


def npy(array: Array, version: tuple[int, int] | None = None, *, allow_pickle: bool = False) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, version, allow_pickle=allow_pickle)
    return stream.getvalue()


def npy_header(text: str, data: bytes = b"", version: int = 1) -> bytes:
    """A `.npy` file whose header is `text`, whatever it says."""
    encoded = text.encode("latin1" if version < 3 else "utf-8") + b"\n"
    size = len(encoded).to_bytes(2 if version == 1 else 4, "little")
    return b"\x93NUMPY" + bytes([version, 0]) + size + encoded + data


def zipped(members: Mapping[str, bytes | str], compression: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def unzipped(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def config_of(members: Mapping[str, bytes]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(members["config.json"])
    return found


def keras_file(members: Mapping[str, bytes | str], **replaced: object) -> Source:
    """A `.keras` archive of `members`, with ``config`` or ``metadata`` written anew as JSON."""
    anew = {f"{name}.json": json.dumps(value) for name, value in replaced.items()}
    return source(zipped({**members, **anew}), "crafted.keras")


def with_dropout_as(class_name: str, folder: Path) -> Path:
    """The example's model in a file of its own, with another class in place of its dropout."""
    members = unzipped(ASSETS / "household.keras")
    config = config_of(members)
    for layer in config["config"]["layers"]:
        if layer["class_name"] == "Dropout":
            layer.update(class_name=class_name, registered_name=class_name)
            if class_name == "Lambda":
                layer["config"] = {"name": layer["config"]["name"], "trainable": True, "function": {"class_name": "x"}}
    path = folder / "model.keras"
    path.write_bytes(keras_file(members, config=config).data)
    return path


def source(data: bytes, name: str = FILE) -> Source:
    return Source(name, data, "0" * 64)
