"""Bare operations: `keras.ops` under Keras 3, TensorFlow's own functions under tf-keras, Python's operators in both."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.parity.draft import Draft, Rejected, Tensor
from tests.parity.proposals.registry import ALL, KERAS3, TF_KERAS, proposes

UNARY = (
    "abs", "negative", "square", "sign", "exp", "expm1", "tanh", "sigmoid", "relu", "sin", "cos", "floor", "ceil",
    "round", "softplus", "softsign", "silu", "gelu", "elu", "selu", "relu6", "log_sigmoid", "hard_sigmoid",
    "leaky_relu",
    "isnan", "isfinite", "zeros_like", "ones_like", "arctan", "sinh", "cosh", "erf", "trunc", "nan_to_num", "softmax",
    "log_softmax", "stop_gradient", "logical_not", "hard_silu", "celu", "hard_tanh", "squareplus", "tanh_shrink",
)  # fmt: skip
OF_POSITIVE = ("sqrt", "rsqrt", "log", "log1p", "reciprocal", "log2", "log10")
REDUCTIONS = (
    "sum", "mean", "max", "min", "prod", "std", "var", "any", "all", "argmax", "argmin", "logsumexp", "amax", "amin",
    "count_nonzero", "norm", "median",
)  # fmt: skip
BINARY = (
    "add", "subtract", "multiply", "divide", "true_divide", "maximum", "minimum", "floor_divide", "mod", "arctan2",
    "equal",
    "not_equal", "greater", "greater_equal", "less", "less_equal", "logical_and", "logical_or", "logical_xor",
    "squared_difference",
)  # fmt: skip
TF_UNARY = (
    "math.abs", "math.negative", "math.square", "math.sign", "math.exp", "math.tanh", "math.sigmoid", "nn.relu",
    "math.sin",
    "math.cos", "math.floor", "math.ceil", "math.round", "math.softplus", "nn.silu", "nn.gelu", "nn.elu", "nn.selu",
    "nn.relu6", "nn.softsign", "zeros_like", "ones_like", "identity", "stop_gradient", "nn.softmax", "nn.log_softmax",
    "math.is_nan", "math.erf", "nn.leaky_relu", "math.expm1", "math.log_sigmoid",
)  # fmt: skip
TF_POSITIVE = ("math.sqrt", "math.rsqrt", "math.log", "math.log1p", "math.reciprocal")
TF_REDUCTIONS = (
    "math.reduce_sum", "math.reduce_mean", "math.reduce_max", "math.reduce_min", "math.reduce_prod", "math.reduce_any",
    "math.reduce_all", "math.argmax", "math.argmin", "math.reduce_logsumexp", "math.reduce_std", "math.reduce_variance",
)  # fmt: skip
TF_BINARY = (
    "math.add", "math.subtract", "math.multiply", "math.divide", "math.truediv", "math.maximum", "math.minimum",
    "math.floordiv", "math.floormod", "math.equal", "math.not_equal", "math.greater", "math.greater_equal", "math.less",
    "math.less_equal", "math.logical_and", "math.logical_or", "math.squared_difference",
)  # fmt: skip
PYTHON = ("+", "-", "*", "/", "**", "//", "%", ">", "<", ">=", "<=", "neg", "abs")


def named(*names: str) -> list[str]:
    return [f"op:{name}" for name in names]


def floats(draft: Draft) -> Tensor:
    return draft.tensor(1, 2, 2, 3)


def used(draft: Draft, found: list[Tensor]) -> None:
    """Half of the time a layer reads what came out, so that its mask, or the want of one, can be seen."""
    first = found[0]
    if first.is_sequence and draft.chance(0.4):
        draft.layer("SimpleRNN", {"units": 2, "return_sequences": draft.chance(0.5)}, first)
    elif first.is_float and first.shape and draft.chance(0.2):
        draft.layer("Dense", {"units": 2}, first)


def unary(draft: Draft, name: str) -> None:
    op = name.removeprefix("op:")
    x = floats(draft)
    if op == "logical_not":
        x = draft.op("greater" if draft.world.keras3 else "math.greater", x, 0.0)[0]
    used(draft, draft.op(op, x))


def positive(draft: Draft, name: str) -> None:
    keras3 = draft.world.keras3
    x = draft.op("abs" if keras3 else "math.abs", floats(draft))[0]
    x = draft.op("add" if keras3 else "math.add", x, 0.25)[0]
    used(draft, draft.op(name.removeprefix("op:"), x))


def reduction(draft: Draft, name: str) -> None:
    op = name.removeprefix("op:")
    x = draft.tensor(1, 2, 3)
    if op.endswith(("any", "all")) and not draft.world.keras3:
        x = draft.op("math.greater", x, 0.0)[0]
    axis: Any = draft.choose([-1, len(x.shape), *([[1, 2]] if len(x.shape) > 1 else [])])
    options: dict[str, Any] = draft.options(0.4, keepdims=[True])
    if op.endswith(("argmax", "argmin")):
        axis = -1 if isinstance(axis, list) else axis
        options = options if draft.world.keras3 else {}
    used(draft, draft.op(op, x, axis=axis, **options))


def binary(draft: Draft, name: str) -> None:
    op = name.removeprefix("op:")
    x = floats(draft)
    if "logical" in op:
        greater = "greater" if draft.world.keras3 else "math.greater"
        pair = [draft.op(greater, x, 0.0)[0], draft.op(greater, draft.like(x), 0.3)[0]]
    else:
        other: Any = draft.like(x) if draft.chance(0.5) else draft.choose([0.5, 2.0, -1.5])
        if op in ("arctan2", "squared_difference") and not isinstance(other, Tensor):
            other = draft.like(x)
        pair = [x, other]
    if draft.chance(0.3) and isinstance(pair[1], Tensor):
        pair.reverse()
    used(draft, draft.op(op, *pair))


for names, function, only in (
    (UNARY, unary, KERAS3), (OF_POSITIVE, positive, KERAS3), (REDUCTIONS, reduction, KERAS3), (BINARY, binary, KERAS3),
    (TF_UNARY, unary, TF_KERAS), (TF_POSITIVE, positive, TF_KERAS), (TF_REDUCTIONS, reduction, TF_KERAS),
    (TF_BINARY, binary, TF_KERAS),
):  # fmt: skip
    proposes(*named(*names), only=only, weight=0.08)(function)


@proposes(*named(*PYTHON), only=ALL, weight=0.2)
def python_operator(draft: Draft, name: str) -> None:
    op = name.removeprefix("op:")
    x = floats(draft)
    if op in ("neg", "abs"):
        used(draft, draft.op(op, x))
        return
    other: Any = draft.like(x) if draft.chance(0.5) and op != "**" else draft.choose([0.5, 2.0, 3.0])
    x = draft.op("abs", x)[0] if op == "**" else x
    pair = [x, other]
    if draft.chance(0.4) and op != "**":
        pair.reverse()
    used(draft, draft.op(op, *pair))


@proposes("op:getitem", weight=2)
def sliced(draft: Draft, name: str) -> None:
    x = draft.tensor(1, 2, 2, 3)
    keys: list[Any] = [{"slice": [None, None, None]}]
    for size in x.shape:
        cut = draft.choose([[None, None, None], [None, -1, None], [1, None, None], [None, None, 2], [0, size, 1]])
        keys.append(draft.choose([0, -1, {"slice": cut}, {"slice": cut}, {"slice": cut}]))
    if draft.chance(0.2):
        keys = [{"ellipsis": True}, keys[-1]]
    elif draft.chance(0.2):
        keys.insert(draft.choose([1, len(keys)]), None)
    elif draft.chance(0.4):
        keys = keys[:2]
    if all(key == {"slice": [None, None, None]} for key in keys):
        raise Rejected("nothing is cut off")
    used(draft, draft.op("getitem", x, keys))


# What changes shapes: name under Keras 3, name under tf-keras, and the arguments behind the tensor.

Arguments = tuple[list[Any], dict[str, Any]]
Shaping = Callable[[Draft, Tensor], Arguments]


def _axis(draft: Draft, x: Tensor) -> int:
    axes: list[int] = [-1, *range(1, len(x.shape) + 1)]
    return draft.choose(axes)


def _permutation(draft: Draft, x: Tensor) -> list[int]:
    rest = list(range(1, len(x.shape) + 1))
    draft.rng.shuffle(rest)
    return [0, *rest]


SHAPING: dict[str, tuple[str, Shaping]] = {
    "expand_dims": ("expand_dims", lambda d, x: ([], {"axis": _axis(d, x)})),
    "transpose": ("transpose", lambda d, x: ([_permutation(d, x)], {})),
    "flip": ("reverse", lambda d, x: ([], {"axis": _axis(d, x) if d.world.keras3 else [_axis(d, x)]})),
    "roll": ("roll", lambda d, x: ([d.choose([1, 2, -1])], {"axis": _axis(d, x)})),
    "repeat": ("repeat", lambda d, x: ([d.choose([2, 3])], {"axis": _axis(d, x)})),
    "tile": ("tile", lambda d, x: ([[1] * len(x.shape) + [2]], {})),
    "pad": ("pad", lambda d, x: ([[[0, 0], *[[1, 0] for _ in x.shape]]], {})),
    "reshape": ("reshape", lambda d, x: ([[-1, *reversed(x.shape)]], {})),
    "cast": ("cast", lambda d, x: ([d.choose(["int32", "float64", "bool", "float16"])], {})),
    "clip": ("clip_by_value", lambda d, x: ([-0.5, 0.75], {})),
    "cumsum": ("math.cumsum", lambda d, x: ([], {"axis": _axis(d, x)})),
    "cumprod": ("math.cumprod", lambda d, x: ([], {"axis": _axis(d, x)})),
    "sort": ("sort", lambda d, x: ([], {"axis": -1})),
    "argsort": ("argsort", lambda d, x: ([], {"axis": -1})),
    "take": ("gather", lambda d, x: ([[0, -1] if d.world.keras3 else [0, 0]], {"axis": _axis(d, x)})),
    "swapaxes": ("", lambda d, x: ([1, -1], {})),
    "moveaxis": ("", lambda d, x: ([1, -1], {})),
    "full_like": ("", lambda d, x: ([0.5], {})),
    "top_k": ("math.top_k", lambda d, x: ([1], {})),
    "diff": ("", lambda d, x: ([], {"axis": -1})),
    "normalize": ("math.l2_normalize", lambda d, x: ([], {"axis": -1})),
    "split": ("split", lambda d, x: ([1 if x.shape[-1] % 2 else 2], {"axis": -1})),
}


@proposes(*named(*SHAPING), only=KERAS3, weight=0.25)
def shaping(draft: Draft, name: str) -> None:
    x = draft.tensor(1, 2, 2, 3)
    args, kwargs = SHAPING[name.removeprefix("op:")][1](draft, x)
    used(draft, draft.op(name.removeprefix("op:"), x, *args, **kwargs))


TF_SHAPING = {theirs: shape for theirs, shape in SHAPING.values() if theirs}


def tf_shaping(draft: Draft, name: str) -> None:
    x = draft.tensor(1, 2, 2, 3)
    args, kwargs = TF_SHAPING[name.removeprefix("tf:")](draft, x)
    used(draft, draft.op(name.removeprefix("tf:"), x, *args, **kwargs))


proposes(*[f"tf:{name}" for name in TF_SHAPING], only=TF_KERAS, weight=0.25)(tf_shaping)


@proposes(*named("concatenate", "stack", "where", "matmul", "einsum"), only=KERAS3, weight=0.3)
@proposes(*[f"tf:{name}" for name in ("concat", "stack", "where", "matmul", "einsum")], only=TF_KERAS, weight=0.3)
def several(draft: Draft, name: str) -> None:
    kind = name.split(":")[1]
    x = draft.tensor(2, 2, 3)
    other = draft.like(x)
    if kind in ("concatenate", "concat", "stack"):
        used(draft, draft.op(kind, [x, other], axis=draft.choose([-1, 1])))
    elif kind == "where":
        greater = "greater" if draft.world.keras3 else "math.greater"
        condition = draft.op(greater, x, draft.choose([0.0, -0.5]))[0]
        used(draft, draft.op("where", condition, x, other if draft.chance(0.6) else 0.5))
    elif kind == "matmul":
        perm = [0, *range(1, len(x.shape) - 1), len(x.shape), len(x.shape) - 1]
        used(draft, draft.op("matmul", x, draft.op("transpose", other, perm)[0]))
    else:
        used(draft, draft.op("einsum", "...ij,...kj->...ik", x, other))


@proposes("op:squeeze", weight=0.25)
def squeezed(draft: Draft, name: str) -> None:
    x = draft.tensor(1, 2)
    wide = draft.op("expand_dims", x, axis=1)[0]
    used(draft, draft.op("squeeze", wide, axis=1))


@proposes("op:one_hot", weight=0.2)
def one_hot(draft: Draft, name: str) -> None:
    words = draft.words([draft.choose([2, 4])], below=5, low=0)
    used(draft, draft.op("one_hot", words, 5))


@proposes("mask by operations", weight=1.0)
def mask_by_operations(draft: Draft, name: str) -> None:
    """A mask that the graph computes, handed to a recurrent layer."""
    x = draft.tensor(2)
    greater, reduce = ("greater", "any") if draft.world.keras3 else ("math.greater", "math.reduce_any")
    seen = draft.op(reduce, draft.op(greater, x, 0.2)[0], axis=-1)[0]
    units = draft.choose([1, 2, 3])
    draft.layer(draft.choose(["LSTM", "GRU", "SimpleRNN"]), {"units": units, "return_sequences": True}, x, mask=seen)
