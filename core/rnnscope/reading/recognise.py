"""What a file is to a model: all of it, its architecture, or its weights."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Literal

from rnnscope.errors import RnnscopeError
from rnnscope.reading.archive import read_members
from rnnscope.reading.hdf5 import open_hdf5
from rnnscope.reading.inference import inferred_stack
from rnnscope.reading.json_text import parse_json
from rnnscope.reading.shards import is_shard_index
from rnnscope.reading.source import Source, sniff
from rnnscope.reading.stores import store_of

Part = Literal["model", "architecture", "weights"]


def part_of_model(source: Source) -> Part | None:
    """Which part of a Keras model a file holds, told from its bytes; None when it is something else."""
    match sniff(source.data):
        case "zip":
            return "model" if read_members(source.data, source.name, "config.json".__eq__) else None
        case "hdf5":
            return _part_in_hdf5(source)
        case "json":
            value = parse_json(source.data, source.name)
            return "weights" if is_shard_index(value) else "architecture"
    return "architecture" if source.data[:1] == b'"' else None


def _part_in_hdf5(source: Source) -> Part | None:
    with open_hdf5(source.data, source.name) as hdf5:
        if hdf5.attribute("", "model_config") is not None:
            return "model"
        try:
            store_of(hdf5)
        except RnnscopeError:
            return None
    return "weights"


def stack_in(source: Source) -> str:
    """The plain recurrent stack that a weights file tells, such as ``LSTM(32), Dense(1)``; "" when it tells none."""
    with ExitStack() as stack:
        try:
            hdf5 = stack.enter_context(open_hdf5(source.data, source.name))
            return inferred_stack(store_of(hdf5))
        except RnnscopeError:
            return ""
