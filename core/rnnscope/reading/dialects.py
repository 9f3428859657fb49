"""The dialects of Keras 1, 2 and 3: one configuration in the words of Keras 3, at every depth.

Only words change here: names of options and classes, and how a value is written. What a word *means* in each version,
such as the default of a missing option, is the layer's own business.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

Options = dict[str, object]

# Keras's own synonyms, and names that classes had inside TensorFlow for a while.
CLASSES: Final = {
    "Model": "Functional",
    "Container": "Functional",
    "Network": "Functional",
    "Convolution1D": "Conv1D",
    "Convolution2D": "Conv2D",
    "Convolution3D": "Conv3D",
    "SeparableConvolution1D": "SeparableConv1D",
    "SeparableConvolution2D": "SeparableConv2D",
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
    "UnifiedLSTM": "LSTM",
    "UnifiedGRU": "GRU",
}

MODELS: Final = ("Functional", "Sequential")

# Training and initial values: they never change what a trained model computes.
LEFTOVERS: Final = (
    "init",
    "inner_init",
    "forget_bias_init",
    "W_learning_rate_multiplier",
    "b_learning_rate_multiplier",
    "W_regularizer",
    "U_regularizer",
    "b_regularizer",
    "W_constraint",
    "U_constraint",
    "b_constraint",
    "input_length",
)
LEFTOVERS_IN: Final = {"Embedding": ("input_dtype",), "InputLayer": ("input_dim",)}
LEFTOVERS_ELSEWHERE: Final = ("input_dim", "input_dtype")

RENAMED: Final = {
    "nb_filter": "filters",
    "border_mode": "padding",
    "subsample": "strides",
    "subsample_length": "strides",
    "filter_length": "kernel_size",
    "atrous_rate": "dilation_rate",
    "pool_length": "pool_size",
    "stride": "strides",
    "inner_activation": "recurrent_activation",
    "dropout_W": "dropout",
    "dropout_U": "recurrent_dropout",
    "bias": "use_bias",
    "p": "rate",
    "sigma": "stddev",
    "length": "size",
    "batch_input_shape": "batch_shape",
}

# Names that mean one thing in these classes and another elsewhere.
RENAMED_IN: Final = {
    "InputLayer": {"input_dtype": "dtype"},
    "LeakyReLU": {"alpha": "negative_slope"},
    **{
        name: {"output_dim": "units"}
        for name in ("Dense", "TimeDistributedDense", "MaxoutDense", "SimpleRNN", "LSTM", "GRU")
    },
}
KERNEL_PARTS: Final = (("kernel_dim1", "kernel_dim2", "kernel_dim3"), ("nb_row", "nb_col"))
ORDERINGS: Final = {"tf": "channels_last", "th": "channels_first"}
IMPLEMENTATIONS: Final = {"cpu": 0, "mem": 1, "gpu": 2}
# The classes of Keras 1 that follow the ordering of the axes and do not write it down.
ORDERED_UNSAID: Final = tuple(f"{kind}{axes}D" for kind in ("UpSampling", "ZeroPadding", "Cropping") for axes in (2, 3))


def to_keras3(tree: object) -> object:
    """A copy of a configuration in the words of Keras 3; `tree` is JSON, and calls in a graph stay as they are."""
    orderings = set(_orderings(tree))
    ordering = ORDERINGS.get(orderings.pop()) if len(orderings) == 1 else None
    return _translated(tree, ordering)


def _translated(tree: object, ordering: str | None) -> object:
    """`tree` from the leaves up. Its depth is bounded, as that of all JSON that is read."""
    if isinstance(tree, list):
        return [_translated(item, ordering) for item in tree]
    if not isinstance(tree, dict):
        return tree
    if "class_name" in tree and (value := _value(tree)) is not tree:
        return _translated(value, ordering)
    parts = {key: item if key == "inbound_nodes" else _translated(item, ordering) for key, item in tree.items()}
    class_name, options = parts.get("class_name"), parts.get("config")
    if not isinstance(class_name, str):
        return parts
    class_name = parts["class_name"] = CLASSES.get(class_name, class_name)
    if class_name in MODELS:
        parts["config"] = _model_options(parts, options)
    elif isinstance(options, dict) and "layers" not in options:
        parts["config"] = keras3_options(class_name, options, ordering)
    return parts


def _model_options(tree: Mapping[str, object], options: object) -> object:
    """A model's options: Keras up to 2.2 wrote a Sequential as a bare list; Keras 3 notes a shape beside them."""
    if isinstance(options, list):
        options = {"layers": options} | ({"name": tree["name"]} if "name" in tree else {})
    built = tree.get("build_config")
    shape = built.get("input_shape") if isinstance(built, dict) else None
    if isinstance(options, dict) and tree["class_name"] == "Sequential" and isinstance(shape, list):
        return {"build_input_shape": shape, **options}
    return options


