"""The 16-bit types in a script: computed in float32, then rounded to the numbers that they have."""

from __future__ import annotations

from rnnscope.script.module import Module

ROUNDING = {
    "float16": '''
def §(x):
    """x rounded to the numbers that float16 has; the arithmetic itself is done in float32."""
    with np.errstate(over="ignore"):
        return x.astype(np.float16).astype(x.dtype)
''',
    "bfloat16": '''
def §(x):
    """x rounded to the numbers that bfloat16 has, the upper 16 bits of a float32: to nearest, ties to even."""
    bits = np.asarray(x, np.float32).view(np.uint32)
    upper = (bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))) & np.uint32(0xFFFF0000)
    return np.where(np.isnan(x), x, upper.view(np.float32)).astype(x.dtype)
''',
}


def rounding(module: Module, name: str) -> str:
    """The function that rounds float32 numbers to those of the 16-bit type `name`."""
    return module.function(f"round_to_{name}", ROUNDING[name])


def finishing(module: Module, name: str, value: str) -> str:
    """What a layer of the 16-bit type `name` hands on, where it has computed `value`."""
    return f"{value}.astype(np.float16)" if name == "float16" else f"{rounding(module, name)}({value})"
