"""Activations: those that NumPy has are written where they are used, the others as functions of their own."""

from __future__ import annotations

from collections.abc import Callable

from rnnscope.layers import nonlinearities
from rnnscope.layers.activation_layers import ActivationLayer, PReLU, Softmax
from rnnscope.layers.activations import NEWER, OLDER, Activation
from rnnscope.script.module import NAME, Module
from rnnscope.script.use import NotReadable, Use, number, template

Options = dict[str, object]

INLINE: dict[str, str] = {
    "linear": "{}",
    "tanh": "np.tanh({})",
    "exponential": "np.exp({})",
    "relu6": "np.clip({}, 0, 6)",
    "hard_tanh": "np.clip({}, -1, 1)",
}

# Activation → what is said of it, and the lines of its function.
WHOLE: dict[str, tuple[str, str]] = {
    "sigmoid": (
        "1 / (1 + exp(-x)), written so that exp never overflows.",
        "e = np.exp(-np.abs(x))\nreturn np.where(x >= 0, 1, e) / (1 + e)",
    ),
    "hard_sigmoid_keras3": (
        "The hard_sigmoid of Keras 3; earlier ones have another slope.",
        "return np.clip(x + 3, 0, 6) / 6",
    ),
    "hard_sigmoid_keras2": (
        "The hard_sigmoid of Keras 1 and 2; that of Keras 3 has another slope.",
        "return np.clip(x * np.asarray(0.2, x.dtype) + np.asarray(0.5, x.dtype), 0, 1)",
    ),
    "softplus": ("log(1 + exp(x)).", "return np.logaddexp(x, np.zeros((), x.dtype))"),
    "softsign": ("x / (1 + |x|).", "return x / (1 + np.abs(x))"),
    "selu": (
        "The scaled exponential linear unit.",
        f"""alpha, scale = {nonlinearities.SELU_ALPHA}, {nonlinearities.SELU_SCALE}
return scale * np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))""",
    ),
    "log_softmax": (
        "The logarithm of softmax, along the last axis.",
        """shifted = x - x.max(axis=-1, keepdims=True)
return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))""",
    ),
    "tanh_shrink": ("x - tanh(x).", "return x - np.tanh(x)"),
    "sparse_sigmoid": ("A line from 0 to 1 between -1 and 1.", "return np.clip(0.5 * (x + 1), 0, 1)"),
    "sparse_plus": (
        "0 below -1, x above 1, a parabola between.",
        "return np.where(x <= -1, 0, np.where(x < 1, 0.25 * (x + 1) ** 2, x))",
    ),
    "sparsemax": (
        "Keras's sparsemax: its threshold adds up the cumulative sums of the whole support.",
        """ordered = -np.sort(-x, axis=-1)
ranks = np.arange(1, x.shape[-1] + 1, dtype=x.dtype)
sums = np.cumsum(ordered, axis=-1)
support = ordered - (sums - 1) / ranks > 0
size = support.sum(axis=-1, keepdims=True).astype(x.dtype)
threshold = (np.where(support, sums, 0).sum(axis=-1, keepdims=True) - 1) / size
return np.maximum(x - threshold, 0)""",
    ),
}
# Activations made of another one: of its function, called `inner`.
MADE: dict[str, tuple[str, str, str]] = {
    "silu": ("sigmoid", "x * sigmoid(x), also called swish.", "return x * {inner}(x)"),
    "swish": ("sigmoid", "x * sigmoid(x), also called silu.", "return x * {inner}(x)"),
    "mish": ("softplus", "x * tanh(softplus(x)).", "return x * np.tanh({inner}(x))"),
    "log_sigmoid": ("softplus", "The logarithm of sigmoid.", "return -{inner}(-x)"),
    "glu": (
        "sigmoid",
        "The first half, gated by the second.",
        "left, right = np.split(x, 2, axis=-1)\nreturn left * {inner}(right)",
    ),
    **{
        f"{name}{version}": (f"hard_sigmoid{version}", "x * hard_sigmoid(x).", "return x * {inner}(x)")
        for name in ("hard_silu", "hard_swish")
        for version in (OLDER, NEWER)
    },
}


def activated(module: Module, activation: Activation, value: str) -> str:
    """The expression for an activation of `value`."""
    options = dict(activation.options)
    if activation.name in INLINE and not options:
        return INLINE[activation.name].format(value)
    if activation.name == "relu" and all(options.get(name) in (None, 0) for name in options):
        return f"np.maximum({value}, 0)"
    return f"{_function(module, activation.name, activation.keras_name, options)}({value})"


def _function(module: Module, name: str, keras_name: str, options: Options) -> str:
    if name in MADE and not options:
        inner, what, lines = MADE[name]
        made = _function(module, inner, inner.removesuffix(OLDER).removesuffix(NEWER), {})
        return module.function(keras_name, _text(what, lines.format(inner=made)))
    if name in WHOLE and not options:
        return module.function(keras_name, _text(*WHOLE[name]))
    if name not in WITH_OPTIONS:
        raise NotReadable(name)
    text = _text(*WITH_OPTIONS[name](options))
    if "math." in text:
        module.imports.add("math")
    return module.function(keras_name, text)


