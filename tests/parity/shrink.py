"""A failing description reduced to the smallest one that fails in the same way.

Each round proposes every description that is one step smaller, the smallest first; the first that Keras takes and that
still fails begins the next round.
"""

from __future__ import annotations

import copy
import itertools
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tests.parity.check import Outcome, check_case
from tests.parity.description import Json, references, without_unused
from tests.parity.oracles import ORACLES, Conversation

ROUNDS = 30
AT_ONCE = 40
# Options with the value that says least; what is not here is dropped, or kept where Keras wants it.
SMALL = {"units": 1, "filters": 1, "output_dim": 1, "kernel_size": 1, "num_heads": 1, "key_dim": 1}


def shrink(outcome: Outcome, folder: Path, log: Path) -> Json:
    """The smallest description found; `folder` is scratch space."""
    best, kind = outcome.description, failure(outcome)
    with Conversation(ORACLES[outcome.oracle], log) as oracle:
        for _ in range(ROUNDS):
            candidates = sorted(smaller(best), key=size)[:AT_ONCE]
            found = next((one for one in candidates if _still_fails(one, oracle, kind, folder)), None)
            if found is None:
                break
            best = found
    shutil.rmtree(folder, ignore_errors=True)
    return best


def _still_fails(description: Json, oracle: Conversation, kind: str, folder: Path) -> bool:
    shutil.rmtree(folder, ignore_errors=True)
    answer = oracle.ask({"description": description, "folder": str(folder)})
    if "case" not in answer:
        return False
    outcome = check_case(folder)
    return outcome.fails and failure(outcome) == kind


def failure(outcome: Outcome) -> str:
    """How it fails: the kind of the first difference, and the class of layer where numbers begin to differ."""
    verdict = outcome.worst
    if not verdict.differences:
        return verdict.result
    first = verdict.differences[0]
    return f"{first.kind} {first.key.rpartition('/')[0].rpartition('_')[2]} {verdict.files[0]}"


def size(description: Json) -> int:
    """How much there is to read."""
    return len(str(description))


def smaller(description: Json) -> Iterator[Json]:
    """Every description that is one step smaller."""
    for model in smaller_models(description["model"]):
        yield description | {"model": model}
    if description["batch"] > 1:
        for row in range(description["batch"]):
            yield _fewer_samples(description, row)
    if description["policy"] != "float32":
        yield description | {"policy": "float32"}
    if description["fixed_batch"]:
        yield description | {"fixed_batch": False}


def smaller_models(model: Json) -> Iterator[Json]:
    for index in range(len(model["outputs"])):
        if len(model["outputs"]) > 1:
            yield without_unused(model | {"outputs": [model["outputs"][index]]})
    yield from _earlier_outputs(model)
    yield from _bypassed(model)
    for index, node in enumerate(model["nodes"]):
        for changed in smaller_nodes(node):
            yield without_unused(model | {"nodes": _with(model["nodes"], index, changed)})
    for index, entry in enumerate(model["inputs"]):
        for changed in smaller_inputs(entry):
            yield model | {"inputs": _with(model["inputs"], index, changed)}


def _earlier_outputs(model: Json) -> Iterator[Json]:
    """The model cut off at each of its nodes."""
    if model["kind"] == "sequential":
        for index in range(1, len(model["nodes"])):
            nodes = model["nodes"][:index]
            yield model | {"nodes": nodes, "outputs": [{"ref": nodes[-1]["name"], "index": 0}]}
        return
    for node in model["nodes"][:-1]:
        yield without_unused(model | {"outputs": [{"ref": node["name"], "index": 0}]})


def _bypassed(model: Json) -> Iterator[Json]:
    """The model without each of its nodes, whose readers read what it read."""
    for node in model["nodes"]:
        sources = list(references(node["args"]))
        rest = [other for other in model["nodes"] if other is not node and other.get("again") != node["name"]]
        for source in sources[:2] if rest else []:
            changed = model | {"nodes": rest}
            yield without_unused(_redirected(changed, node["name"], source))


def _redirected(model: Json, name: str, source: Json) -> Json:
    made = copy.deepcopy(model)
    for found in itertools.chain(
        references(made["outputs"]), *(references([node["args"], node["kwargs"]]) for node in made["nodes"])
    ):
        if found["ref"] == name:
            found.update(source)
    return made


def smaller_nodes(node: Json) -> Iterator[Json]:
    for name in node.get("kwargs", {}):
        yield node | {"kwargs": _without(node["kwargs"], name)}
    if "model" in node:
        for model in smaller_models(node["model"]):
            if len(model["inputs"]) == len(node["model"]["inputs"]):
                yield node | {"model": model}
    for config in smaller_configs(node.get("config", {})):
        yield node | {"config": config}


def smaller_configs(config: Mapping[str, Any]) -> Iterator[Json]:
    """Without each option, with smaller sizes, with smaller parts."""
    for name, value in config.items():
        yield _without(config, name)
        if name in SMALL and value != SMALL[name]:
            yield {**config, name: SMALL[name]}
        if isinstance(value, dict) and isinstance(value.get("layer"), str):
            for part in smaller_configs(value["config"]):
                yield {**config, name: value | {"config": part}}
        if isinstance(value, dict) and "model" in value:
            for model in smaller_models(value["model"]):
                yield {**config, name: {"model": model}}
        if isinstance(value, list) and len(value) > 1 and isinstance(value[0], dict):
            for index in range(len(value)):
                yield {**config, name: value[:index] + value[index + 1 :]}


def smaller_inputs(entry: Json) -> Iterator[Json]:
    if entry.get("open"):
        yield _without(entry, "open")
    for axis, length in enumerate(entry["size"]):
        if length > 1:
            yield entry | {"size": _with(entry["size"], axis, length - 1)}


def _fewer_samples(description: Json, row: int) -> Json:
    made = copy.deepcopy(description)
    made["batch"] -= 1
    for entry in made["model"]["inputs"]:
        if "rows" in entry["fill"]:
            del entry["fill"]["rows"][row]
    return made


def _with(items: list[Any], index: int, item: Any) -> list[Any]:
    return [*items[:index], item, *items[index + 1 :]]


def _without(mapping: Mapping[str, Any], name: str) -> Json:
    return {key: value for key, value in mapping.items() if key != name}
