"""Arrays written as files that other programs read: .csv, .npy, .npz and .h5."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import numpy as np

from rnnscope.context import Cancelling
from rnnscope.errors import BadInput, Cancelled
from rnnscope.storage import storable
from rnnscope.types import Array
from rnnscope.writing import whole_file

if TYPE_CHECKING:
    from os import PathLike

SUFFIXES = (".csv", ".npy", ".npz", ".h5")
AXES = ("sample", "step", "unit")


def export(
    arrays: Mapping[str, Array],
    path: str | PathLike[str],
    *,
    axes: Sequence[str] = AXES,
    cancelled: Cancelling | None = None,
) -> None:
    """Write `arrays`, by their keys, in the format that the file's suffix names; the file appears whole or not at all.

    `.npz` and `.h5` hold any number of arrays, under keys with slashes as stored Keras values have them; `.csv` and
    `.npy` hold one. axes: what the array's axes are, for the header of a `.csv`; see `rows`. cancelled: asked at every
    row of a `.csv`.
    BadInput for another suffix, for several arrays where one fits, and when the file cannot be written.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise BadInput("no format to export to", file=str(path), expected=", ".join(SUFFIXES), found=suffix or "none")
    if suffix in (".csv", ".npy") and len(arrays) != 1:
        raise BadInput(f"a {suffix} file holds one array", file=str(path), expected=".npz or .h5", found=len(arrays))
    with whole_file(path, "data") as temporary:
        match suffix:
            case ".csv":
                with temporary.open("w", encoding="utf-8", newline="") as stream:
                    _write_csv(next(iter(arrays.values())), axes, stream, cancelled)
            case ".npy":
                with temporary.open("wb") as binary:
                    np.save(binary, next(iter(arrays.values())), allow_pickle=False)
            case ".npz":
                with temporary.open("wb") as binary:
                    np.savez_compressed(binary, allow_pickle=False, **arrays)
            case _:
                _write_hdf5(arrays, temporary)


def as_text(array: Array, axes: Sequence[str] = AXES) -> str:
    """The table of `rows` with tabs between the cells, as spreadsheets paste it."""
    stream = StringIO()
    csv.writer(stream, delimiter="\t", lineterminator="\n").writerows(rows(array, axes))
    return stream.getvalue()


def rows(array: Array, axes: Sequence[str] = AXES) -> Iterator[list[str]]:
    """A table of `array`: a header, then a row for each place on all axes but the last, whose places are the columns.

    (samples, steps, units) becomes ``sample, step, unit 0, unit 1, …``. Every number has the digits that give it back
    exactly in its own type. axes: names, one for each axis; those beyond the names are called ``axis 3`` and so on.
    """
    named = [*axes[: array.ndim], *(f"axis {index}" for index in range(len(axes), array.ndim))]
    if array.ndim < 2:
        yield [*named, "value"]
        yield from ([str(place), str(value)] for place, value in enumerate(array.reshape(-1)))
        return
    yield [*named[:-1], *(f"{named[-1]} {index}" for index in range(array.shape[-1]))]
    for place in np.ndindex(*array.shape[:-1]):
        yield [*map(str, place), *map(str, array[place])]


def _write_csv(array: Array, axes: Sequence[str], stream: TextIO, cancelled: Cancelling | None) -> None:
    writer = csv.writer(stream)
    for row in rows(array, axes):
        if cancelled is not None and cancelled():
            raise Cancelled
        writer.writerow(row)


def _write_hdf5(arrays: Mapping[str, Array], path: Path) -> None:
    import h5py

    with h5py.File(path, "w") as hdf5:
        for key, array in arrays.items():
            hdf5.create_dataset(key, data=storable(array))
