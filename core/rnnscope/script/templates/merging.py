"""Layers that merge tensors, with the rules by which this Keras joins their masks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from rnnscope.layers.merging import HEEDFUL, Concatenate, ElementWise
from rnnscope.script.code import Variable
from rnnscope.script.use import NotReadable, Use, template

INFIX = {"Add": "+", "Subtract": "-", "Multiply": "*", "Average": "+"}
FUNCTIONS = {"Maximum": "np.maximum", "Minimum": "np.minimum"}


@template(ElementWise)
def element_wise(use: Use) -> None:
    operation = use.operation
    assert isinstance(operation, ElementWise)
    heeds = operation.name in HEEDFUL and use.semantics.merged_masks_join_by_or and any(use.masks)
    _join_masks(use)
    values = _of_one_rank(use)
    if heeds and operation.name == "Multiply":
        use.define(use.output, _product(use, values))
    elif heeds:
        use.define(use.output, _extreme(use, values, FUNCTIONS[operation.name]))
    else:
        use.define(use.output, _plain(use, operation.name, values))


def _plain(use: Use, name: str, values: Sequence[str]) -> str:
    if name in FUNCTIONS:
        return reduce(lambda left, right: f"{FUNCTIONS[name]}({left}, {right})", values)
    joined = f" {INFIX[name]} ".join(values)
    if name != "Average":
        return joined
    average = f"({joined}) / {len(values)}"
    return average if use.array.dtype.kind == "f" else f"({average}).astype({use.dtype})"


def _of_one_rank(use: Use) -> list[str]:
    """The tensors, those of lower rank with axes of size 1 behind the batch axis."""
    ranks = [array.ndim for array in use.seen.arguments.tensors]
    values = []
    for variable, rank in zip(use.tensors, ranks, strict=True):
        missing = max(ranks) - rank
        if missing and any(use.masks):
            raise NotReadable("masks of tensors that get more axes")
        values.append(f"{variable}[:, {', '.join(['None'] * missing)}]" if missing else str(variable))
    return values


def _product(use: Use, values: Sequence[str]) -> str:
    """Masked factors count as 1; where every factor is masked the product is 0."""
    use.say("A masked factor counts as 1.")
    factors = [
        value if mask is None else f"np.where({_wide(use, mask)}, {value}, 1)"
        for value, mask in zip(values, use.masks, strict=True)
    ]
    product = " * ".join(factors)
    if not all(use.masks):
        return product
    use.say("Where every factor is masked the product is 0.")
    return f"np.where({_wide(use, use.output_masks.get(0, use.masks[0]))}, {product}, 0)"


def _extreme(use: Use, values: Sequence[str], function: str) -> str:
    """Pair by pair, a masked step takes the other tensor's value."""
    if len(values) != 2:
        raise NotReadable("more than two tensors")
    use.say("A masked step takes the value of the other tensor.")
    (first, second), (mask, other) = values, use.masks
    right, left = use.temporary("second"), use.temporary("first")
    use.define(right, second if other is None else f"np.where({_wide(use, other)}, {second}, {first})")
    use.define(left, first if mask is None else f"np.where({_wide(use, mask)}, {first}, {right})")
    return f"{function}({left}, {right})"


def _wide(use: Use, mask: Variable | None) -> str:
    """A mask of steps with axes of size 1 for what each step holds."""
    masks = [array.ndim for array in use.seen.arguments.masks if array is not None]
    if len(set(masks)) > 1:
        raise NotReadable("masks of several ranks")
    more = use.array.ndim - masks[0]
    return f"{mask}[..., {', '.join(['None'] * more)}]" if more else str(mask)


def _join_masks(use: Use) -> None:
    """The mask of what is merged number by number."""
    there = [mask for mask in use.masks if mask is not None]
    if not there:
        return
    if use.seen.result.masks[0] is None:
        use.say("This Keras lets the mask end here, because not all of the tensors have one.")
        return
    by_or = use.semantics.merged_masks_join_by_or
    if len(there) == 1:
        return
    use.say(f"A step is valid where {'any' if by_or else 'every one'} of the tensors is.")
    use.define_mask((" | " if by_or else " & ").join(map(str, there)))


@template(Concatenate)
def concatenate(use: Use) -> None:
    operation = use.operation
    assert isinstance(operation, Concatenate)
    axis = operation.axis % use.array.ndim
    if use.seen.result.masks[0] is not None:
        _concatenate_masks(use, axis)
    elif any(use.masks):
        use.say("This Keras lets the mask end here.")
    shown = -1 if axis == use.array.ndim - 1 else axis
    use.define(use.output, f"np.concatenate([{', '.join(map(str, use.tensors))}], axis={shown})")


def _concatenate_masks(use: Use, axis: int) -> None:
    ranks = {array.ndim for array in use.seen.arguments.masks if array is not None}
    if ranks != {2} or use.array.ndim != 3:
        raise NotReadable("masks of other ranks")
    ones = [f"np.ones({tensor}.shape[:2], bool)" for tensor in use.tensors]
    if axis < 2:
        parts = [str(mask) if mask else one for mask, one in zip(use.masks, ones, strict=True)]
        use.define_mask(f"np.concatenate([{', '.join(parts)}], axis={axis})")
        return
    there = [str(mask) for mask in use.masks if mask is not None]
    if not use.semantics.merged_masks_join_by_or:
        use.say("A step is valid where every one of the tensors is.")
        use.define_mask(" & ".join(there))
    elif len(there) < len(use.masks):
        use.say("One of the tensors has no mask, so every step is valid.")
        use.define_mask(ones[0])
    else:
        use.say("A step is valid where any of the tensors is.")
        use.define_mask(" | ".join(there))
