"""Input files → arrays."""

from __future__ import annotations

from rnnscope.errors import BadInput, UnreadableFile
from rnnscope.reading.hdf5 import open_hdf5
from rnnscope.reading.npy import read_npy, read_npz
from rnnscope.reading.source import Readable, Source, read_source, sniff
from rnnscope.reading.table import read_csv
from rnnscope.types import Array, Table


def load_input(path: Readable) -> Array | dict[str, Array]:
    """Read an input from `.npy`, `.npz`, `.h5` or `.csv`; the bytes decide which it is, not the name.

    `.npz` and `.h5` give {name: array}, names in HDF5 being paths such as ``group/x``; an `.npz` with the single member
    ``arr_0``, as ``np.savez(file, x)`` writes, gives the bare array. Integers stay integers, booleans booleans; texts,
    of a fixed width or in `.h5` of any length, come as Unicode.
    A `.csv` gives one `Table` of floats, (rows, columns): the (steps, features) of one sample where the model takes
    sequences of features, else a sample in each row; NaN and infinity are written ``nan`` and ``inf``.

    Raises UnreadableFile for a damaged or unsafe file and for arrays of anything but numbers, booleans
    and texts, BadInput for a table that is not one of numbers.
    """
    source = read_source(path)
    match sniff(source.data):
        case "npy":
            return read_npy(source.data, source.name)
        case "zip":
            return _from_archive(source)
        case "hdf5":
            return _from_hdf5(source)
        case "text":
            return read_csv(source).view(Table)
    raise UnreadableFile("not an input file", file=source.name, expected=".npy, .npz, .h5 or .csv")


def _from_archive(source: Source) -> Array | dict[str, Array]:
    arrays = read_npz(source.data, source.name)
    return arrays["arr_0"] if set(arrays) == {"arr_0"} else arrays


def _from_hdf5(source: Source) -> dict[str, Array]:
    with open_hdf5(source.data, source.name) as hdf5:
        if hdf5.attribute("/", "model_config") is not None:
            raise BadInput("this is a model, not an input", file=source.name)
        arrays = {name: hdf5.read_any(name) for name in hdf5.datasets()}
    if not arrays:
        raise BadInput("the file holds no arrays", file=source.name)
    return arrays
