"""What the commands have in common: which model, read by which rules, run on which input."""

from __future__ import annotations

import argparse
from pathlib import Path

from rnnscope.errors import RnnscopeError, Unsupported
from rnnscope.inputs import load_input
from rnnscope.model import Model
from rnnscope.plugin_files import CONSENT, run_plugin
from rnnscope.reading.loader import load_model
from rnnscope.run import run
from rnnscope.semantics import BACKENDS, Semantics
from rnnscope.trace import Trace


def add_model(parser: argparse.ArgumentParser) -> None:
    """The argument MODEL, and how it is to be read."""
    parser.add_argument("model", metavar="MODEL", help="a .keras or .h5 file, or an architecture in JSON")
    add_reading(parser)


def add_reading(parser: argparse.ArgumentParser) -> None:
    """The options that say how the model file is to be read; whatever opens one takes them."""
    parser.add_argument(
        "--keras-version", metavar="VERSION", help="read it by the rules of this Keras instead of the one that wrote it"
    )
    parser.add_argument(
        "--backend", choices=BACKENDS, help="the backend whose rules apply (a .keras file does not say which it was)"
    )
    parser.add_argument(
        "--weights",
        metavar="FILE",
        help="the weights of an architecture in JSON, or in place of a model's own: .h5, .weights.h5, .weights.json",
    )
    parser.add_argument(
        "--infer", action="store_true", help="of weights alone, assume the plain recurrent stack that they tell"
    )
    parser.add_argument(
        "--bypass-lambda", action="store_true", help="let Lambda layers, whose code is never run, pass their input on"
    )
    parser.add_argument("--run-code", metavar="FILE.py", action="append", default=[], help=CONSENT)


def load(options: argparse.Namespace, semantics: Semantics | None = None) -> Model:
    """The model that the options name, by the rules that they choose, or by these."""
    for file in options.run_code:
        run_plugin(file)
    return load_model(
        options.model,
        options.weights,
        infer=options.infer,
        keras_version=semantics.keras_version if semantics else options.keras_version,
        backend=semantics.backend if semantics else options.backend,
        bypass_lambda=options.bypass_lambda,
    )


def traced(model: Model, path: str, *, use_masks: bool = True) -> Trace:
    """The run of `model` on the input file at `path`; errors name the file that they are about."""
    try:
        return run(model, load_input(path), use_masks=use_masks)
    except Unsupported as error:
        raise error.located(file=model.file) from None
    except RnnscopeError as error:
        raise error.located(file=Path(path).name) from None