def _value(tree: Mapping[str, object]) -> object:
    """What a serialised plain value stands for: a tuple's items as a list; else `tree` itself."""
    match tree:
        case {"class_name": "__tuple__", "items": list(items)}:
            return items
        case {"class_name": "__tuple__", "config": {"value": list(items)}}:
            return items
    return tree


def keras3_options(class_name: str, options: Mapping[str, object], ordering: str | None = None) -> Options:
    """One layer's own options in the words of Keras 3.

    ordering: the data format of the whole model, for classes that follow it without saying so.
    """
    renamed = RENAMED | RENAMED_IN.get(class_name, {})
    leftovers = (*LEFTOVERS, *LEFTOVERS_IN.get(class_name, LEFTOVERS_ELSEWHERE))
    result: Options = {}
    for name, value in options.items():
        # Where a file says both, as Keras 2 does of a layer's first shape, the newer word stands.
        if name not in leftovers and not (name in renamed and renamed[name] in options):
            result[renamed.get(name, name)] = value
    _rewrite(result, "dim_ordering", "data_format", lambda value: ORDERINGS.get(str(value), value))
    _rewrite(result, "consume_less", "implementation", lambda value: IMPLEMENTATIONS.get(str(value), value))
    _join_kernel(result)
    if ordering is not None and class_name in ORDERED_UNSAID:
        result.setdefault("data_format", ordering)
    if change := OWN_CHANGES.get(class_name):
        change(result)
    return result


def _rewrite(options: Options, old: str, new: str, change: Callable[[object], object]) -> None:
    if old in options:
        options.setdefault(new, change(options.pop(old)))


def _join_kernel(options: Options) -> None:
    for parts in KERNEL_PARTS:
        if all(part in options for part in parts):
            options["kernel_size"] = [options.pop(part) for part in parts]


def _embedding(options: Options) -> None:
    """Keras 1's `dropout` dropped words in training; a whole-number type is that of the indices, as in Keras 2."""
    options.pop("dropout", None)
    if str(options.get("dtype")).startswith(("int", "uint")):
        del options["dtype"]


def _batch_normalization(options: Options) -> None:
    """Keras 1's `mode` 0 is what all later versions do; others stay, to be refused by name."""
    if options.get("mode") == 0 and not isinstance(options["mode"], bool):
        del options["mode"]


def _padding_pairs(options: Options) -> None:
    """Keras 1 writes a plain pair, a four or an object where later versions write a pair for each axis."""
    match options.get("padding"):
        case {"top_pad": top, "bottom_pad": bottom, "left_pad": left, "right_pad": right}:
            options["padding"] = [[top, bottom], [left, right]]
        case [int(top), int(bottom), int(left), int(right)]:
            options["padding"] = [[top, bottom], [left, right]]
        case [int(), int(), *rest] as sizes if all(isinstance(size, int) for size in rest):
            options["padding"] = [[size, size] for size in sizes]


def _padding_ends(options: Options) -> None:
    match options.get("padding"):
        case {"left_pad": left, "right_pad": right}:
            options["padding"] = [left, right]


OWN_CHANGES: Final[Mapping[str, Callable[[Options], None]]] = {
    "Embedding": _embedding,
    "BatchNormalization": _batch_normalization,
    "ZeroPadding1D": _padding_ends,
    "ZeroPadding2D": _padding_pairs,
    "ZeroPadding3D": _padding_pairs,
}


def _orderings(tree: object) -> Iterator[str]:
    """Every `dim_ordering` that the configuration states."""
    waiting = [tree]
    while waiting:
        here = waiting.pop()
        if isinstance(here, dict):
            waiting += here.values()
            if isinstance(ordering := here.get("dim_ordering"), str):
                yield ordering
        elif isinstance(here, list):
            waiting += here
