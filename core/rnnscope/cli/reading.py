"""What the commands have in common: which model, read by which rules, run on which input."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

from rnnscope.cli.screen import progress
from rnnscope.errors import BadInput, RnnscopeError, UnreadableFile, Unsupported
from rnnscope.inputs import load_input
from rnnscope.model import Model
from rnnscope.plugin_files import CONSENT, run_plugin
from rnnscope.reading.loader import load_model
from rnnscope.reading.recognise import part_of_model
from rnnscope.reading.source import Readable, Source, read_source, sniff
from rnnscope.reference import KEY
from rnnscope.run import run
from rnnscope.semantics import BACKENDS, Semantics
from rnnscope.trace import Trace
from rnnscope.types import Array

INPUT = ".npy, .npz, .h5 or .csv; the batch axis comes first"
STORED = "stored Keras values: .npz or .h5 as record_keras.py writes them, or .npy or .csv of the output"


def add_model(parser: argparse.ArgumentParser) -> None:
    """The argument MODEL, and how it is to be read."""
    parser.add_argument("model", metavar="MODEL", help="a .keras or .h5 file, or an architecture in JSON")
    add_reading(parser)


def add_reading(parser: argparse.ArgumentParser) -> None:
    """The options that say how the model file is to be read; whatever opens one takes them."""
    group = parser.add_argument_group("how the model file is read")
    group.add_argument(
        "--keras-version", metavar="VERSION", help="read it by the rules of this Keras instead of the one that wrote it"
    )
    group.add_argument(
        "--backend", choices=BACKENDS, help="the backend whose rules apply (a .keras file does not say which it was)"
    )
    group.add_argument(
        "--weights",
        metavar="FILE",
        help="the weights of an architecture in JSON, or in place of a model's own: .h5, .weights.h5, .weights.json",
    )
    group.add_argument(
        "--infer", action="store_true", help="of weights alone, assume the plain recurrent stack that they tell"
    )
    group.add_argument(
        "--bypass-lambda", action="store_true", help="let Lambda layers, whose code is never run, pass their input on"
    )
    group.add_argument("--run-code", metavar="FILE.py", action="append", default=[], help=CONSENT)


def add_look(parser: argparse.ArgumentParser, what: str) -> None:
    """The options that say what is to be seen."""
    group = parser.add_argument_group("what is shown")
    group.add_argument("--layer", metavar="NAME", default="", help=f"{what} of this layer")
    group.add_argument("--quantity", metavar="NAME", default="", help="such as state/h, gate/i, output/0, mask")
    group.add_argument("--sample", metavar="N", type=int, help="of this sample of the batch, counted from 0")


def load(
    options: argparse.Namespace,
    semantics: Semantics | None = None,
    source: Source | None = None,
    weights: Source | None = None,
) -> Model:
    """The model that the options name, by the rules that they choose, or by these; from files read already, if any."""
    for file in options.run_code:
        run_plugin(file)
    source = source or read_source(options.model)
    try:
        return load_model(
            source,
            weights or options.weights,
            infer=options.infer,
            keras_version=semantics.keras_version if semantics else options.keras_version,
            backend=semantics.backend if semantics else options.backend,
            bypass_lambda=options.bypass_lambda,
        )
    except UnreadableFile as error:
        if error.advice is None and _holds_arrays(source):
            raise UnreadableFile(
                "not a Keras model but arrays",
                file=source.name,
                advice="The order is MODEL INPUT REFERENCE: the model comes first",
            ) from None
        raise


def _holds_arrays(source: Source) -> bool:
    """Whether a file that was given as a model is an input or stored values."""
    try:
        return sniff(source.data) == "npy" or (part_of_model(source) is None and bool(load_input(source) is not None))
    except RnnscopeError:
        return False


def read_input(path: Readable) -> Array | dict[str, Array]:
    """The input file's arrays; BadInput when it holds stored Keras values instead."""
    source = read_source(path)
    found = load_input(source)
    if isinstance(found, Mapping) and any(KEY.fullmatch(key) and not key.startswith("input/") for key in found):
        raise BadInput(
            "these are stored Keras values, not an input",
            file=source.name,
            found=", ".join(list(found)[:4]),
            advice="The order is MODEL INPUT REFERENCE: the input comes before the stored values",
        )
    return found


def traced(model: Model, path: Readable, *, use_masks: bool = True) -> Trace:
    """The run of `model` on the input file at `path`; errors name the file that they are about."""
    name = path.name if isinstance(path, Source) else Path(path).name
    try:
        x = read_input(path)
        with progress("Running the model") as tick:
            return run(model, x, use_masks=use_masks, progress=tick)
    except Unsupported as error:
        raise error.located(file=model.file) from None
    except RnnscopeError as error:
        raise error.located(file=name) from None
