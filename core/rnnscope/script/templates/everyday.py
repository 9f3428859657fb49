"""Layers that treat every step alike: inputs, Dense, Dropout and its kin, and those that only change the shape."""

from __future__ import annotations

from rnnscope.layers.core import Dense, Dropout, Flatten, Identity, InputLayer, RepeatVector
from rnnscope.layers.reshaping import Permute, Reshape
from rnnscope.layers.submodel import NestedModel
from rnnscope.script.names import type_name
from rnnscope.script.templates.activations import activated
from rnnscope.script.use import Use, template


@template(InputLayer)
def input_layer(use: Use) -> None:
    """The input of a nested model: what the outer one gives, in the type that it asks for."""
    made = use.seen.result.outputs[0]
    if made is not use.array:
        use.define(use.output, f"{use.x}.astype({type_name(made.dtype)})")


@template(NestedModel)
def nested_model(use: Use) -> None:
    use.say("The end of a model inside this one.")


@template(Dropout)
def dropout(use: Use) -> None:
    use.say("At inference nothing happens here" + ("; the mask passes on." if use.masks[0] else "."))


@template(Identity)
def identity(use: Use) -> None:
    ends = use.seen.result.masks[0] is None and use.masks[0] is not None
    use.say("Nothing happens here" + (", but the mask ends." if ends else "."))


@template(Dense)
def dense(use: Use) -> None:
    operation = use.operation
    assert isinstance(operation, Dense)
    kernel = use.weight("kernel", operation.kernel, "features, units")
    value = f"{use.x} @ {kernel}"
    if operation.bias is not None:
        value += f" + {use.weight('bias', operation.bias, 'units')}"
    use.define(use.output, activated(use.module, operation.activation, value))


@template(RepeatVector)
def repeat_vector(use: Use) -> None:
    operation = use.operation
    assert isinstance(operation, RepeatVector)
    use.define(use.output, f"np.repeat({use.x}[:, None], {operation.n}, axis=1)")


@template(Flatten)
def flatten(use: Use) -> None:
    operation = use.operation
    assert isinstance(operation, Flatten)
    value = str(use.x)
    if operation.channels_first and use.array.ndim > 1:
        use.say("Channels last, whatever the layout.")
        value = f"np.moveaxis({value}, 1, -1)"
    ends_mask(use)
    use.define(use.output, f"{value}.reshape(len({use.x}), -1)")


@template(Reshape)
def reshape(use: Use) -> None:
    operation = use.operation
    assert isinstance(operation, Reshape)
    ends_mask(use)
    sizes = "".join(f", {size}" for size in operation.target)
    use.define(use.output, f"{use.x}.reshape(len({use.x}){sizes})")


@template(Permute)
def permute(use: Use) -> None:
    operation = use.operation
    assert isinstance(operation, Permute)
    ends_mask(use)
    use.define(use.output, f"{use.x}.transpose({', '.join(map(str, operation.axes))})")


def ends_mask(use: Use) -> None:
    """Say that a mask which came with the tensor does not go on."""
    if use.masks and use.masks[0] is not None:
        use.say("The mask ends here.")
