"""Convolution along the steps of a sequence."""

from __future__ import annotations

from rnnscope.layers.convolution import Convolution
from rnnscope.layers.convolving import reach
from rnnscope.script.module import NAME
from rnnscope.script.templates.activations import activated
from rnnscope.script.templates.everyday import ends_mask
from rnnscope.script.use import NotReadable, Use, template


@template(Convolution)
def convolution(use: Use) -> None:
    operation = use.operation
    assert isinstance(operation, Convolution)
    layout = operation.layout
    if layout.rank > 1 or layout.channels_first or operation.groups > 1 or use.array.ndim != 3:
        raise NotReadable("images, groups, or the channels first")
    kernel = use.weight("kernel", operation.kernel, "window, features, filters")
    value = f"{use.module.function('conv1d', _text(operation))}({use.x}, {kernel})"
    if operation.bias is not None:
        value += f" + {use.weight('bias', operation.bias, 'filters')}"
    ends_mask(use)
    use.define(use.output, activated(use.module, operation.activation, value))


def _text(operation: Convolution) -> str:
    (stride,), (rate,) = operation.strides, operation.dilation
    extent = reach(operation.kernel.shape[0], rate)
    window = f"x[:, t : t + {extent}{f' : {rate}' if rate > 1 else ''}]"
    last = f"x.shape[1] - {extent - 1}" if extent > 1 else "x.shape[1]"
    lines = [
        f"def {NAME}(x, kernel):",
        '    """Slide kernel (window, features, filters) along the steps of x (batch, steps, features)."""',
        *(f"    {line}" for line in _padded(operation.padding, extent, stride)),
        f"    starts = range({f'0, {last}, {stride}' if stride > 1 else last})",
        f"    windows = np.stack([{window} for t in starts], axis=1)  # (batch, starts, window, features)",
        "    rows = windows.reshape(-1, kernel.shape[0] * kernel.shape[1])",
        "    return (rows @ kernel.reshape(-1, kernel.shape[2])).reshape(len(x), len(starts), -1)",
        "",
    ]
    return "\n".join(lines)


def _padded(padding: str, extent: int, stride: int) -> list[str]:
    """The lines that put zeros before and after the steps."""
    if padding == "valid" or (padding in ("same", "causal") and extent == 1 and stride == 1):
        return []
    if padding == "causal":
        return [f"x = np.pad(x, ((0, 0), ({extent - 1}, 0), (0, 0)))  # causal: no step sees a later one"]
    if padding != "same":
        raise NotReadable(f"padding {padding}")
    if stride == 1:
        before, after = (extent - 1) // 2, extent - 1 - (extent - 1) // 2
        return [f'x = np.pad(x, ((0, 0), ({before}, {after}), (0, 0)))  # padding="same"']
    return [
        f'# padding="same": as many zeros as make ceil(steps / {stride}) windows, the odd one behind.',
        f"missing = max((-(-x.shape[1] // {stride}) - 1) * {stride} + {extent} - x.shape[1], 0)",
        "x = np.pad(x, ((0, 0), (missing // 2, missing - missing // 2), (0, 0)))",
    ]
