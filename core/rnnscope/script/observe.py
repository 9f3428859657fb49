"""What happens in a run, call by call: which tensors and masks each layer is really given, and what it gives."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass

from rnnscope.checks import checked_inputs
from rnnscope.context import Cancelling, Context
from rnnscope.graph import Call, Layer
from rnnscope.layers.base import Arguments, Result
from rnnscope.model import Model
from rnnscope.run import Inputs, most_numbers, record_in_type
from rnnscope.trace import Trace


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """One call as it happened; the layer's weights are already in the type that they are used in."""

    layer: Layer
    arguments: Arguments
    result: Result


class Observed:
    """A run on a sample, whose calls are handed out in the order in which they happened."""

    def __init__(self, model: Model, x: Inputs, cancelled: Cancelling | None = None) -> None:
        self._seen: dict[int, deque[Seen]] = defaultdict(deque)
        inputs = checked_inputs(model, x)
        context = Context(semantics=model.semantics, cancelled=cancelled, most=most_numbers(inputs), observe=self._keep)
        self.trace: Trace = record_in_type(model, inputs, context)

    def _keep(self, call: Call, layer: Layer, arguments: Arguments, result: Result) -> None:
        self._seen[id(call)].append(Seen(layer, arguments, result))

    def take(self, call: Call) -> Seen:
        """The next time that this call happened."""
        return self._seen[id(call)].popleft()