def _text(what: str, lines: str) -> str:
    body = lines.replace("\n", "\n    ")
    return f'def {NAME}(x):\n    """{what}"""\n    {body}\n'


def _of(options: Options, name: str, default: float) -> str:
    value = options.get(name, default)
    assert isinstance(value, int | float)
    return number(value)


def _relu(options: Options) -> tuple[str, str]:
    threshold, top, slope = options.get("threshold"), options.get("max_value"), options.get("negative_slope")
    t = _of(options, "threshold", 0.0)
    lines = [f"positive = np.where(x > {t}, x, 0)" if threshold else "positive = np.maximum(x, 0)"]
    if top is not None:
        lines.append(f"positive = np.minimum(positive, {_of(options, 'max_value', 0.0)})")
    below = f" - {_of(options, 'negative_slope', 0.0)} * np.maximum({t} - x, 0)" if slope else ""
    return "relu, with the options of this layer.", "\n".join([*lines, f"return positive{below}"])


def _softmax(options: Options) -> tuple[str, str]:
    axis = options.get("axis", -1)
    if isinstance(axis, tuple):
        return (
            f"exp(x) / sum(exp(x)) along the axes {axis}, by way of the logarithm, as Keras does.",
            f"""top = x.max(axis={axis}, keepdims=True)
return np.exp(x - (top + np.log(np.exp(x - top).sum(axis={axis}, keepdims=True))))""",
        )
    along = "the last axis" if axis == -1 else f"axis {axis}"
    return (
        f"exp(x) / sum(exp(x)) along {along}; the largest is taken off so that exp never overflows.",
        f"e = np.exp(x - x.max(axis={axis}, keepdims=True))\nreturn e / e.sum(axis={axis}, keepdims=True)",
    )


def _gelu(options: Options) -> tuple[str, str]:
    if options.get("approximate", False):
        return (
            "x times the Gaussian distribution function, approximated by tanh.",
            "return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))",
        )
    return (
        "x times the Gaussian distribution function.",
        "erf = np.frompyfunc(math.erf, 1, 1)\nreturn 0.5 * x * (1 + erf(x / math.sqrt(2)).astype(x.dtype))",
    )


def _soft_shrink(options: Options) -> tuple[str, str]:
    t = _of(options, "threshold", 0.5)
    return (
        f"x drawn {t} nearer to 0.",
        f"return np.where(x > {t}, x - {t}, np.where(x < -{t}, x + {t}, 0))",
    )


WITH_OPTIONS: dict[str, Callable[[Options], tuple[str, str]]] = {
    "relu": _relu,
    "softmax": _softmax,
    "gelu": _gelu,
    "soft_shrink": _soft_shrink,
    "leaky_relu": lambda o: (
        "x, or a share of it below 0.", f"return np.where(x > 0, x, {_of(o, 'negative_slope', 0.2)} * x)"
    ),
    "thresholded_relu": lambda o: (
        "x where it is large enough, else 0.", f"return np.where(x > {_of(o, 'theta', 1.0)}, x, 0)"
    ),
    "elu": lambda o: (
        "x, or alpha * (exp(x) - 1) below 0.",
        f"return np.where(x > 0, x, {_of(o, 'alpha', 1.0)} * np.expm1(np.minimum(x, 0)))",
    ),
    "celu": lambda o: (
        "x, or alpha * (exp(x / alpha) - 1) below 0.",
        "return np.where(x > 0, x, {0} * np.expm1(np.minimum(x, 0) / {0}))".format(_of(o, "alpha", 1.0)),
    ),
    "hard_shrink": lambda o: (
        "x where it is far enough from 0.", f"return np.where(np.abs(x) > {_of(o, 'threshold', 0.5)}, x, 0)"
    ),
    "squareplus": lambda o: (
        "A smooth relu made of a square root.", f"return 0.5 * (x + np.sqrt(x * x + {_of(o, 'b', 4)}))"
    ),
}  # fmt: skip


@template(ActivationLayer)
def activation_layer(use: Use) -> None:
    operation = use.operation
    assert isinstance(operation, ActivationLayer)
    use.define(use.output, activated(use.module, operation.activation, str(use.x)))


@template(Softmax)
def softmax_layer(use: Use) -> None:
    operation = use.operation
    assert isinstance(operation, Softmax)
    if use.seen.result.mask is not None:
        raise NotReadable("masked places count as little as they can")
    use.define(use.output, activated(use.module, Activation("softmax", (("axis", operation.axis),)), str(use.x)))


@template(PReLU)
def prelu(use: Use) -> None:
    operation = use.operation
    assert isinstance(operation, PReLU)
    alpha = use.weight("alpha", operation.alpha, "a trained slope below 0 for each place")
    use.define(use.output, f"np.where({use.x} > 0, {use.x}, {alpha} * {use.x})")
