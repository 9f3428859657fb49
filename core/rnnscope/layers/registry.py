"""The one table from Keras class name to our implementation; a name from a file is only ever looked up here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from rnnscope.errors import Unsupported
from rnnscope.layers.base import Operation, Weights
from rnnscope.layers.config import Config, take_dtype
from rnnscope.types import Shape

LAYERS: dict[str, type[Operation]] = {}
Kind = TypeVar("Kind", bound=type[Operation])

# Models that stand inside a model, or inside a wrapper.
MODEL_CLASSES = ("Functional", "Sequential", "Model")

# Handled by whoever reads the layer, before its own options are taken.
COMMON_OPTIONS = ("name", "trainable", "batch_shape", "batch_input_shape")


def keras_layer(*class_names: str) -> Callable[[Kind], Kind]:
    """Register a class as the implementation of these Keras layers."""

    def register(kind: Kind) -> Kind:
        for name in class_names:
            LAYERS[name] = kind
        return kind

    return register


def find_layer(class_name: str, layer: str) -> type[Operation]:
    """The implementation of a Keras layer class; Unsupported, by name, when there is none."""
    if class_name in LAYERS:
        return LAYERS[class_name]
    raise Unsupported(
        f"layers of class {class_name} are not computed",
        layer=layer,
        advice=f"Supported: {', '.join(sorted(LAYERS))}",
    )


def read_layer(config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Operation:
    """Build the implementation of one layer from its configuration and weights."""
    kind = find_layer(config.class_name, config.layer)
    if config.class_name != "InputLayer":
        take_dtype(config)
    config.ignore(*COMMON_OPTIONS)
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
    return read_layer(config.part(values, class_name), weights, shapes)
