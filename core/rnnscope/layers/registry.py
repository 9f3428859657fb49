"""The one table from Keras class name to our implementation; a name from a file is only ever looked up here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import TypeVar

from rnnscope.errors import BadInput, Unsupported
from rnnscope.layers.base import Operation, Weights
from rnnscope.layers.config import Config, take_dtype
from rnnscope.types import Shape

LAYERS: dict[str, type[Operation]] = {}
QUANTIZED_LAYERS: dict[str, type[Operation]] = {}
Layered = TypeVar("Layered", bound=Operation)
PACKAGE = "rnnscope."
KERAS_MODULES = ("keras.", "tf_keras.")

# Models that stand inside a model, or inside a wrapper.
MODEL_CLASSES = ("Functional", "Sequential", "Model")

# What to do without a layer that nothing here takes the place of.
HASH = "It needs TensorFlow's hash; use a vocabulary, with StringLookup or IntegerLookup, or feed the model indices"
INSTEAD = {
    "Hashing": HASH,
    "HashedCrossing": HASH,
    "CategoryCrossing": HASH,
    "TextVectorization": "It splits text by TensorFlow's regular expressions; split it before, and give the words to a "
    "StringLookup with the same vocabulary",
}

# Handled by whoever reads the layer, before its own options are taken.
COMMON_OPTIONS = ("name", "batch_shape", "batch_input_shape")


def keras_layer(
    *class_names: str, quantized: bool = False, replace: bool = False
) -> Callable[[type[Layered]], type[Layered]]:
    """Register a class as the implementation of these Keras layers.

    quantized: for layers whose dtype policy quantizes them. replace: whether it may take a built-in's place; without
    that, BadInput is raised.
    """
    table = QUANTIZED_LAYERS if quantized else LAYERS

    def register(kind: type[Layered]) -> type[Layered]:
        for name in class_names:
            check_free(name, kind, table, replace=replace)
            table[name] = kind
        return kind

    return register


def check_free(name: str, kind: type, table: Mapping[str, type], *, replace: bool) -> None:
    """BadInput when `name` is that of a built-in class in `table`, unless it is to be replaced."""
    if name in table and not replace and is_built_in(table[name]):
        raise BadInput(
            f"'{name}' is the name of one of rnnscope's own classes",
            found=f"{kind.__module__}.{kind.__qualname__}",
            advice="Choose another name, or say replace=True",
        )


def is_built_in(kind: type) -> bool:
    """Whether a class comes with rnnscope."""
    return kind.__module__.startswith(PACKAGE)


def is_foreign(entry: Mapping[str, object]) -> bool:
    """Whether ``{"class_name": …, "module": …, "registered_name": …}`` stands for a class that is not Keras's own."""
    class_name, module, registered = (entry.get(key) for key in ("class_name", "module", "registered_name"))
    elsewhere = module is not None and not f"{module}.".startswith(KERAS_MODULES)
    return elsewhere or registered not in (None, class_name) or ">" in str(class_name)


def registered_name(entry: Mapping[str, object], table: Mapping[str, type], layer: str) -> str:
    """The name in `table` for the class of `entry`, without the package that a person's own class was registered in.

    Unsupported when the class is a person's own and nobody has registered it here: a built-in never takes its place.
    """
    class_name = str(entry.get("class_name"))
    name = class_name.rpartition(">")[2]
    if is_foreign(entry) and (name not in table or is_built_in(table[name])):
        raise Unsupported(
            f"the class {class_name} is not one of Keras's own",
            layer=layer,
            advice="Its code is not run; say it in NumPy as docs/extending.md shows, and give that file by --run-code",
        )
    return name


def find_layer(class_name: str, layer: str) -> type[Operation]:
    """The implementation of a Keras layer class; Unsupported, by name, when there is none."""
    if class_name in LAYERS:
        return LAYERS[class_name]
    raise Unsupported(
        f"layers of class {class_name} are not computed",
        layer=layer,
        advice=INSTEAD.get(class_name) or _instead(class_name),
    )


def _instead(class_name: str) -> str:
    """What can be done about a class that nobody computes; of over a hundred names only those that look like it."""
    alike = ", ".join(get_close_matches(class_name, sorted(LAYERS), cutoff=0.75))
    named = f"Alike and supported: {alike}. " if alike else ""
    return f"{named}docs/layers.md lists what is; docs/extending.md says how to add it in NumPy, without Keras"


def find_quantized_layer(class_name: str, mode: str, layer: str) -> type[Operation]:
    """The implementation of a quantized Keras layer class; Unsupported, by name, when there is none."""
    if class_name in QUANTIZED_LAYERS:
        return QUANTIZED_LAYERS[class_name]
    raise Unsupported(
        f"{class_name} quantized to {mode} is not computed",
        layer=layer,
        advice=f"Supported: {', '.join(sorted(QUANTIZED_LAYERS))}; or save the model before quantizing it",
    )


def read_layer(config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Operation:
    """Build the implementation of one layer from its configuration and weights."""
    kind = find_layer(config.class_name, config.layer)
    if config.class_name != "InputLayer":
        take_dtype(config)
    if config.policy is not None and config.policy.quantization:
        kind = find_quantized_layer(config.class_name, config.policy.quantization, config.layer)
    if config.take("trainable", True) is False:
        weights = weights.frozen()
    config.ignore(*COMMON_OPTIONS)
    if config.peek("autocast") is True:  # Keras's own way; it writes it for classes that have no __init__
        config.ignore("autocast")
    operation = kind.read(config, weights, shapes)
    config.finish()
    return operation


def read_inner(config: Config, entry: Mapping[str, object], weights: Weights, shapes: tuple[Shape, ...]) -> Operation:
    """Build a layer that stands inside a wrapper's configuration, as ``{"class_name": …, "config": {…}}``."""
    class_name, values = entry.get("class_name"), entry.get("config")
    if not isinstance(class_name, str) or not isinstance(values, dict):
        raise Unsupported(f"{config.class_name} wraps something that is not a Keras layer", layer=config.layer)
    if class_name in MODEL_CLASSES and config.circumstances.read_model is not None:
        return config.circumstances.read_model(config, entry, weights, shapes)
    name = registered_name(entry, LAYERS, config.layer)
    return read_layer(config.part(values, name), weights, shapes)
