"""TimeDistributed: one layer at every step of an outer time axis."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from rnnscope.context import Context
from rnnscope.errors import ShapeMismatch, Unsupported
from rnnscope.graph import Network
from rnnscope.layers.base import Arguments, Operation, Result, Weights
from rnnscope.layers.config import Config
from rnnscope.layers.quantization import QuantizedDense, QuantizedEmbedding
from rnnscope.layers.registry import MODEL_CLASSES, keras_layer, read_inner
from rnnscope.types import Array, Mask, Shape


@keras_layer("TimeDistributed")
@dataclass(frozen=True, slots=True, eq=False)
class TimeDistributed(Operation):
    """The same layer at every step of the axis after the batch; every step is computed, masked or not.

    The inner layer sees a mask of rank 3 and more without its outer steps, from Keras 2.2 on. What passes on is the
    mask that came, in Keras 1, 2.0, 2.1 and 3. In between it is what the inner layer makes of it, and when that is
    none, the outer steps of which anything is valid.
    A stateful inner layer goes from outer step to outer step, as Keras 3 and tf-keras have it.
    """

    layer: Operation
    inner_class: str
    fixed_batch: bool = False

    takes_mask: ClassVar[bool] = True

    @property
    def keeps_integers(self) -> bool:
        return self.layer.keeps_integers

    @property
    def takes_text(self) -> bool:
        return self.layer.takes_text

    @property
    def network(self) -> Network | None:
        return self.layer.network

    @property
    def label(self) -> str:
        return f"({self.inner_class}{self.layer.label})"

    @property
    def recurrent_steps(self) -> int:
        return self.layer.recurrent_steps

    @property
    def repeated_parameters(self) -> int:
        return self.layer.repeated_parameters

    @property
    def stateful(self) -> bool:
        return bool(getattr(self.layer, "stateful", False))

    @classmethod
    def read(cls, config: Config, weights: Weights, shapes: tuple[Shape, ...]) -> Self:
        if any(len(shape) < 3 for shape in shapes):
            raise ShapeMismatch(
                "TimeDistributed input", layer=config.layer, expected="(batch, steps, …)", found=shapes[0]
            )
        entry = config.take_mapping("layer")
        inner = read_inner(config, entry, weights.at("layer"), tuple(map(_without_time, shapes)))
        if isinstance(inner, QuantizedDense | QuantizedEmbedding):
            inner = inner.unscaled()
        wrapped = cls(inner, str(entry.get("class_name")), shapes[0][0] is not None)
        _check(config, wrapped, shapes)
        return wrapped

    def output_shapes(self, shapes: tuple[Shape, ...]) -> tuple[Shape, ...]:
        inner = self.layer.output_shapes(tuple(map(_without_time, shapes)))
        return tuple((shape[0], shapes[0][1], *shape[1:]) for shape in inner)

    def call(self, arguments: Arguments, context: Context) -> Result:
        step_by_step = self.stateful or self._mask_depends_on_batch(arguments, context)
        return self._step_by_step(arguments, context) if step_by_step else self._all_at_once(arguments, context)

    def _mask_depends_on_batch(self, arguments: Arguments, context: Context) -> bool:
        """Whether the inner layer lays the mask on a value in a way that the number of samples changes."""
        masked = arguments.incoming is not None and arguments.incoming.ndim > 2
        return masked and context.semantics.masks_align_right and self.inner_class not in MODEL_CLASSES

    def _all_at_once(self, arguments: Arguments, context: Context) -> Result:
        """Outer steps as samples of their own: one call of the inner layer for all of them."""
        batch, steps = arguments.x.shape[:2]
        inner_mask = self._inner_mask(arguments.incoming, context)
        folded = None if inner_mask is None else inner_mask.reshape(batch * steps, *inner_mask.shape[2:])
        tensors = tuple(tensor.reshape(batch * steps, *tensor.shape[2:]) for tensor in arguments.tensors)
        result = self.layer.call(self._arguments(tensors, folded, arguments), context)
        unfolded = _unfolded(result, batch, steps)
        passed = self._passed(arguments.incoming, unfolded.masks[0], context)
        return replace(unfolded, masks=tuple(passed for _ in unfolded.outputs))

    def _step_by_step(self, arguments: Arguments, context: Context) -> Result:
        """One call of the inner layer for each outer step, each from where the one before left the state.

        tf-keras calls it once more on the first step, to learn the output's shape, and the state goes on from there.
        """
        mask = self._inner_mask(arguments.incoming, context)
        carried = context.carried
        results: list[Result] = []
        twice = [0] if context.semantics.is_tf_keras else []
        for t in (*twice, *range(arguments.x.shape[1])):
            tensors = tuple(tensor[:, t] for tensor in arguments.tensors)
            inner = self._arguments(tensors, None if mask is None else mask[:, t], arguments)
            results.append(self.layer.call(inner, context))
            context.carried = {**carried, arguments.layer: results[-1].final}
        context.carried = carried
        results = results[len(twice) :]
        outputs = tuple(_stacked(parts) for parts in zip(*(result.outputs for result in results), strict=True))
        if context.semantics.is_tf_keras and arguments.incoming is not None:
            outputs = tuple(_repeated(output, arguments.incoming, arguments.layer) for output in outputs)
        return Result(
            outputs,
            tuple(arguments.incoming for _ in outputs),
            {name: _stacked([result.states[name] for result in results]) for name in results[0].states},
            {name: _stacked([result.gates[name] for result in results]) for name in results[0].gates},
            mask if results[0].mask is not None else None,
            final=results[-1].final,
        )

    def _arguments(self, tensors: tuple[Array, ...], mask: Mask | None, outer: Arguments) -> Arguments:
        used = mask if self.layer.takes_mask else None
        return Arguments(tensors, used, mask, (mask, *[None] * (len(tensors) - 1)), layer=outer.layer)

    def _inner_mask(self, mask: Mask | None, context: Context) -> Mask | None:
        """The part of the mask (batch, outer steps, …) that the inner layer is handed; one of outer steps is not."""
        semantics = context.semantics
        looped = not semantics.is_keras3 and self.fixed_batch and (self.stateful or semantics.is_multi_backend_2)
        if mask is None or mask.ndim < 3 or looped or not semantics.time_distributed_hands_mask_in:
            return None
        return mask

    def _passed(self, mask: Mask | None, made: Mask | None, context: Context) -> Mask | None:
        """The mask that goes on: `made` is the one that the inner layer passes on, with the outer steps before it."""
        semantics = context.semantics
        if not semantics.time_distributed_asks_inner_for_mask or (self.fixed_batch and semantics.is_multi_backend_2):
            return mask
        if made is not None or mask is None:
            return made
        return np.asarray(mask.any(axis=tuple(range(2, mask.ndim)))) if mask.ndim > 2 else mask


def _check(config: Config, wrapped: TimeDistributed, shapes: tuple[Shape, ...]) -> None:
    """Refuse what Keras itself cannot do, and states that nobody can follow through the outer steps."""
    inner = wrapped.layer
    what = ""
    if len(wrapped.output_shapes(shapes)) > 1:
        what = "a layer with several outputs"
    elif getattr(inner, "time_major", False):
        what = "a layer with time_major"
    elif wrapped.stateful and wrapped.inner_class in MODEL_CLASSES:
        what = "a model with stateful layers"
    elif wrapped.stateful and not (config.semantics.is_keras3 or config.semantics.is_tf_keras):
        what = f"a stateful layer in Keras {config.semantics.keras_version}"
    if what:
        raise Unsupported(f"TimeDistributed around {what} is not computed", layer=config.layer)


def _unfolded(result: Result, batch: int, steps: int) -> Result:
    """What a layer gave for (batch · steps) samples, with the steps on an axis of their own again."""

    def unfold(array: Array) -> Array:
        return array.reshape(batch, steps, *array.shape[1:])

    def unfold_mask(mask: Mask | None) -> Mask | None:
        return None if mask is None else unfold(mask)

    return Result(
        tuple(unfold(output) for output in result.outputs),
        tuple(unfold_mask(mask) for mask in result.masks),
        {name: unfold(state) for name, state in result.states.items()},
        {name: unfold(gate) for name, gate in result.gates.items()},
        unfold_mask(result.mask),
        {name: _unfolded(part, batch, steps) for name, part in result.parts.items()},
    )


def _stacked(parts: list[Array] | tuple[Array, ...]) -> Array:
    """Arrays (batch, …), one for each outer step, as (batch, outer steps, …)."""
    return np.stack(parts, axis=1)


def _repeated(output: Array, mask: Mask, layer: str) -> Array:
    """`output` (batch, steps, …), masked steps repeating the one before, zeros at first: tf-keras's loop does so."""
    if mask.ndim != 2:
        raise Unsupported("a mask beyond the outer steps is not computed around a stateful layer", layer=layer)
    kept = np.zeros_like(output[:, 0])
    repeated = np.empty_like(output)
    for t in range(output.shape[1]):
        kept = np.where(mask[:, t].reshape(-1, *[1] * (output.ndim - 2)), output[:, t], kept)
        repeated[:, t] = kept
    return repeated


def _without_time(shape: Shape) -> Shape:
    return (shape[0], *shape[2:])
