"""One row of the table of operations: our function, its names in Keras 3 and TensorFlow, its types and its shape."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from rnnscope.layers.ops.shapes import broadcast
from rnnscope.types import Array

# How the tensor arguments of an operation find a type:
# common  the least type that holds them all, Keras 3's rule (`rnnscope.layers.ops.types`)
# float   the same, and whole numbers become floats
# first   constants take the type of the first tensor, TensorFlow's rule
# own     each keeps its own
Typing = Literal["common", "float", "first", "own"]
Function = Callable[..., Any]

# Arguments whose type never mixes with that of the others.
APART = ("condition", "indices", "key", "condlist", "mask", "lengths", "start_indices", "q")


class Computing(Protocol):
    """What of a rule is needed to compute it; see `Rule`."""

    @property
    def function(self) -> Function: ...
    @property
    def typing(self) -> str: ...
    @property
    def tensors(self) -> tuple[str, ...]: ...
    @property
    def mixed(self) -> tuple[str, ...]: ...
    @property
    def broadcasts(self) -> bool: ...
    @property
    def decides(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class Rule:
    """How one operation of one Keras is computed.

    name: the class in Keras 3, or the name in TensorFlow.
    function: takes NumPy arrays and options by name; gives one array or a tuple of them.
    parameters: the names of the call's arguments in the file, in order → the parameters of `function`.
    options: the names of the other options in the file → the parameters of `function`.
    many: the call's positional arguments are all one, a list.
    shape: as `function`, but with `rnnscope.layers.ops.shapes.Dims` in place of arrays; None: it is tried on zeros.
    decides: `function` is handed `decide`, through which its discrete decisions go.
    preset: options that are the same in every call.
    """

    name: str
    function: Function
    parameters: Mapping[str, str]
    options: Mapping[str, str]
    typing: Typing = "own"
    shape: Function | None = None
    decides: bool = False
    many: bool = False
    preset: Mapping[str, object] = field(default_factory=dict)

    @property
    def tensors(self) -> tuple[str, ...]:
        """The parameters in which tensors stand."""
        return tuple(self.parameters.values())

    @property
    def mixed(self) -> tuple[str, ...]:
        """The tensor parameters that share a type."""
        return tuple(name for name in self.tensors if name not in APART)

    @property
    def broadcasts(self) -> bool:
        """Whether the arguments are laid over one another; a number among them is then one that the model knows."""
        return self.shape is broadcast


@dataclass(frozen=True, slots=True)
class Row:
    """One operation under all its names, for the table and for the documentation made from it."""

    keras: Rule | None
    tensorflow: tuple[Rule, ...]

    @property
    def function(self) -> Function:
        return (self.keras or self.tensorflow[0]).function


def row(
    keras: str,
    call: str,
    function: Function,
    typing: Typing = "common",
    *,
    tf: str = "",
    tf_call: str | None = None,
    tf_typing: Typing = "first",
    shape: Function | None = None,
    decides: bool = False,
    preset: Mapping[str, object] | None = None,
    tf_preset: Mapping[str, object] | None = None,
) -> Row:
    """Declare one operation.

    keras: its class in Keras 3, "" where Keras 3 has none.
    call: the names of its call's arguments, then ``|``, then those of its options; ``theirs=ours`` where the parameter
        of `function` is called otherwise, ``*`` before an argument that takes all of them.
    tf, tf_call: the same for TensorFlow, several names divided by spaces; `call` where `tf_call` is not given.
    typing: Keras 3's; TensorFlow's, `tf_typing`, is "first" nearly everywhere.
    """
    many, parameters, options = _parsed(call)
    rule = Rule(keras, function, parameters, options, typing, shape, decides, many, preset or {})
    tf_many, tf_parameters, tf_options = _parsed(call if tf_call is None else tf_call)
    others = tuple(
        Rule(name, function, tf_parameters, tf_options, tf_typing, shape, decides, tf_many, tf_preset or preset or {})
        for name in tf.split()
    )
    return Row(rule if keras else None, others)


def _parsed(call: str) -> tuple[bool, dict[str, str], dict[str, str]]:
    tensors, _, options = call.partition("|")
    many = tensors.strip().startswith("*")
    return many, _names(tensors.replace("*", "")), _names(options)


def _names(words: str) -> dict[str, str]:
    pairs = [word.partition("=") for word in words.split()]
    return {theirs: ours or theirs for theirs, _, ours in pairs}


def as_tuple(result: Array | tuple[Array, ...]) -> tuple[Array, ...]:
    """What a rule's function gave, as a tuple of arrays."""
    return result if isinstance(result, tuple) else (result,)
