"""TensorFlow's raw operations, as ``TensorFlowOpLayer`` of TensorFlow 1 and 2.0–2.3 stores them, by their functions.

A node is the JSON of a ``NodeDef``: the operation's name, its inputs (some of them constants, which Keras keeps beside
it) and attributes such as ``{"keep_dims": {"b": true}}`` or ``{"axis": {"i": "1"}}``.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rnnscope.errors import UnreadableFile, Unsupported


@dataclass(frozen=True, slots=True)
class Raw:
    """The function that a raw operation stands for.

    inputs: what the function calls each input, in order; with ``*`` the first takes all but the named ones after it.
    attributes: attributes → what the function calls them; "-" for those that must not be set.
    """

    function: str
    inputs: tuple[str, ...]
    attributes: Mapping[str, str]


def _raw(function: str, inputs: str = "x y", attributes: str = "") -> Raw:
    pairs = [word.partition("=") for word in attributes.split()]
    return Raw(function, tuple(inputs.split()), {theirs: ours or theirs for theirs, _, ours in pairs})


def _same(inputs: str, **functions: str) -> dict[str, Raw]:
    return {name: _raw(function, inputs) for name, function in functions.items()}


_REDUCED = "input_tensor axis", "keep_dims=keepdims"

RAW: dict[str, Raw] = {
    **_same(
        "x y",
        Add="math.add",
        AddV2="math.add",
        Sub="math.subtract",
        Mul="math.multiply",
        RealDiv="realdiv",
        Div="compat.v1.div",
        DivNoNan="math.divide_no_nan",
        FloorDiv="math.floordiv",
        FloorMod="math.floormod",
        Pow="math.pow",
        Maximum="math.maximum",
        Minimum="math.minimum",
        SquaredDifference="math.squared_difference",
        Equal="math.equal",
        NotEqual="math.not_equal",
        Greater="math.greater",
        GreaterEqual="math.greater_equal",
        Less="math.less",
        LessEqual="math.less_equal",
        LogicalAnd="math.logical_and",
        LogicalOr="math.logical_or",
    ),
    **_same(
        "x",
        Neg="math.negative",
        Abs="math.abs",
        Square="math.square",
        Sqrt="math.sqrt",
        Rsqrt="math.rsqrt",
        Exp="math.exp",
        Expm1="math.expm1",
        Log="math.log",
        Log1p="math.log1p",
        Sign="math.sign",
        Floor="math.floor",
        Ceil="math.ceil",
        Round="math.round",
        Reciprocal="math.reciprocal",
        Sin="math.sin",
        Cos="math.cos",
        Tan="math.tan",
        Sinh="math.sinh",
        Cosh="math.cosh",
        Tanh="math.tanh",
        Sigmoid="math.sigmoid",
        Erf="math.erf",
        Softplus="math.softplus",
        LogicalNot="math.logical_not",
    ),
    **_same(
        "features",
        Relu="nn.relu",
        Relu6="nn.relu6",
        Elu="nn.elu",
        Selu="nn.selu",
        Softsign="nn.softsign",
    ),
    **_same("input", Identity="identity", StopGradient="stop_gradient", ZerosLike="zeros_like", OnesLike="ones_like"),
    **_same("logits", Softmax="nn.softmax", LogSoftmax="nn.log_softmax"),
    **_same("condition x y", Select="where", SelectV2="where"),
    "LeakyRelu": _raw("nn.leaky_relu", "features", "alpha"),
    "Sum": _raw("math.reduce_sum", *_REDUCED),
    "Mean": _raw("math.reduce_mean", *_REDUCED),
    "Max": _raw("math.reduce_max", *_REDUCED),
    "Min": _raw("math.reduce_min", *_REDUCED),
    "Prod": _raw("math.reduce_prod", *_REDUCED),
    "Any": _raw("math.reduce_any", *_REDUCED),
    "All": _raw("math.reduce_all", *_REDUCED),
    "EuclideanNorm": _raw("math.reduce_euclidean_norm", *_REDUCED),
    "Atan2": _raw("math.atan2", "y x"),
    "ArgMax": _raw("math.argmax", "input axis", "output_type"),
    "ArgMin": _raw("math.argmin", "input axis", "output_type"),
    "Cumsum": _raw("math.cumsum", "x axis", "exclusive reverse"),
    "Cumprod": _raw("math.cumprod", "x axis", "exclusive reverse"),
    "TopKV2": _raw("math.top_k", "input k", "sorted"),
    "Cast": _raw("cast", "x", "DstT=dtype Truncate=-"),
    "Reshape": _raw("reshape", "tensor shape"),
    "Transpose": _raw("transpose", "a perm"),
    "ExpandDims": _raw("expand_dims", "input axis"),
    "Squeeze": _raw("squeeze", "input", "squeeze_dims=axis"),
    "ConcatV2": _raw("concat", "*values axis"),
    "Pack": _raw("stack", "*values", "axis"),
    "AddN": _raw("math.add_n", "*inputs"),
    "Unpack": _raw("unstack", "value", "axis num"),
    "Split": _raw("split", "axis value", "num_split=num_or_size_splits"),
    "SplitV": _raw("split", "value num_or_size_splits axis", "num_split=ignored"),
    "Tile": _raw("tile", "input multiples"),
    "BroadcastTo": _raw("broadcast_to", "input shape"),
    "Pad": _raw("pad", "tensor paddings"),
    "PadV2": _raw("pad", "tensor paddings constant_values"),
    "MirrorPad": _raw("pad", "tensor paddings", "mode"),
    "ReverseV2": _raw("reverse", "tensor axis"),
    "ReverseSequence": _raw("reverse_sequence", "input seq_lengths", "seq_dim=seq_axis batch_dim=batch_axis"),
    "Roll": _raw("roll", "input shift axis"),
    "Range": _raw("range", "start limit delta"),
    "IdentityN": _raw("identity_n", "*input"),
    "Einsum": _raw("einsum", "*inputs", "equation"),
    "MatrixBandPart": _raw("linalg.band_part", "input num_lower num_upper"),
    "MatrixInverse": _raw("linalg.inv", "input", "adjoint"),
    "MatrixDeterminant": _raw("linalg.det", "input"),
    "Fill": _raw("fill", "dims value"),
    "Shape": _raw("shape", "input", "out_type"),
    "StridedSlice": _raw(
        "strided_slice",
        "input_ begin end strides",
        "begin_mask end_mask ellipsis_mask new_axis_mask shrink_axis_mask",
    ),
    "Slice": _raw("slice", "input_ begin size"),
    "GatherV2": _raw("gather", "params indices axis", "batch_dims"),
    "OneHot": _raw("one_hot", "indices depth on_value off_value", "axis"),
    "MatMul": _raw("linalg.matmul", "a b", "transpose_a transpose_b"),
    "BatchMatMul": _raw("linalg.matmul", "a b", "adj_x=transpose_a adj_y=transpose_b"),
    "BatchMatMulV2": _raw("linalg.matmul", "a b", "adj_x=transpose_a adj_y=transpose_b"),
    "BiasAdd": _raw("nn.bias_add", "value bias", "data_format"),
}

# Attributes that say what the inputs say already, or where and how fast it runs.
SAID_ELSEWHERE = (
    "T", "Tidx", "Tshape", "Tperm", "Tdim", "Tpaddings", "Tmultiples", "Tindices", "Tparams", "Taxis", "TI", "Tlen",
    "Index", "N", "SrcT", "Tk", "index_type", "Tblock_shape", "Tcrops", "U", "V", "incompatible_shape_error", "_cloned",
    "_output_shapes", "_class", "grad_a", "grad_b", "grad_x", "grad_y", "_gradient_op_type", "Tshift", "Taxes", "Tlen",
)  # fmt: skip
TYPES = {
    "DT_FLOAT": "float32", "DT_DOUBLE": "float64", "DT_HALF": "float16", "DT_BFLOAT16": "bfloat16", "DT_INT32": "int32",
    "DT_INT64": "int64", "DT_INT16": "int16", "DT_INT8": "int8", "DT_UINT8": "uint8", "DT_BOOL": "bool",
}  # fmt: skip
WORDS = {"TkhXQw==": "NHWC", "TkNIVw==": "NCHW", "UkVGTEVDVA==": "REFLECT", "U1lNTUVUUklD": "SYMMETRIC"}  # base64


def raw_call(node: object, constants: object, tensors: Sequence[object], layer: str) -> tuple[str, dict[str, object]]:
    """The function that a node stands for, and its arguments by name; `constants` is {place of an input: value}."""
    if not isinstance(node, dict) or not isinstance(node.get("op"), str):
        raise Unsupported(
            "a TensorFlowOpLayer whose operation is not written in JSON is not read",
            layer=layer,
            advice="Rebuild the model from layers, or save it with a newer TensorFlow",
        )
    raw = RAW.get(node["op"])
    if raw is None:
        raise Unsupported(
            f"TensorFlow's raw operation {node['op']} is not computed",
            layer=layer,
            advice=f"Computed are: {', '.join(sorted(RAW))}",
        )
    named = _inputs(raw, _with_constants(tensors, constants, layer), layer)
    attributes = node.get("attr", {})
    for name, value in (attributes if isinstance(attributes, dict) else {}).items():
        ours = raw.attributes.get(name)
        plain = _attribute(value, name, layer) if ours not in (None, "ignored") else None
        if (ours == "-" and plain) or (ours is None and name not in SAID_ELSEWHERE):
            raise Unsupported(f"{node['op']} with {name} is not computed", layer=layer)
        if ours not in (None, "-", "ignored"):
            named[str(ours)] = plain
    return raw.function, named


def _with_constants(tensors: Sequence[object], constants: object, layer: str) -> list[object]:
    inputs = list(tensors)
    if constants is None:
        return inputs
    if not isinstance(constants, dict) or any(not str(place).isdecimal() for place in constants):
        raise UnreadableFile("the constants of an operation are not usable", layer=layer)
    for place in sorted(constants, key=int):
        inputs.insert(int(place), constants[place])
    return inputs


def _inputs(raw: Raw, given: list[object], layer: str) -> dict[str, object]:
    first, *rest = raw.inputs
    if first.startswith("*"):
        count = len(given) - len(rest)
        return {first[1:]: given[:count], **dict(zip(rest, given[count:], strict=True))}
    if len(given) != len(raw.inputs):
        raise UnreadableFile(
            f"an operation {raw.function} has the wrong number of inputs",
            layer=layer,
            expected=len(raw.inputs),
            found=len(given),
        )
    return dict(zip(raw.inputs, given, strict=True))


def _attribute(value: object, name: str, layer: str) -> object:
    match value:
        case {"b": bool(flag)}:
            return flag
        case {"i": str(digits)} if digits.lstrip("-").isdecimal():
            return int(digits)
        case {"i": int(number)} | {"f": int(number)} | {"f": float(number)}:
            return number
        case {"type": str(kind)} if kind in TYPES:
            return TYPES[kind]
        case {"s": str(word)} if word in WORDS:
            return WORDS[word]
        case {"s": str(word)} if name == "equation":
            return _decoded(word)
        case {"list": {"i": list(items)}}:
            return [int(str(item)) for item in items] or None
        case {"list": dict(empty)} if not empty:
            return None
    raise Unsupported(f"the attribute {name}={value!r} of an operation is not read", layer=layer)


def _decoded(word: str) -> str:
    try:
        return b64decode(word, validate=True).decode("ascii")
    except ValueError:
        return ""
