"""The text of `predict.py`: heading, weights, functions, `predict`, the check against the sample, the command."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from rnnscope.script.extract import Extracted
from rnnscope.script.module import NAME, Module, Weight
from rnnscope.script.names import quoted, spoken
from rnnscope.script.wrapping import WIDTH, wrapped
from rnnscope.types import Array, Shape

WORD = re.compile(r"[A-Za-z_][A-Za-z_0-9]*")


@dataclass(frozen=True, slots=True, eq=False)
class End:
    """An input or output of the model: its name in the file and in the script, and its shape.

    tolerance: how far rounding can move an output; None for one that is not of floating point.
    """

    name: str
    parameter: str
    shape: Shape
    tolerance: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Portrait:
    """What a script is made of, and what it says about itself."""

    model: str
    file: str
    keras: str
    version: str
    inputs: tuple[End, ...]
    outputs: tuple[End, ...]
    body: tuple[str, ...]


def rendered(module: Module, portrait: Portrait, extracted: Extracted | None) -> tuple[str, dict[str, Array]]:
    """The text of the script, and the arrays that it loads from `weights.npz`; `extracted` is the engine's own code."""
    predict = _predict(portrait)
    functions = _needed(module, predict)
    used = words("\n".join([*functions, *predict]))
    groups = {head: [w for w in group if w.name in used] for head, group in module.weights.items()}
    arrays = {weight.name: weight.array for group in groups.values() for weight in group}
    imports = {f"import {name}" for name in (*(module.imports & used), "sys")} | {"from pathlib import Path"}
    if extracted is not None:
        imports |= {*extracted.imports} - {"import numpy as np"}
        arrays |= extracted.weights
    top = _imports(imports, bool(arrays), groups, extracted is not None)
    parts = [f"{_heading(portrait).strip()}\n\n{top}", *functions]
    if extracted is not None:
        parts.append(f"# The remaining layers, as the engine of rnnscope computes them.\n\n{extracted.source}")
    parts += ["\n".join(predict), _check(portrait), _main(portrait)]
    return "\n\n\n".join(part.strip("\n") for part in parts) + "\n", arrays


def words(text: str) -> set[str]:
    """Every identifier in a text."""
    return set(WORD.findall(text))


def _needed(module: Module, predict: Sequence[str]) -> list[str]:
    """The functions on which `predict` depends, each behind those that it calls."""
    texts = {name: text.replace(NAME, name) for text, name in module.functions.items()}
    used = words("\n".join(predict))
    for name, text in reversed(texts.items()):
        if name in used:
            used |= words(text)
    needed = {name: text for name, text in texts.items() if name in used}
    return sorted(needed.values(), key=lambda text: _depth(text, needed))


def _depth(text: str, functions: Mapping[str, str]) -> int:
    """How many functions stand one upon the other below this one."""
    name, *called = WORD.findall(text.replace("def ", "", 1))
    return max(
        (1 + _depth(functions[word], functions) for word in set(called) - {name} if word in functions), default=0
    )


def shape_text(shape: Shape) -> str:
    """``(batch, 10, 76)``; a size that only a run tells is ``…``."""
    sizes = ["batch", *("…" if size is None else str(size) for size in shape[1:])]
    return f"({', '.join(sizes)})" if len(sizes) > 1 else "(batch,)"


def _heading(portrait: Portrait) -> str:
    several = len(portrait.inputs) > 1
    names = ", ".join(end.parameter for end in portrait.inputs)
    file = "INPUT.npz" if several else "INPUT.npy"
    saved = "OUTPUT.npz" if len(portrait.outputs) > 1 else "OUTPUT.npy"
    shapes = ", ".join(f"{end.parameter} {shape_text(end.shape)}" for end in portrait.inputs)
    keys = f"; its keys are {', '.join(map(spoken, (end.name for end in portrait.inputs)))}" if several else ""
    return f'''
"""{spoken(portrait.model)}: what model.predict() computes, in NumPy alone.

Written by rnnscope {portrait.version} from {spoken(portrait.file)}, by the rules of {portrait.keras}.
Its weights are in weights.npz; sample.npz holds an input and the outputs that belong to it.

    python predict.py                           run that sample, and say whether the outputs agree
    python predict.py {file} [{saved}]    predict; the batch axis comes first{keys}

    from predict import predict
    predict({names})    # {shapes}
"""
'''


