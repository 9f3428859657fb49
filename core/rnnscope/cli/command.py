"""The command that repeats what is on a screen, to be typed into a shell.

``command_line("m.keras", "x.npy", "keras.npz", mine="port.npy", sample=3)`` gives
``rnnscope compare m.keras x.npy keras.npz --mine port.npy --sample 3``.
"""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterable, Sequence
from os import PathLike, fspath
from typing import Any

Path = str | PathLike[str]
REPEATED = (
    *("model", "input", "reference", "mine", "weights", "keras_version", "backend", "infer", "bypass_lambda"),
    *("run_code", "ignore_masks", "atol", "rtol", "layer", "quantity", "sample", "why"),
)


def command_line(
    model: Path,
    input: Path | None = None,  # noqa: A002
    reference: Path | None = None,
    *,
    mine: Path | None = None,
    weights: Path | None = None,
    keras_version: str | None = None,
    backend: str | None = None,
    infer: bool = False,
    bypass_lambda: bool = False,
    run_code: Sequence[Path] = (),
    ignore_masks: bool = False,
    atol: float | None = None,
    rtol: float | None = None,
    layer: str = "",
    quantity: str = "",
    sample: int | None = None,
    why: bool = False,
) -> str:
    """One line for a POSIX shell: ``summary`` of a model alone, ``run`` with an input, ``compare`` with more.

    `why` asks for the diagnosis of `mine`, with ``diagnose`` where nothing else is compared. layer, quantity and sample
    are what is looked at, where something is; the rest is as `rnnscope.load_model` and the commands take it.
    `ignore_masks` is an option of ``run`` and of no other command, and so is left out of them.
    """
    ported = input is not None and mine is not None
    compared = input is not None and (reference is not None or ported)
    command = "compare" if compared else "summary" if input is None else "run"
    if ported and why and reference is None:
        command, reference = "diagnose", mine
    words = ["rnnscope", command, *_files([model, input, reference] if compared else [model, input])]
    if command == "compare" and ported:
        words += [*_option("--mine", mine, file=True), *["--why"] * why]
    words += _option("--weights", weights, file=True)
    words += _option("--keras-version", keras_version)
    words += _option("--backend", backend)
    words += ["--infer"] * infer + ["--bypass-lambda"] * bypass_lambda
    for code in run_code:
        words += _option("--run-code", code, file=True)
    words += ["--ignore-masks"] * (ignore_masks and command == "run")
    if command == "compare":
        words += _option("--atol", None if atol is None else repr(atol))
        words += _option("--rtol", None if rtol is None else repr(rtol))
    if command in ("run", "compare"):
        words += _option("--layer", layer or None)
        words += _option("--quantity", quantity or None)
        words += _option("--sample", None if sample is None else str(sample))
    return shlex.join(words)


def repeated(options: argparse.Namespace, **other: Any) -> str:
    """The command that a command's own options repeat, with some of them otherwise."""
    given = {name: value for name, value in vars(options).items() if name in REPEATED}
    return command_line(**(given | other))


def _files(paths: Iterable[Path | None]) -> list[str]:
    return [_file(path) for path in paths if path is not None]


def _file(path: Path) -> str:
    """A path that no parser takes for an option."""
    text = fspath(path)
    return f"./{text}" if text.startswith("-") else text


def _option(name: str, value: Path | None, *, file: bool = False) -> list[str]:
    if value is None:
        return []
    text = _file(value) if file else fspath(value)
    return [f"{name}={text}"] if text.startswith("-") else [name, text]
