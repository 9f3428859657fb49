"""Writes ``docs/layers.md``: every layer that is computed, its options, and the oracles it was held against.

The list comes from the registry and the options from the layers' own readers, watched while they read the golden files;
the oracles from the golden files' records and from ``tests/oracles.json``. That file grows with ``--parity FILE``, what
``make parity`` wrote of the layers it checked, and ``--real FOLDER``, real files with their own Keras's word on them.
"""

from __future__ import annotations

import argparse
import inspect
import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import numpy as np

import rnnscope
from rnnscope.errors import RnnscopeError
from rnnscope.layers import LAYERS
from rnnscope.layers.cells import CELLS
from rnnscope.layers.config import Config
from rnnscope.layers.registry import COMMON_OPTIONS, is_built_in

ROOT = Path(__file__).parents[1]
PAGE, GOLDEN, ORACLES = ROOT / "docs" / "layers.md", ROOT / "tests" / "golden", ROOT / "tests" / "oracles.json"
TITLES = {"tensorflow": "TF", "jax": "JAX"}
HEAD = """# Every layer that is computed

Made from the registry by `make layers`; do not edit. *Options* are taken and change the numbers; options *for training
only*, or for speed, are accepted and change nothing at inference. An option that stands in neither column is refused by
name. *Held against* says which real Keras computed the numbers that the layer is tested with: TF and JAX are Keras 3 on
these backends, tf-keras and Keras 2 are those of TensorFlow and before, and *real files* were saved by strangers with
Keras 1.1 to 2.2.
"""


class Options:
    """What the readers of one class did with the options of its configuration."""

    def __init__(self) -> None:
        self.taken: set[str] = set()
        self.ignored: set[str] = set()

    def told(self) -> tuple[str, str]:
        common = {*COMMON_OPTIONS, "dtype"}
        taken = sorted(self.taken - common)
        return _code(taken), _code(sorted(self.ignored - self.taken - common))


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parity", type=Path, metavar="FILE")
    parser.add_argument("--real", type=Path, metavar="FOLDER")
    options = parser.parse_args(arguments)
    if options.parity is not None or options.real is not None:
        learn(options.parity, options.real)
    PAGE.write_text(written(), encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)}: {len(LAYERS)} layers, {len(CELLS)} cells")
    return 0


def learn(parity: Path | None, real: Path | None) -> None:
    """Add to ``tests/oracles.json`` what these say of the layers that agreed."""
    known: dict[str, set[str]] = defaultdict(set)
    for name, already in known_oracles().items():
        known[name] |= set(already)
    if parity is not None:
        for name, oracles in json.loads(parity.read_text(encoding="utf-8")).items():
            known[name] |= {TITLES.get(oracle, oracle) for oracle, cases in oracles.items() if cases}
    if real is not None:
        for entry in json.loads((real / "index.json").read_text(encoding="utf-8")):
            for name in entry["classes"]:
                known[name].add("real files")
    told = {name: sorted(known[name]) for name in sorted(known) if name in built_in()}
    ORACLES.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


def known_oracles() -> dict[str, list[str]]:
    found: dict[str, list[str]] = json.loads(ORACLES.read_text(encoding="utf-8")) if ORACLES.exists() else {}
    return found


def written() -> str:
    """The whole page."""
    options, oracles = observed()
    parts = [HEAD]
    for title, kinds in rooms().items():
        parts.append(f"\n## {title}\n\n| layer | options | for training only | held against |\n|---|---|---|---|")
        for name in sorted(kinds):
            taken, ignored = options[name].told()
            parts.append(f"| {name} | {taken} | {ignored} | {', '.join(sorted(oracles[name])) or '–'} |")
    return "\n".join(parts) + "\n"


def built_in() -> dict[str, type]:
    """Layers and cells that come with the program; a process may have registered others."""
    return {name: kind for name, kind in {**LAYERS, **CELLS}.items() if is_built_in(kind)}


def rooms() -> dict[str, list[str]]:
    """The classes by the module that computes them, under the first sentence of its docstring."""
    found: dict[str, list[str]] = defaultdict(list)
    for name, kind in built_in().items():
        module = inspect.getmodule(kind)
        words = (inspect.getdoc(module) or kind.__module__).splitlines()[0].rstrip(".")
        found[words].append(name)
    return dict(sorted(found.items()))


def observed() -> tuple[dict[str, Options], dict[str, set[str]]]:
    """By class: the options that its reader saw, and the Kerases whose numbers it was held against."""
    options: dict[str, Options] = defaultdict(Options)
    oracles: dict[str, set[str]] = defaultdict(set)
    for name, told in known_oracles().items():
        oracles[name] |= set(told)
    for path in sorted(GOLDEN.rglob("*")):
        if path.suffix in (".keras", ".h5"):
            with watching() as seen:
                try:
                    rnnscope.load_model(path)
                except RnnscopeError:
                    continue
            for name, found in seen.items():
                options[name].taken |= found.taken
                options[name].ignored |= found.ignored
                oracles[name] |= recorded_by(path)
    return options, oracles


def recorded_by(path: Path) -> set[str]:
    """Which Keras recorded a golden case."""
    if path.parent.name == "keras2":
        return {"tf-keras"}
    with np.load(path.with_name(f"{path.stem}.keras.npz")) as stored:
        meta = json.loads(str(stored["meta"])) if "meta" in stored else {}
    version = str(meta.get("keras_version", ""))
    if version.startswith("2."):
        return {"tf-keras"}
    backend = str(meta.get("backend"))
    return {TITLES.get(backend, backend)}


@contextmanager
def watching() -> Iterator[dict[str, Options]]:
    """Note every option that is taken from a configuration, by the class that takes it."""
    seen: dict[str, Options] = defaultdict(Options)
    take, ignore = Config.take, Config.ignore

    def watched_take(self: Config, name: str, *default: object) -> object:
        seen[self.class_name].taken.add(name)
        return take(self, name, *default)

    def watched_ignore(self: Config, *names: str) -> None:
        seen[self.class_name].ignored |= set(names)
        ignore(self, *names)

    patched = cast(Any, Config)
    patched.take, patched.ignore = watched_take, watched_ignore
    try:
        yield seen
    finally:
        patched.take, patched.ignore = take, ignore


def _code(names: list[str]) -> str:
    return " ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
