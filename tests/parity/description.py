"""The description of a random model: plain dicts, lists and scalars, so that a JSON file reproduces it.

A case is ``{"id", "oracle", "seed", "policy", "batch", "fixed_batch", "model"}``; a model is ``{"kind", "name",
"inputs", "nodes", "outputs"}``. Each node has a ``name`` and is one of

- a layer: ``{"layer": class name, "config": {…}, "args": […], "kwargs": {…}}``
- an operation: ``{"op": name, "args": […], "kwargs": {…}}``
- a further call of an earlier layer: ``{"again": its node's name, "args": […], "kwargs": {…}}``
- a model: ``{"model": a model, "args": […], "kwargs": {…}}``

Tensors in arguments are ``{"ref": name, "index": i}``. Layers inside a configuration are ``{"layer", "config"}``,
models there ``{"model"}``. Slices are ``{"slice": [start, stop, step]}``, an ellipsis is ``{"ellipsis": true}``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]


def ref(name: str, index: int = 0) -> Json:
    return {"ref": name, "index": index}


def references(value: Any) -> Iterator[Json]:
    """Every tensor in arguments, however deep."""
    if isinstance(value, dict):
        if "ref" in value:
            yield value
        else:
            for item in value.values():
                yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def read_by(node: Json) -> Iterator[str]:
    """The names of all nodes and inputs that a node needs."""
    for part in ("args", "kwargs"):
        yield from (found["ref"] for found in references(node.get(part)))
    if "again" in node:
        yield node["again"]


def without_unused(model: Json) -> Json:
    """The model without the nodes and inputs that no output depends on."""
    nodes = {node["name"]: node for node in model["nodes"]}
    needed: set[str] = set()
    waiting = [found["ref"] for found in references(model["outputs"])]
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting += read_by(nodes[name]) if name in nodes else []
    return model | {
        "inputs": [entry for entry in model["inputs"] if entry["name"] in needed],
        "nodes": [node for node in model["nodes"] if node["name"] in needed],
    }


def classes_in(value: Any) -> Iterator[str]:
    """The class of every layer, and ``op:`` with the name of every operation, wherever they stand."""
    if isinstance(value, dict):
        if isinstance(value.get("layer"), str):
            yield value["layer"]
        if isinstance(value.get("op"), str):
            yield f"op:{value['op']}"
        for item in value.values():
            yield from classes_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from classes_in(item)
