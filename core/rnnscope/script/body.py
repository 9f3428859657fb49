"""A graph of calls written as the body of a function, layer by layer in the order of execution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from rnnscope.graph import Call, Tensor
from rnnscope.layers.ops.bare import BareOperation
from rnnscope.layers.submodel import NestedModel
from rnnscope.script.code import Paragraph, Statement, Variable
from rnnscope.script.module import Module
from rnnscope.script.names import identifier, type_name
from rnnscope.script.observe import Observed, Seen
from rnnscope.script.remaining import write_remaining
from rnnscope.script.rounding import finishing, rounding
from rnnscope.script.templates import template_of
from rnnscope.script.use import NotReadable, Use
from rnnscope.semantics import Semantics
from rnnscope.types import Array


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """A tensor of the graph: its variable, its mask's, and what the sample tells of it.

    dtype: its type between the layers. array: the very array of the run, by which it is known under other names.
    rounded: the 16-bit type whose numbers alone it holds, or "".
    """

    variable: Variable
    mask: Variable | None
    dtype: np.dtype[np.generic]
    array: object
    rounded: str = ""


@dataclass(slots=True, eq=False)
class Body:
    """Writes calls one by one. `read` are the tensors that anybody reads."""

    module: Module
    observed: Observed
    semantics: Semantics
    read: frozenset[Tensor]
    values: dict[Tensor, Held] = field(default_factory=dict)
    paragraphs: list[Paragraph] = field(default_factory=list)

    def enter(self, call: Call, variable: Variable, mask: Variable | None = None) -> None:
        """The tensor that comes in from outside, through an InputLayer."""
        seen = self.observed.take(call)
        array, made = seen.arguments.x, seen.result.outputs[0]
        source = Held(variable, mask, array.dtype, array, "float16" if array.dtype == np.float16 else "")
        use = self._use(call, seen, (variable,), (mask,))
        if made is not array:
            use.define(use.output, self._typed(source, made))
        self._keep(call, use, [source], ())

    def write(self, call: Call) -> None:
        """Write one call; what it gives is then in `values`."""
        seen = self.observed.take(call)
        held = [self.values[tensor] for tensor in call.inputs]
        use = self._use(call, seen, (), self._masks(call, held))
        use.tensors = tuple(
            self._cast(use, one, array) for one, array in zip(held, seen.arguments.tensors, strict=True)
        )
        use.keywords = {
            name: self._keyword(use, value, seen.arguments.keywords.get(name))
            for name, value in call.keywords.items()
            if name != "mask"
        }
        self._fill(use)
        bare = isinstance(use.operation, BareOperation | NestedModel) and not use.comments
        title = f"{use.heading}." if use.comments else use.heading
        self._keep(call, use, held, () if bare else (title, *use.comments))
        if use.operation.unmasks(self.semantics):
            self._unmask(held)

    def _use(self, call: Call, seen: Seen, tensors: tuple[Variable, ...], masks: Sequence[Variable | None]) -> Use:
        used = masks[0] if masks and seen.arguments.mask is not None else None
        outputs = tuple(self.module.variable(wish, "x") for wish in self._wishes(call, seen))
        return Use(
            call, seen, self.module, self.semantics, tensors, tuple(masks), used, {}, outputs,
            read=tuple(Tensor(call.key, place) in self.read for place in range(len(outputs))),
        )  # fmt: skip

    def _wishes(self, call: Call, seen: Seen) -> list[str]:
        first = identifier(call.key.rpartition("/")[2])
        more = list(seen.result.final) if len(seen.result.outputs) > 1 else []
        others = range(1, len(seen.result.outputs))
        names = more if len(more) == len(others) else [str(place) for place in others]
        return [first, *(identifier(f"{first}_{name}") for name in names)]

    def _masks(self, call: Call, held: Sequence[Held]) -> list[Variable | None]:
        """The masks that go with the tensors; one that was passed by hand takes the place of the one that travels."""
        if call.mask is None:
            return [one.mask for one in held]
        by_hand: list[Variable | None] = [None if tensor is None else self._as_mask(tensor) for tensor in call.mask]
        return [*by_hand, *[None] * len(held)][: len(held)]

    def _as_mask(self, tensor: Tensor) -> Variable:
        held = self.values[tensor]
        if held.dtype == bool:
            return held.variable
        mask = self.module.variable(f"{held.variable.wish}_mask", "mask")
        self.paragraphs.append(Paragraph((), (Statement((mask,), f"{held.variable}.astype(bool)"),), late=True))
        return mask

    def _cast(self, use: Use, held: Held, array: Array) -> Variable:
        """The variable of a tensor in the type in which the layer gets it."""
        value = self._typed(held, array)
        half = use.half if use.operation.narrows_input and array.dtype.kind == "f" else None
        if half and held.rounded != half:
            value = f"{rounding(self.module, half)}({value})"
        return self._defined(use, held, value)

    def _defined(self, use: Use, held: Held, value: str) -> Variable:
        if value == str(held.variable):
            return held.variable
        cast = self.module.variable(held.variable.wish, held.variable.plain)
        use.define(cast, value)
        return cast

    def _typed(self, held: Held, array: Array) -> str:
        same = held.dtype == array.dtype or held.dtype.kind == "U"
        return str(held.variable) if same else f"{held.variable}.astype({type_name(array.dtype)})"

    def _keyword(self, use: Use, value: object, array: object) -> object:
        """A keyword with variables for its tensors, in the type in which the layer gets them."""
        if isinstance(value, Tensor) and isinstance(array, np.ndarray):
            held = self.values[value]
            return self._defined(use, held, self._typed(held, array))
        if isinstance(value, list | tuple) and isinstance(array, tuple):
            return tuple(self._keyword(use, *pair) for pair in zip(value, array, strict=True))
        return value

    def _fill(self, use: Use) -> None:
        """The code of one call: a template's if it has any for this use, else the engine's own."""
        write = template_of(use.operation)
        before = len(use.statements)
        if write is not None:
            try:
                with self.module.attempt():
                    write(use)
                    for index, mask in enumerate(use.seen.result.masks):
                        self._output_mask(use, index, mask)
                    return
            except NotReadable:
                del use.statements[before:]
                use.comments.clear()
                use.output_masks.clear()
        write_remaining(use)

    def _keep(self, call: Call, use: Use, sources: Sequence[Held], comments: tuple[str, ...]) -> None:
        """Remember what a call gives, rounded as the layer rounds it."""
        for index, (array, mask) in enumerate(zip(use.seen.result.outputs, use.seen.result.masks, strict=True)):
            held = self._held(use, index, array, sources)
            self.values[Tensor(call.key, index)] = replace(held, mask=self._output_mask(use, index, mask))
        late = isinstance(use.operation, BareOperation)
        self.paragraphs.append(Paragraph(comments, tuple(use.statements), late))

    def _held(self, use: Use, index: int, array: Array, sources: Sequence[Held]) -> Held:
        """An output; one that is an input unchanged goes on under that one's name."""
        half = use.half if array.dtype.kind == "f" else None
        places = [place for place, tensor in enumerate(use.seen.arguments.tensors) if array is tensor]
        variable = use.tensors[places[0]] if places else use.outputs[index]
        if not half:
            rounded = sources[places[0]].rounded if places else ""
            return Held(variable, None, array.dtype, array, rounded)
        if places and sources[places[0]].rounded == half:
            return replace(sources[places[0]], array=object())
        finished = self.module.variable(variable.wish, variable.plain)
        use.define(finished, finishing(self.module, half, str(variable)))
        return Held(finished, None, np.dtype(np.float16) if half == "float16" else array.dtype, object(), half)

    def _output_mask(self, use: Use, index: int, mask: Array | None) -> Variable | None:
        if mask is None:
            return None
        if index in use.output_masks:
            return use.output_masks[index]
        for given, variable in zip(use.seen.arguments.masks, use.masks, strict=True):
            if given is mask:
                return variable
        raise NotReadable("nobody wrote this mask")

    def _unmask(self, held: Sequence[Held]) -> None:
        arrays = [one.array for one in held]
        for tensor, value in self.values.items():
            if any(value.array is array for array in arrays):
                self.values[tensor] = replace(value, mask=None)


def read_tensors(calls: Sequence[Call], outputs: Sequence[Tensor]) -> frozenset[Tensor]:
    """The tensors that a call reads, or that are the graph's outputs."""
    return frozenset(outputs).union(*(call.tensors() for call in calls))