def _imports(imports: Collection[str], weighty: bool, groups: dict[str, list[Weight]], newer: bool) -> str:
    """newer: whether there is code that needs NumPy 2."""
    numeric = {line for line in imports if line.split()[1].startswith("numpy")}
    ours = sorted({*imports} - numeric, key=lambda line: (line.startswith("from"), line))
    lines = [*ours, "", "import numpy as np", *sorted(numeric), ""]
    lines += [*NEWER, ""] if newer else []
    lines.append("HERE = Path(__file__).resolve().parent")
    lines += ['weights = dict(np.load(HERE / "weights.npz"))'] if weighty else []
    for head, group in groups.items():
        if group:
            lines += ["", f"# {head}", *map(_weight, group)]
    return "\n".join(lines)


def _weight(weight: Weight) -> str:
    axes = f": {weight.axes}" if weight.axes else ""
    return f'{weight.name} = weights["{weight.name}"]  # {weight.array.shape}{axes}'


def _predict(portrait: Portrait) -> list[str]:
    given = ", ".join(f"{end.parameter} {shape_text(end.shape)}" for end in portrait.inputs)
    gives = ", ".join(shape_text(end.shape) for end in portrait.outputs)
    docstring = f'    """{given} -> {gives}."""'
    if len(docstring) > WIDTH:
        given = "".join(f"\n    {end.parameter}: {shape_text(end.shape)}" for end in portrait.inputs)
        gives = "".join(f"\n    {spoken(end.name)}: {shape_text(end.shape)}" for end in portrait.outputs)
        docstring = (
            f'    """What the model gives for its inputs.\n{given}\n\n    Returns, in this order:\n{gives}\n    """'
        )
    parameters = ", ".join(end.parameter for end in portrait.inputs)
    head = wrapped(f"def predict({parameters})", 0)
    return [*head[:-1], f"{head[-1]}:", docstring, *portrait.body]


def _check(portrait: Portrait) -> str:
    """The function that runs the sample."""
    given = ", ".join(f'sample["input_{place}"]' for place in range(len(portrait.inputs)))
    mine = wrapped(f"outputs = predict({given})", 4)
    if len(portrait.outputs) == 1:
        return "\n".join([*CHECK, *mine, *_compared(portrait.outputs[0], 0, "outputs", "    "), "    return agrees"])
    lines = [*CHECK, *mine, "    all_agree = True"]
    for place, end in enumerate(portrait.outputs):
        lines += _compared(end, place, f"outputs[{place}]", "    ")
        lines.append("    all_agree = all_agree and agrees")
    return "\n".join([*lines, "    return all_agree"])


# Older NumPy mixes types by other rules; NumPy 2 needs Python 3.9 itself.
NEWER = (
    'if int(np.__version__.partition(".")[0]) < 2:',
    '    sys.exit(f"This script needs NumPy 2 or later; this is NumPy {np.__version__}.")',
)
CHECK = (
    "def check():",
    '    """Run the stored sample; True when the outputs are those that rnnscope computed, up to rounding."""',
    '    sample = np.load(HERE / "sample.npz")',
)


DIFFERENCE = 'f"(largest difference {difference:.3g}, rounding {rounding:.3g})"'


def _compared(end: End, place: int, mine: str, pad: str) -> list[str]:
    stored = f'sample["output_{place}"]'
    name = spoken(end.name)
    if end.tolerance is None:
        return [
            f"{pad}agrees = np.array_equal({mine}, {stored})",
            f'{pad}print({quoted(f"{name}:")}, "agrees" if agrees else "differs")',
        ]
    return [
        f"{pad}difference = np.abs({mine} - {stored})",
        f"{pad}difference = np.max(difference[np.isfinite(difference)], initial=0)",
        f"{pad}rounding = {end.tolerance:.3g}  # the most that rounding can make of it in this model",
        f"{pad}agrees = np.allclose({mine}, {stored}, rtol=0, atol=rounding, equal_nan=True)",
        f'{pad}verdict = "agrees" if agrees else "differs"',
        f"{pad}print({quoted(f'{name}:')}, verdict, {DIFFERENCE})",
    ]


def _main(portrait: Portrait) -> str:
    if len(portrait.inputs) == 1:
        call = ["    outputs = predict(np.load(sys.argv[1]))"]
    else:
        given = ", ".join(f"inputs[{quoted(end.name)}]" for end in portrait.inputs)
        call = ["    inputs = np.load(sys.argv[1])", *wrapped(f"outputs = predict({given})", 4)]
    save = "np.save(sys.argv[2], outputs)"
    if len(portrait.outputs) > 1:
        save = 'np.savez(sys.argv[2], **{f"output_{i}": output for i, output in enumerate(outputs)})'
    lines = ["def main():", "    if len(sys.argv) < 2:", "        sys.exit(0 if check() else 1)", *call]
    lines += ["    if len(sys.argv) > 2:", f"        {save}", "    else:", "        print(outputs)"]
    return "\n".join([*lines, "", "", 'if __name__ == "__main__":', "    main()"])
