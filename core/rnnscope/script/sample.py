"""A sample made up for a model: numbers, token ids or words that it takes, with masked steps of every kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

import numpy as np

from rnnscope.context import Cancelling
from rnnscope.errors import BadInput, Cancelled, RnnscopeError, Unsupported
from rnnscope.graph import Tensor
from rnnscope.layers.base import Operation
from rnnscope.layers.config import TEXT
from rnnscope.layers.lookup import Lookup
from rnnscope.layers.masking import Masking
from rnnscope.model import Model
from rnnscope.script.observe import Observed
from rnnscope.types import Array, Shape

SAMPLES = 6
STEPS = (7, 4, 5, 6, 3, 2, 8, 9, 10, 12, 16, 1)  # what an unknown size may be; some models take only one
# What looks at an input before anything computes with it.
PASSING = ("InputLayer", "NestedModel", "Dropout", "Identity", "Flatten", "Reshape", "Permute", "BareOperation")

Maker = Callable[[Model, str, tuple[int, ...], np.random.Generator], Array]


def observe(model: Model, cancelled: Cancelling | None = None) -> Observed:
    """A run on a made-up sample; BadInput when the model takes none of those that are tried."""
    problem: RnnscopeError | None = None
    for steps, maker in product(STEPS, (_fitting, _whole, _ones)):
        random = np.random.default_rng(0)
        try:
            x = {
                name: maker(model, name, _sizes(shape, steps), random)
                for name, shape in zip(model.input_names, model.input_shapes, strict=True)
            }
            return Observed(model, x, cancelled)
        except (Unsupported, Cancelled):
            raise
        except RnnscopeError as error:
            problem = problem or error
    raise BadInput(
        f"no input could be made up for this model ({problem})", file=model.file, advice="Give one that it takes"
    )


def _sizes(shape: Shape, steps: int) -> tuple[int, ...]:
    return (SAMPLES, *(steps if size is None else size for size in shape[1:]))


def _fitting(model: Model, name: str, sizes: tuple[int, ...], random: np.random.Generator) -> Array:
    """Token ids or words where the input is looked up, else numbers; masked steps where it can be masked."""
    operations = list(_readers(model, name))
    tables = [len(table) for one in operations if (table := getattr(one, "embeddings", None)) is not None]
    lookups = [one for one in operations if isinstance(one, Lookup) and not one.invert]
    if lookups:
        closed = [one for one in lookups if not one.vocabulary.unknown]
        known = (closed or lookups)[0].vocabulary.tokens[:9]
        words = known if closed or known.dtype.kind != "U" else np.append(known, "made up")
        return np.asarray(random.choice(words, sizes))
    if getattr(model[name].operation, "dtype", "") == TEXT:
        return np.asarray(random.choice(np.array(["made", "up"]), sizes))
    if tables:
        ids = random.integers(min(1, min(tables) - 1), min(tables), sizes)
        zeroed = any(getattr(one, "mask_zero", False) for one in operations)
        return np.where(_masked(sizes), 0, ids) if zeroed else ids
    values = random.normal(size=sizes).astype(np.float32)
    for one in operations:
        if isinstance(one, Masking) and len(sizes) > 2:
            rows = _masked(sizes[:-1])[..., np.newaxis]
            values = np.where(rows, np.float32(one.mask_value), values)
    return values


def _whole(model: Model, name: str, sizes: tuple[int, ...], random: np.random.Generator) -> Array:
    return random.integers(0, 2, sizes)


def _ones(model: Model, name: str, sizes: tuple[int, ...], random: np.random.Generator) -> Array:
    return np.ones(sizes, np.float32)


def _readers(model: Model, name: str) -> Iterator[Operation]:
    """The operations that read an input as it comes in, those inside wrappers too."""
    reached = {tensor for tensor in model.inputs if tensor.call == name}
    for call in model.calls:
        if not reached.intersection(call.inputs):
            continue
        operation = model.by_name[call.layer].operation
        yield operation
        yield from (layer.operation for layer in (operation.network.layers if operation.network else ()))
        if isinstance(inner := getattr(operation, "layer", None), Operation):
            yield inner
        if type(operation).__name__ in PASSING or isinstance(operation, Masking):
            reached.add(Tensor(call.key, 0))


def _masked(sizes: tuple[int, ...]) -> Array:
    """Which places of (samples, steps, …) are masked: none, trailing, leading, a hole, every other, all."""
    steps = sizes[1] if len(sizes) > 1 else 1
    t = np.arange(steps)
    third = -(-steps // 3)
    kinds = (t < 0, t >= steps - third, t < third, t == steps // 2, t % 2 == 1, t >= 0)
    rows = np.stack([kinds[sample % len(kinds)] for sample in range(sizes[0])])
    return np.broadcast_to(
        rows.reshape(sizes[0], steps, *[1] * (len(sizes) - 2)) if len(sizes) > 1 else rows[:, 0], sizes
    )
