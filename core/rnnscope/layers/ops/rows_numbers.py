"""The table's rows of what is done number by number: arithmetic, comparison, logic."""

from __future__ import annotations

import numpy as np

from rnnscope.layers.ops import arithmetic as own
from rnnscope.layers.ops.rule import Function, Row, Typing, row
from rnnscope.layers.ops.shapes import broadcast

# TensorFlow calls the one tensor by several names; only the first argument is ever written without its name.
ONE = "x | features=x logits=x a=x input=x tensor=x"


def of_one(keras: str, function: Function, tf: str = "", typing: Typing = "float", decides: bool = False) -> Row:
    """Of one tensor, without options."""
    return row(keras, "x", function, typing, tf=tf, shape=broadcast, decides=decides, tf_call=ONE)


def of_two(keras: str, function: Function, tf: str = "", typing: Typing = "common", decides: bool = False) -> Row:
    """Of two tensors, without options."""
    return row(keras, "x1 x2", function, typing, tf=tf, shape=broadcast, decides=decides, tf_call="x=x1 y=x2")


def _bits(keras: str, function: Function, tf: str = "") -> Row:
    return row(keras, "x y", function, tf=tf, shape=broadcast)


# fmt: off
ARITHMETIC = (
    of_two("Add", np.add, "math.add add __operators__.add"),
    of_two("Subtract", np.subtract, "math.subtract subtract __operators__.sub"),
    of_two("Multiply", np.multiply, "math.multiply multiply __operators__.mul compat.v1.multiply"),
    row("TrueDivide", "x1 x2", np.divide, "float", tf="math.truediv truediv __operators__.truediv realdiv",
        tf_call="x=x1 y=x2", tf_typing="float", shape=broadcast),
    row("Divide", "x1 x2", np.divide, "float", tf="math.divide divide", tf_call="x=x1 y=x2", tf_typing="float",
        shape=broadcast),
    of_two("DivideNoNan", own.divide_no_nan, "math.divide_no_nan compat.v1.div_no_nan", "float"),
    of_two("", own.divide_as_python_2, "compat.v1.div div"),
    of_two("", own.multiply_no_nan, "math.multiply_no_nan"),
    of_two("", own.xdivy, "math.xdivy"),
    of_two("", own.xlogy, "math.xlogy"),
    of_two("", own.squared_difference, "math.squared_difference"),
    row("", "", np.multiply, tf="math.scalar_mul compat.v1.math.scalar_mul compat.v1.scalar_mul",
        tf_call="scalar=x1 x=x2", shape=broadcast),
    row("", "", own.add_all, tf="math.add_n add_n math.accumulate_n", tf_call="inputs=xs", shape=broadcast),
    of_two("FloorDivide", own.floor_divide, "math.floordiv floordiv __operators__.floordiv compat.v1.floor_div",
           decides=True),
    of_two("Mod", own.modulo, "math.floormod math.mod floormod __operators__.mod", decides=True),
    of_two("Fmod", own.remainder_of_x1, "truncatemod", decides=True),
    of_two("Power", np.power, "math.pow pow __operators__.pow"),
    of_two("Maximum", np.maximum, "math.maximum maximum"),
    of_two("Minimum", np.minimum, "math.minimum minimum"),
    of_two("Fmax", np.fmax),
    of_two("Fmin", np.fmin),
    of_two("Logaddexp", np.logaddexp, typing="float"),
    of_two("Logaddexp2", np.logaddexp2, typing="float"),
    of_two("Hypot", np.hypot, typing="float"),
    row("Arctan2", "x1 x2", np.arctan2, "float", tf="math.atan2 atan2", tf_call="y=x1 x=x2", shape=broadcast),
    of_two("Heaviside", own.heaviside, typing="float", decides=True),
    row("Ldexp", "x1 x2", own.ldexp, "own", shape=broadcast),
    of_two("Gcd", np.gcd),
    of_two("Lcm", np.lcm),
    of_one("Negative", np.negative, "math.negative negative __operators__.neg", "own"),
    of_one("Absolute", np.abs, "math.abs abs __operators__.abs", "own"),
    of_one("Abs", np.abs, typing="own"),
    of_one("Fabs", np.fabs),
    of_one("Square", own.square, "math.square square", "own"),
    of_one("Sqrt", np.sqrt, "math.sqrt sqrt"),
    of_one("Rsqrt", own.rsqrt, "math.rsqrt"),
    of_one("Cbrt", np.cbrt),
    of_one("Reciprocal", own.reciprocal, "math.reciprocal", "own"),
    of_one("Exp", np.exp, "math.exp exp"),
    of_one("Exp2", np.exp2),
    of_one("Expm1", np.expm1, "math.expm1"),
    of_one("Log", np.log, "math.log"),
    of_one("Log10", np.log10),
    of_one("Log1p", np.log1p, "math.log1p"),
    of_one("Log2", np.log2),
    of_one("Sign", own.sign, "math.sign sign", "own", decides=True),
    of_one("Floor", own.floor, "math.floor floor", decides=True),
    of_one("Ceil", own.ceil, "math.ceil", decides=True),
    of_one("Trunc", own.trunc, typing="own", decides=True),
    row("Round", "x | decimals", own.round_half_even, "own", tf="math.round round math.rint", tf_call="x",
        shape=broadcast, decides=True),
    row("Clip", "x | x_min x_max", own.clip, "own", tf="clip_by_value",
        tf_call="t=x clip_value_min=x_min clip_value_max=x_max", shape=broadcast),
    of_one("Sin", np.sin, "math.sin sin"),
    of_one("Cos", np.cos, "math.cos cos"),
    of_one("Tan", np.tan, "math.tan tan"),
    of_one("Arcsin", np.arcsin, "math.asin asin"),
    of_one("Arccos", np.arccos, "math.acos acos"),
    of_one("Arctan", np.arctan, "math.atan atan"),
    of_one("Sinh", np.sinh, "math.sinh sinh"),
    of_one("Cosh", np.cosh, "math.cosh cosh"),
    of_one("Tanh", np.tanh, "math.tanh tanh nn.tanh"),
    of_one("Arcsinh", np.arcsinh, "math.asinh asinh"),
    of_one("Arccosh", np.arccosh, "math.acosh acosh"),
    of_one("Arctanh", np.arctanh, "math.atanh atanh"),
    of_one("Sinc", np.sinc),
    of_one("Deg2rad", np.deg2rad),
    of_one("Rad2deg", np.rad2deg),
    of_one("Erf", own.erf, "math.erf"),
    of_one("Erfc", own.erfc, "math.erfc"),
    of_one("Erfinv", own.erfinv, "math.erfinv"),
    of_one("Real", own.same, "math.real", "own"),
    row("NanToNum", "x | nan posinf neginf", own.nan_to_num, "own", shape=broadcast),
)

