"""Normalization along the last axis: by the statistics of training, or by each step's own."""

from __future__ import annotations

from rnnscope.layers.layer_normalization import LayerNormalization
from rnnscope.layers.normalization import GATHERED, BatchNormalization
from rnnscope.script.use import NotReadable, Use, number, template


@template(BatchNormalization)
def batch_normalization(use: Use) -> None:
    operation = use.operation
    assert isinstance(operation, BatchNormalization)
    if operation.mode != GATHERED or operation.deviates or operation.axes != (use.array.ndim - 1,):
        raise NotReadable("the batch's own statistics, or other axes")
    use.say("By the mean and variance that training gathered, not by this batch's own.")
    mean = use.weight("moving_mean", operation.moving_mean)
    variance = use.weight("moving_variance", operation.moving_variance)
    scale = use.temporary("scale")
    value = f"1 / np.sqrt({variance} + {number(operation.epsilon)})"
    if operation.gamma is not None:
        value += f" * {use.weight('gamma', operation.gamma)}"
    use.define(scale, value)
    shift = f"-{mean} * {scale}"
    if operation.beta is not None:
        shift = f"({use.weight('beta', operation.beta)} - {mean} * {scale})"
        use.define(use.output, f"{use.x} * {scale} + {shift}")
    else:
        use.define(use.output, f"{use.x} * {scale} - {mean} * {scale}")


@template(LayerNormalization)
def layer_normalization(use: Use) -> None:
    operation = use.operation
    assert isinstance(operation, LayerNormalization)
    if operation.axes != (use.array.ndim - 1,) or use.array.dtype.kind != "f":
        raise NotReadable("other axes, or whole numbers")
    use.say("By the mean and variance of each step's own features.")
    mean, variance = use.temporary("mean"), use.temporary("variance")
    use.define(mean, f"{use.x}.mean(axis=-1, keepdims=True)")
    use.define(variance, f"np.square({use.x} - {mean}).mean(axis=-1, keepdims=True)")
    moved = str(use.x) if operation.by_variance else f"({use.x} - {mean})"
    value = f"{moved} / np.sqrt({variance} + {number(operation.epsilon)})"
    if operation.gamma is not None:
        value += f" * {use.weight('gamma', operation.gamma)}"
    if operation.beta is not None:
        value += f" + {use.weight('beta', operation.beta)}"
    use.define(use.output, value)
