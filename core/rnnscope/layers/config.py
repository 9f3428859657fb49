"""A layer's configuration, from which options are taken; nothing in it is silently ignored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rnnscope.errors import UnreadableFile, Unsupported
from rnnscope.semantics import Semantics
from rnnscope.types import Shape

if TYPE_CHECKING:
    from rnnscope.layers.base import Operation, Weights

MAX_SIZE: Final = 2**31 - 1
MAX_NUMBER: Final = 1.7976931348623157e308  # the largest float; a JSON integer has no limit
MISSING: Final = object()

# They shape training or initial values, never what a trained model computes.
TRAINING_ONLY: Final = ("_initializer", "_regularizer", "_constraint")


FLOATS: Final = ("float32", "float64", "float16", "bfloat16")
INTEGERS: Final = ("int32", "int64", "int8", "int16", "uint8", "uint16", "uint32", "uint64", "bool")
COMPUTED_DTYPES: Final = (*FLOATS, *INTEGERS)
TEXT: Final = "string"  # of inputs, and of what tf-keras calls a StringLookup
MIXED: Final = {"mixed_float16": "float16", "mixed_bfloat16": "bfloat16"}
QUANTIZED: Final = ("int8", "int4")


@dataclass(frozen=True, slots=True)
class Policy:
    """A layer's dtype policy: the type it computes in, and how its weights are quantized.

    `quantization` is "" when they are not, else ``int8``, ``int4``, or ``int4/128`` with the size of a block.
    """

    compute: str = "float32"
    quantization: str = ""


# Builds an operation from a whole model that stands inside a wrapper's configuration.
ModelReader = Callable[["Config", Mapping[str, object], "Weights", tuple[Shape, ...]], "Operation"]


@dataclass(slots=True)
class Circumstances:
    """What every part of one file is read with.

    semantics: the Keras whose rules apply. written_by: the Keras that wrote the file, which decides how options are
        spelled and how weights lie; the same, unless the caller wants another reading.
    notes: remarks for the person who opened the file, collected on the way.
    read_model: reads a model inside a wrapper; it lies with whoever reads graphs.
    bypass_lambda: whether Lambda layers pass their input on, instead of refusing to run.
    """

    semantics: Semantics
    notes: list[str]
    read_model: ModelReader | None = None
    written_by: Semantics | None = None
    bypass_lambda: bool = False


class Config:
    """Options of one layer. Each is taken once, with its type checked; `finish` refuses by name whatever is left."""

    def __init__(
        self,
        values: Mapping[str, object],
        *,
        class_name: str,
        layer: str,
        semantics: Semantics | None = None,
        circumstances: Circumstances | None = None,
    ) -> None:
        self._left = {name: value for name, value in values.items() if not name.endswith(TRAINING_ONLY)}
        self.class_name = class_name
        self.layer = layer
        self.circumstances = circumstances or Circumstances(semantics or Semantics(), [])
        self.policy: Policy | None = None

    @property
    def semantics(self) -> Semantics:
        """The Keras whose rules apply."""
        return self.circumstances.semantics

    @property
    def written_by(self) -> Semantics:
        """The Keras that wrote the file: it decides how weights lie in it."""
        return self.circumstances.written_by or self.circumstances.semantics

    def note(self, text: str) -> None:
        """Leave a remark for the person who opened the file; it names the layer by itself."""
        remark = f"layer '{self.layer}': {text}"
        if remark not in self.circumstances.notes:
            self.circumstances.notes.append(remark)

    def part(self, values: Mapping[str, object], class_name: str) -> Config:
        """The configuration of a part (a cell, a wrapped layer); errors go on naming the outer layer."""
        inner = Config(values, class_name=class_name, layer=self.layer, circumstances=self.circumstances)
        inner.policy = self.policy
        return inner

    def has(self, name: str) -> bool:
        return name in self._left

    def peek(self, name: str) -> object:
        """The option as it stands in the file, still to be taken; None where the key is missing."""
        return self._left.get(name)

    def take(self, name: str, default: object = MISSING) -> object:
        """The option as it stands in the file, or `default` where the key is missing."""
        value = self._left.pop(name, default)
        if value is MISSING:
            raise UnreadableFile(f"{self.class_name} has no option '{name}'", layer=self.layer)
        return value

    def take_int(self, name: str, default: object = MISSING, *, minimum: int = 1) -> int:
        value = self.take(name, default)
        if isinstance(value, bool) or not isinstance(value, int) or not minimum <= value <= MAX_SIZE:
            raise self._wrong(name, f"a whole number from {minimum}", value)
        return value

    def take_float(self, name: str, default: object = MISSING) -> float:
        value = self.take(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > MAX_NUMBER:
            raise self._wrong(name, "a number", value)
        return float(value)

    def take_number(self, name: str, default: object = MISSING) -> float | None:
        """A number, or None."""
        if self._left.get(name, default) is None:
            self.take(name, None)
            return None
        return self.take_float(name, default)

    def take_axis(self, name: str, default: object = MISSING) -> int:
        """One axis, counted from either end; Keras writes some of them in a list of one."""
        value = self.take(name, default)
        value = value[0] if isinstance(value, list) and len(value) == 1 else value
        if isinstance(value, bool) or not isinstance(value, int):
            raise self._wrong(name, "one axis", value)
        return value

    def take_bool(self, name: str, default: object = MISSING) -> bool:
        value = self.take(name, default)
        if not isinstance(value, bool):
            raise self._wrong(name, "true or false", value)
        return value

    def take_mapping(self, name: str) -> Mapping[str, object]:
        value = self.take(name)
        if not isinstance(value, dict):
            raise self._wrong(name, "an object", value)
        return value

    def refuse(self, name: str, *harmless: object, advice: str) -> None:
        """Take an option that the engine honours only when it is missing or one of `harmless`."""
        value = self.take(name, None)
        if value is not None and value not in harmless:
            raise Unsupported(
                f"{self.class_name} with {name}={value!r} is not computed", layer=self.layer, advice=advice
            )

    def ignore(self, *names: str) -> None:
        """Drop options that change training, dropout rates or speed, never the numbers at inference."""
        for name in names:
            self._left.pop(name, None)

    def finish(self) -> None:
        """Refuse by name any option that nobody took."""
        left = sorted(self._left)
        if left:
            raise Unsupported(
                f"{self.class_name} has {'an option' if len(left) == 1 else 'options'} this version does not know: "
                f"{', '.join(left)}",
                layer=self.layer,
                advice="Its effect on the numbers is unknown, so the layer is not computed",
            )

    def _wrong(self, name: str, expected: str, found: object) -> UnreadableFile:
        return UnreadableFile(
            f"{self.class_name} option '{name}' is not usable", layer=self.layer, expected=expected, found=repr(found)
        )


def take_dtype(config: Config) -> str:
    """Take a layer's dtype, a name or the policy object that Keras writes; returns the type that it computes in.

    The policy stays in ``config.policy``. A part of a layer computes as the layer does; another type there is refused.
    The Keras inside TensorFlow 1 wrote down the type of a wrapper's input: whole numbers say nothing of its parts.
    """
    outer = config.policy if config.policy is None or config.policy.compute in FLOATS else Policy()
    value = config.take("dtype", None)
    value = None if value == TEXT and config.class_name == "StringLookup" else value
    policy = (outer or Policy()) if value is None else _policy(value, config)
    # Parts that count in whole numbers, as lookups do, have no floating-point type of their own.
    if outer is not None and policy.compute in FLOATS and policy.compute != outer.compute:
        raise Unsupported(
            f"a part that computes in {policy.compute} inside a layer that computes in {outer.compute} is not computed",
            layer=config.layer,
        )
    config.policy = policy
    return policy.compute


def dtype_policy(value: object) -> Policy | None:
    """The policy that a ``dtype`` option stands for; None when it is not one that is computed."""
    match value:
        case {"class_name": "DTypePolicy" | "Policy" | "PolicyV1" | "FloatDTypePolicy", "config": {"name": name}}:
            return dtype_policy(name)
        case {
            "class_name": "QuantizedDTypePolicy" | "Int8DTypePolicy" | "Int4DTypePolicy",
            "config": {"mode": str(mode), "source_name": str(source)},
        }:
            return dtype_policy(f"{mode}_from_{source}")
        case {"class_name": "QuantizedDTypePolicy", "config": {"name": str(name)}}:
            return dtype_policy(name)
        case str(name) if name in COMPUTED_DTYPES:
            return Policy(name)
        case str(name) if name in MIXED:
            return Policy(MIXED[name])
        case str(name) if name.partition("_from_")[0].partition("/")[0] in QUANTIZED:
            mode, _, source = name.partition("_from_")
            computed = dtype_policy(source)
            return None if computed is None else Policy(computed.compute, mode)
    return None


def _policy(value: object, config: Config) -> Policy:
    policy = dtype_policy(value)
    if policy is not None:
        return policy
    shown = value.get("config", value.get("class_name")) if isinstance(value, dict) else value
    raise Unsupported(
        f"dtype {shown!r} is not computed",
        layer=config.layer,
        advice=f"Computed: {', '.join((*FLOATS, *MIXED))}, and int8 or int4 from these",
    )
