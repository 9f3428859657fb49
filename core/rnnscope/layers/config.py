"""A layer's configuration, from which options are taken; nothing in it is silently ignored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rnnscope.errors import UnreadableFile, Unsupported
from rnnscope.semantics import Semantics

MAX_SIZE: Final = 2**31 - 1
MAX_NUMBER: Final = 1.7976931348623157e308  # the largest float; a JSON integer has no limit
MISSING: Final = object()

# They shape training or initial values, never what a trained model computes.
TRAINING_ONLY: Final = ("_initializer", "_regularizer", "_constraint")


COMPUTED_DTYPES: Final = ("float32", "float64", "int32", "int64", "int8", "int16", "uint8", "bool")


class Config:
    """Options of one layer. Each is taken once, with its type checked; `finish` refuses by name whatever is left."""

    def __init__(self, values: Mapping[str, object], *, class_name: str, layer: str, semantics: Semantics) -> None:
        self._left = {name: value for name, value in values.items() if not name.endswith(TRAINING_ONLY)}
        self.class_name = class_name
        self.layer = layer
        self.semantics = semantics

    def part(self, values: Mapping[str, object], class_name: str) -> Config:
        """The configuration of a part (a cell, a wrapped layer); errors go on naming the outer layer."""
        return Config(values, class_name=class_name, layer=self.layer, semantics=self.semantics)

    def has(self, name: str) -> bool:
        return name in self._left

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
    """Take a layer's dtype: a name, or the policy object that Keras 3 writes; only types that are computed pass."""
    value = config.take("dtype", "float32")
    if isinstance(value, dict):
        policy = value.get("config")
        value = policy.get("name") if isinstance(policy, dict) and value.get("class_name") == "DTypePolicy" else value
    if not isinstance(value, str) or value not in COMPUTED_DTYPES:
        shown = value.get("class_name") if isinstance(value, dict) else value
        raise Unsupported(
            f"dtype {shown!r} is not computed", layer=config.layer, advice="Save the model in float32 or float64"
        )
    return value
