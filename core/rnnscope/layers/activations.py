"""Activations as options of a layer: which function a name or an object in a file stands for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rnnscope.errors import Unsupported
from rnnscope.layers.config import Config, take_dtype
from rnnscope.layers.nonlinearities import ACTIVATIONS
from rnnscope.semantics import Semantics
from rnnscope.types import Array, Shape

# Keras's names that stand for two functions; `ACTIVATIONS` has one name for each.
OF_TWO_MEANINGS = ("hard_sigmoid", "hard_silu", "hard_swish")
OLDER, NEWER = "_keras2", "_keras3"


@dataclass(frozen=True, slots=True)
class Activation:
    """An activation known by its name in `ACTIVATIONS`; picklable, because it carries the name and not the function."""

    name: str
    options: tuple[tuple[str, object], ...] = ()

    def __call__(self, x: Array) -> Array:
        return ACTIVATIONS[self.name](x, **dict(self.options))

    @property
    def keras_name(self) -> str:
        """The name that Keras knows it by."""
        return self.name.removesuffix(OLDER).removesuffix(NEWER)

    @property
    def label(self) -> str:
        return "" if self.name == "linear" else f" {self.keras_name}"

    def shape_of(self, shape: Shape) -> Shape:
        """The shape of the output for an input of `shape`; glu halves the last axis."""
        if self.name != "glu":
            return shape
        return (*shape[:-1], None if shape[-1] is None else shape[-1] // 2)


# Keras's activation layers: the activation behind each, and the options it takes with their defaults.
LAYER_FORMS: dict[str, tuple[str, Mapping[str, object]]] = {
    "ReLU": ("relu", {"max_value": None, "negative_slope": 0.0, "threshold": 0.0}),
    "LeakyReLU": ("leaky_relu", {"negative_slope": 0.3}),
    "ELU": ("elu", {"alpha": 1.0}),
    "ThresholdedReLU": ("thresholded_relu", {"theta": 1.0}),
    "Softmax": ("softmax", {"axis": -1}),
}
EARLIER_OPTIONS = {("LeakyReLU", "negative_slope"): "alpha"}

# What each Keras has by itself. Any other name in its files stands for a user's own function.
KERAS_1 = frozenset({"softmax", "elu", "softplus", "softsign", "relu", "tanh", "sigmoid", "hard_sigmoid", "linear"})
KERAS_2 = KERAS_1 | {"selu", "exponential"}
TF_KERAS = KERAS_2 | {"swish", "gelu", "mish", "leaky_relu"}  # the last from tf.nn, with a slope of 0.2
KERAS_3 = frozenset(name.removesuffix(OLDER).removesuffix(NEWER) for name in ACTIVATIONS) - {"thresholded_relu"}

# Functions of users that can only mean one thing; gelu, leaky_relu or hard_swish could be any of several.
OF_ONE_MEANING = {
    "relu6": "relu6",
    "swish": "silu",
    "silu": "silu",
    "mish": "mish",
    "selu": "selu",
    "exponential": "exponential",
    "softmax_v2": "softmax",
    "log_softmax": "log_softmax",
    "log_softmax_v2": "log_softmax",
    "log_sigmoid": "log_sigmoid",
}


def take_activation(config: Config, option: str = "activation", default: str = "linear") -> Activation:
    """Take an activation option: a name, None for linear, or the objects that Keras writes for functions and layers.

    Raises Unsupported, by name, for a function that is not one of the Keras that wrote the file.
    """
    value = config.take(option, default)
    found = _from_object(config, value) if isinstance(value, dict) else _by_name(config, value)
    if found is not None:
        return found
    raise Unsupported(
        f"{config.class_name} with {option}={_shown(value)!r} is not computed",
        layer=config.layer,
        advice=f"Supported activations: {', '.join(sorted(_own_names(config.written_by)))}",
    )


def take_layer_form(config: Config) -> Activation:
    """Take the options of an activation layer such as LeakyReLU."""
    name, defaults = LAYER_FORMS[config.class_name]
    options: dict[str, object] = {}
    for option, default in defaults.items():
        earlier = EARLIER_OPTIONS.get((config.class_name, option), option)
        key = earlier if config.has(earlier) else option
        options[option] = take_axes(config) if option == "axis" else take_stored_number(config, key, default)
    config.ignore("robust_masking")
    return Activation(name, tuple(options.items()))


def take_axes(config: Config) -> int | tuple[int, ...]:
    """Take ``axis``: one axis, or several in a list."""
    value = config.take("axis", -1)
    given = value if isinstance(value, list) else [value]
    axes = tuple(axis for axis in given if isinstance(axis, int) and not isinstance(axis, bool))
    if not axes or len(axes) < len(given):
        raise Unsupported(f"{config.class_name} with axis={value!r} is not computed", layer=config.layer)
    return axes[0] if len(axes) == 1 else axes


def take_stored_number(config: Config, option: str, default: object) -> float | None:
    """A number or None; Keras 2.2 wrote some of them as ``{"type": "ndarray", "value": …}``."""
    value = config.take(option, default)
    plain = value["value"] if isinstance(value, dict) and set(value) == {"type", "value"} else value
    return config.part({option: plain}, config.class_name).take_number(option)


def _own_names(semantics: Semantics) -> frozenset[str]:
    if semantics.is_keras3:
        return KERAS_3
    if semantics.is_tf_keras:
        return TF_KERAS
    return KERAS_1 if semantics.is_keras1 else KERAS_2


def _by_name(config: Config, value: object) -> Activation | None:
    if value is None:
        return Activation("linear")
    if not isinstance(value, str):
        return None
    if value not in _own_names(config.written_by):
        return Activation(OF_ONE_MEANING[value]) if value in OF_ONE_MEANING else None
    if value not in OF_TWO_MEANINGS:
        return Activation(value)
    return Activation(value + (NEWER if config.semantics.hard_sigmoid_is_relu6 else OLDER))


def _from_object(config: Config, value: Mapping[str, object]) -> Activation | None:
    class_name, options = value.get("class_name"), value.get("config")
    if class_name == "function":
        return _by_name(config, options) if options is not None else None
    if not isinstance(class_name, str) or not isinstance(options, dict) or not _is_keras_own(value, class_name):
        return None
    if class_name != "Activation" and class_name not in LAYER_FORMS:
        return None
    part = config.part(options, class_name)
    take_dtype(part)
    part.ignore("name", "trainable", "batch_input_shape")
    activation = take_activation(part) if class_name == "Activation" else take_layer_form(part)
    part.finish()
    return activation


def _is_keras_own(value: Mapping[str, object], class_name: str) -> bool:
    module = value.get("module")
    from_keras = module is None or (isinstance(module, str) and module.split(".")[0] in ("keras", "tf_keras"))
    return from_keras and value.get("registered_name") in (None, class_name)


def _shown(value: object) -> object:
    """What a reader knows it by: a function's own name, an object's class."""
    if not isinstance(value, dict):
        return value
    inner = value.get("config")
    return inner if value.get("class_name") == "function" and isinstance(inner, str) else value.get("class_name")
