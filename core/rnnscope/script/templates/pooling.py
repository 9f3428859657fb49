"""Pooling over the steps of a sequence, over all of them or over windows."""

from __future__ import annotations

from rnnscope.layers.pooling import GlobalPooling1D, GlobalPoolingND
from rnnscope.layers.window_pooling import WindowPooling
from rnnscope.script.module import NAME
from rnnscope.script.templates.everyday import ends_mask
from rnnscope.script.use import NotReadable, Use, template

AVERAGE_OF_VALID = f'''
def {NAME}(x, mask):
    """The average of the valid steps of x (batch, steps, features); NaN, as in Keras, where none is valid."""
    valid = mask[:, :, None]
    total = np.sum(np.where(valid, x, 0), axis=1)
    count = np.sum(valid.astype(x.dtype), axis=1)
    with np.errstate(invalid="ignore"):
        return total / count
'''


@template(GlobalPooling1D, GlobalPoolingND)
def global_pooling(use: Use) -> None:
    operation = use.operation
    assert isinstance(operation, GlobalPooling1D | GlobalPoolingND)
    masked = use.seen.result.mask is not None
    if use.array.dtype.kind != "f" or (masked and (operation.keepdims or operation.layout.channels_first)):
        raise NotReadable("whole numbers, or masked sequences in another layout")
    if masked:
        use.say("The average is of the valid steps alone; the mask ends here.")
        average = use.module.function("average_of_valid_steps", AVERAGE_OF_VALID)
        use.define(use.output, f"{average}({use.x}, {use.mask})")
        return
    if use.masks[0] is not None:
        use.say("Masked steps count like all others; the mask ends here.")
    axes = operation.axes[0] if len(operation.axes) == 1 else operation.axes
    keeps = ", keepdims=True" if operation.keepdims else ""
    use.define(use.output, f"np.{'mean' if operation.average else 'max'}({use.x}, axis={axes}{keeps})")


@template(WindowPooling)
def window_pooling(use: Use) -> None:
    operation = use.operation
    assert isinstance(operation, WindowPooling)
    layout = operation.layout
    if layout.rank > 1 or layout.channels_first or operation.padding != "valid" or use.array.dtype.kind != "f":
        raise NotReadable("images, or padding")
    (size,), (stride,) = operation.window, operation.strides
    what, kind = ("mean", "average") if operation.average else ("max", "largest number")
    last = f"x.shape[1] - {size - 1}" if size > 1 else "x.shape[1]"
    starts = f"0, {last}, {stride}" if stride > 1 else last
    text = f'''
def {NAME}(x):
    """The {kind} of every window of {size} steps, a window beginning at every {_ordinal(stride)} step."""
    starts = range({starts})
    return np.stack([x[:, t : t + {size}].{what}(axis=1) for t in starts], axis=1)
'''
    ends_mask(use)
    use.define(use.output, f"{use.module.function(f'{what}_pool', text)}({use.x})")


def _ordinal(number: int) -> str:
    return {1: "single", 2: "second", 3: "third"}.get(number, f"{number}th")
