"""A model's architecture as any Keras writes it: one form for all, and which Keras it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from rnnscope.errors import BadInput, UnreadableFile
from rnnscope.layers.config import Circumstances
from rnnscope.layers.registry import MODEL_CLASSES
from rnnscope.reading.dialects import to_keras3
from rnnscope.reading.entries import Graph
from rnnscope.reading.graph import read_graph
from rnnscope.reading.json_text import parse_json
from rnnscope.reading.nesting import flattened
from rnnscope.semantics import BACKENDS, Semantics

OLDEST = "1.2.2"  # the last of Keras 1, whose model files may not say a version
KERAS2 = "2.2.4"  # of Keras 2, before it belonged to TensorFlow
TF_KERAS = "2.15.0"
# Keys of configurations: what no older Keras wrote.
MARKS: tuple[tuple[str, frozenset[str]], ...] = (
    (Semantics().keras_version, frozenset({"batch_shape"})),
    (TF_KERAS, frozenset({"ragged", "time_major"})),
    (KERAS2, frozenset({"kernel_initializer", "embeddings_initializer", "units", "filters", "data_format"})),
)


@dataclass(frozen=True, slots=True, eq=False)
class Architecture:
    """A model without its weights.

    tree: the configuration as the file holds it. version, backend: the Keras that it names; None where it does not.
    """

    tree: object
    version: object = None
    backend: object = None

    def or_else(self, version: object, backend: object) -> Architecture:
        """This one, with what another file says where this one says nothing."""
        return replace(
            self,
            version=version if self.version is None else self.version,
            backend=backend if self.backend is None else self.backend,
        )

    @property
    def likely_version(self) -> str:
        """The Keras that its options are those of, for files that name no version."""
        if isinstance(self.tree, dict) and str(self.tree.get("module")).split(".")[0] == "keras":
            return Semantics().keras_version
        keys = frozenset(_keys(self.tree))
        return next((version for version, marks in MARKS if keys & marks), OLDEST)


def _keys(tree: object) -> Iterator[str]:
    """Every key of every mapping in a tree."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Mapping):
            yield from map(str, node)
            waiting += node.values()
        elif isinstance(node, list | tuple):
            waiting += node


def parse_architecture(text: str | bytes, file: str) -> Architecture:
    """An architecture from JSON, also from JSON inside a JSON string."""
    tree = parse_json(text, file)
    if isinstance(tree, str):
        tree = parse_json(tree, file)
    if isinstance(tree, list):
        tree = {"class_name": "Sequential", "config": tree}
    elif isinstance(tree, dict) and "class_name" not in tree and isinstance(tree.get("layers"), list):
        tree = {"class_name": "Functional" if "output_layers" in tree else "Sequential", "config": tree}
    if not isinstance(tree, dict) or "class_name" not in tree:
        raise UnreadableFile("not a Keras model", expected="a model's configuration", found=type(tree).__name__)
    return Architecture(tree, tree.get("keras_version"), tree.get("backend"))


class Reading(NamedTuple):
    """The rules that a file is read by, the Keras that wrote it, and what becomes of its Lambda layers."""

    semantics: Semantics
    written_by: Semantics
    bypass_lambda: bool = False

    def circumstances(self, notes: list[str]) -> Circumstances:
        """What every layer of the file is read with."""
        return Circumstances(self.semantics, notes, written_by=self.written_by, bypass_lambda=self.bypass_lambda)


def reading_of(architecture: Architecture, keras_version: str | None, backend: str | None, notes: list[str]) -> Reading:
    """Whose rules apply: the caller's choice, else the file's own word, else what its form tells.

    A backend that is not known here computes as TensorFlow does, and a remark in `notes` says so.
    """
    version = architecture.likely_version if architecture.version is None else architecture.version
    if architecture.version is None and keras_version is None:
        notes.append(f"the file does not say which Keras wrote it; it is read as Keras {version}")
    stated = architecture.backend
    if not isinstance(version, str) or not isinstance(stated, str | None):
        raise UnreadableFile("the file's Keras version or backend is not text", found=repr((version, stated))[:80])
    if stated is not None and stated not in BACKENDS:
        notes.append(f"the backend '{stated}' is taken to compute as TensorFlow does")
        stated = None
    try:
        own = Semantics(version, stated or "tensorflow")
    except BadInput as error:
        raise UnreadableFile("the file's Keras is unknown", expected=error.expected, found=error.found) from None
    return Reading(Semantics(keras_version or own.keras_version, backend or own.backend), own)


def graph_of(architecture: Architecture) -> tuple[Graph, str, str]:
    """The graph with nested models put into it, the model's class, and its name."""
    tree = to_keras3(architecture.tree)
    match tree:
        case {"class_name": str(class_name), "config": dict(options)}:
            name = options.get("name", class_name.lower())
            if not isinstance(name, str) or not name:
                raise UnreadableFile("the model's name is not usable", found=repr(name)[:80])
            if class_name not in MODEL_CLASSES or "layers" in options:
                return flattened(read_graph(class_name, _plain(options))), class_name, name
    raise UnreadableFile("the model configuration has no class or no layers")


def _plain(options: Mapping[object, object]) -> dict[str, object]:
    return {str(key): value for key, value in options.items()}