COMPARISON = (
    of_two("Equal", np.equal, "math.equal equal __operators__.eq"),
    of_two("NotEqual", np.not_equal, "math.not_equal not_equal __operators__.ne"),
    of_two("Greater", np.greater, "math.greater greater __operators__.gt"),
    of_two("GreaterEqual", np.greater_equal, "math.greater_equal greater_equal __operators__.ge"),
    of_two("Less", np.less, "math.less less __operators__.lt"),
    of_two("LessEqual", np.less_equal, "math.less_equal less_equal __operators__.le"),
    row("Isclose", "x1 x2 rtol atol | equal_nan", own.is_close, "own", shape=broadcast),
    of_two("LogicalAnd", np.logical_and, "math.logical_and logical_and __operators__.and", "own"),
    of_two("LogicalOr", np.logical_or, "math.logical_or logical_or __operators__.or", "own"),
    of_two("LogicalXor", np.logical_xor, "math.logical_xor __operators__.xor", "own"),
    of_one("LogicalNot", np.logical_not, "math.logical_not logical_not __operators__.invert", "own"),
    row("Where", "condition x1 x2", own.where, tf="where compat.v2.where compat.v1.where",
        tf_call="condition x=x1 y=x2", shape=broadcast, decides=True),
    row("Select", "condlist choicelist default", own.select, shape=broadcast, decides=True),
    of_one("Isfinite", np.isfinite, "math.is_finite", "own"),
    of_one("Isinf", np.isinf, "math.is_inf", "own"),
    of_one("Isnan", np.isnan, "math.is_nan", "own"),
    of_one("Isposinf", np.isposinf, typing="own"),
    of_one("Isneginf", np.isneginf, typing="own"),
    of_one("Signbit", np.signbit, typing="own"),
    _bits("BitwiseAnd", np.bitwise_and, "bitwise.bitwise_and"),
    _bits("BitwiseOr", np.bitwise_or, "bitwise.bitwise_or"),
    _bits("BitwiseXor", np.bitwise_xor, "bitwise.bitwise_xor"),
    _bits("BitwiseLeftShift", np.left_shift, "bitwise.left_shift"),
    _bits("LeftShift", np.left_shift),
    _bits("BitwiseRightShift", np.right_shift, "bitwise.right_shift"),
    _bits("RightShift", np.right_shift),
    of_one("BitwiseNot", np.bitwise_not, "bitwise.invert", "own"),
    of_one("BitwiseInvert", np.bitwise_not, typing="own"),
)
