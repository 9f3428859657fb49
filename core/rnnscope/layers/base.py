"""What a layer is to the engine: options and weights in fields, one `call`, and how it treats a mask."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Protocol, Self, TypeVar

import numpy as np

from rnnscope.context import Context
from rnnscope.layers.config import Config
from rnnscope.semantics import Semantics
from rnnscope.types import Array, Mask, Shape

if TYPE_CHECKING:
    from rnnscope.graph import Network

Operated = TypeVar("Operated")


class Weights(Protocol):
    """A layer's stored weights in file order, each checked against its expected shape before it is read."""

    def at(self, part: str) -> Weights:
        """The weights of a part such as ``cell`` or ``forward_layer``."""
        ...

    def each(self, part: str, class_names: Sequence[str]) -> Sequence[Weights]:
        """The weights of each member of a list, such as stacked cells of these classes."""
        ...

    def take(self, name: str, shape: tuple[int, ...], *, trainable: bool = True) -> Array:
        """The next weight; ShapeMismatch names the layer and `name` when the file holds another shape."""
        ...

    def frozen(self) -> Weights:
        """These weights as those of a layer, or a part of one, that is not trained."""
        ...

    def peek_shape(self) -> tuple[int, ...] | None:
        """The shape of the weight that `take` would read next; None when there is none."""
        ...

    def named_shape(self, name: str) -> tuple[int, ...] | None:
        """The shape of the weight that is stored under this very name, which `take` then reads; None without one."""
        ...

    def text(self, name: str) -> str | None:
        """The text file of this name that the layer keeps beside its weights; None when there is none."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Arguments:
    """One call's arguments, masks already chosen.

    tensors: the tensors of the arguments that the class names in `tensor_arguments`, in order; of all arguments for a
        bare operation.
    mask: the mask that the layer is to use, or None.
    incoming: the mask that travels with the first tensor (or was passed by hand), whether or not the layer uses it.
    masks: the mask that travels with each tensor, or was passed by hand for it.
    keywords: the other arguments by their Keras names; tensors in them as arrays, lists of tensors as tuples of arrays.
    """

    tensors: tuple[Array, ...]
    mask: Mask | None = None
    incoming: Mask | None = None
    masks: tuple[Mask | None, ...] = ()
    keywords: Mapping[str, object] = field(default_factory=dict)
    layer: str = ""

    @property
    def x(self) -> Array:
        return self.tensors[0]

    @property
    def initial_state(self) -> tuple[Array, ...] | None:
        """The states that the caller gave, nested lists of them flattened; None when there are none."""
        given = self.keywords.get("initial_state")
        return None if given is None else tuple(arrays_in(given))


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """What a call returns: outputs with the mask that travels with each, and recorded states and gates.

    parts: the results of the calls inside, by key, when the layer wraps a whole model.
    final: state name → the state after the last processed step, where a stateful layer would go on.
    """

    outputs: tuple[Array, ...]
    masks: tuple[Mask | None, ...] = (None,)
    states: Mapping[str, Array] = field(default_factory=dict)
    gates: Mapping[str, Array] = field(default_factory=dict)
    mask: Mask | None = None
    parts: Mapping[str, Result] = field(default_factory=dict)
    final: Mapping[str, Array] = field(default_factory=dict)


class Operation(ABC):
    """A layer's arithmetic. Subclasses are frozen dataclasses whose array fields are the weights.

    takes_mask: whether Keras hands the layer its input's mask.
    tensor_arguments: the call arguments whose tensors arrive in `Arguments.tensors`, in Keras's order.
    call_arguments: all call arguments that the layer understands, in Keras's positional order.
    rounds_weights: whether Keras casts the weights to a 16-bit compute type before they are used.
    narrows_input: whether Keras casts floating-point inputs to a 16-bit compute type; it spares indices.
    """

    __slots__ = ()
    takes_mask: ClassVar[bool] = False
    tensor_arguments: ClassVar[tuple[str, ...]] = ("inputs",)
    call_arguments: ClassVar[tuple[str, ...]] = ("inputs", "mask")
    rounds_weights: ClassVar[bool] = True
    narrows_input: ClassVar[bool] = True

    @property
    def label(self) -> str:
        """What a reader wants to see behind the class name; starts with a space or a bracket."""
        return ""

    @property
    def keeps_integers(self) -> bool:
        """Whether integers and booleans go in as they are; elsewhere Keras's arithmetic turns them into floats."""
        return False

    @property
    def takes_text(self) -> bool:
        """Whether text may go in; everywhere else it is refused before the layer is called."""
        return False

    @property
    def recurrent_steps(self) -> int:
        """How many recurrences run over the time axis; what progress is counted in."""
        return 0

    @property
    def repeated_parameters(self) -> int:
        """How many of the weights taken only repeat others, and do not count."""
        return 0

    @property
    def network(self) -> Network | None:
        """The graph inside, when the layer wraps a whole model; its calls are recorded as ``key/inner``."""
        return None

    def unmasks(self, semantics: Semantics) -> bool:
        """Whether a call takes the masks off its tensors, for all who read them afterwards."""
        return False

    @classmethod
    @abstractmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        """Take every option and every weight; `shapes` are the inputs' shapes, batch first."""

    @abstractmethod
    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        """The shape of each output, batch first, None for sizes known only when it runs."""

    def call_shapes(self, shapes: tuple[Shape, ...], keywords: Mapping[str, object]) -> tuple[Shape, ...]:
        """`output_shapes` of a call with these keywords, where they matter."""
        return self.output_shapes(shapes)

    @abstractmethod
    def call(self, arguments: Arguments, context: Context) -> Result:
        """Compute the layer."""


class Pointwise(Operation):
    """One tensor in, one tensor out; whether its mask passes on is `passes_mask`."""

    __slots__ = ()
    passes_mask: ClassVar[bool] = True

    @abstractmethod
    def apply(self, x: Array) -> Array:
        """The output for input `x`, both batch first."""

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        return shapes[:1]

    def call(self, arguments: Arguments, context: Context) -> Result:
        passed = arguments.incoming if self.passes_mask else None
        return Result((self.apply(arguments.x),), (passed,))


def arrays_in(value: object) -> Iterator[Array]:
    """Every array in nested tuples and lists, in order."""
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, tuple | list):
        for item in value:
            yield from arrays_in(item)


def map_weights(operation: Operated, change: Callable[[Array], Array]) -> Operated:
    """A copy of `operation` with `change` applied to every weight inside it, parts included."""
    changed: dict[str, object] = {}
    for part in fields(operation):  # type: ignore[arg-type]
        value = getattr(operation, part.name)
        if isinstance(value, np.ndarray):
            changed[part.name] = change(value)
        elif is_dataclass(value) and not isinstance(value, type):
            changed[part.name] = map_weights(value, change)
        elif isinstance(value, tuple) and any(is_dataclass(item) for item in value):
            changed[part.name] = tuple(map_weights(item, change) if is_dataclass(item) else item for item in value)
    return replace(operation, **changed) if changed else operation  # type: ignore[type-var]
