"""The headless commands: ``rnnscope summary``, ``run``, ``compare``, ``diagnose`` and ``lens``; no Qt anywhere.

Exit codes: 0 all is well, 1 the numbers differ, 2 a file or an argument is wrong, 130 interrupted.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path

from rnnscope import __version__
from rnnscope.compare import NOT_STORED, Comparison, Location, Row, Verdict, compare
from rnnscope.diagnose import checked, diagnose
from rnnscope.errors import RnnscopeError, Unsupported, one_line
from rnnscope.inputs import load_input
from rnnscope.lens import Lens, Reading, readings_of
from rnnscope.mine import load_mine
from rnnscope.mistakes import finding
from rnnscope.model import Model
from rnnscope.plugin_files import CONSENT, run_plugin
from rnnscope.reading.loader import load_model
from rnnscope.reference import load_reference
from rnnscope.run import run
from rnnscope.semantics import BACKENDS, Semantics
from rnnscope.trace import Trace

COMMANDS = ("summary", "run", "compare", "diagnose", "lens")
MARKS = {Verdict.SAME: "✓", Verdict.ROUNDING: "≈", Verdict.DIFFERENT: "≠", Verdict.NOT_COMPARED: "–"}
MATCHES, DIFFERS, WRONG, INTERRUPTED = 0, 1, 2, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one headless command; returns its exit code. Errors are one line on standard error."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except RnnscopeError as error:
        print(f"rnnscope: {error}", file=sys.stderr)
        return WRONG
    except BrokenPipeError:
        sys.stderr.close()
        return MATCHES
    except KeyboardInterrupt:
        print("rnnscope: interrupted", file=sys.stderr)
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="rnnscope",
        description="Run a Keras recurrent network in NumPy, record every step, hold it against stored Keras values.",
        epilog="Exit codes: 0 all is well, 1 the numbers differ, 2 a file or an argument is wrong.",
    )
    parser.add_argument("--version", action="version", version=f"rnnscope {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    summary = commands.add_parser("summary", help="print Keras's table of a model's layers")
    _add_model(summary)
    summary.set_defaults(command=_summary)

    record = commands.add_parser("run", help="run a model on an input; print its outputs or save every step")
    _add_model(record)
    record.add_argument("input", metavar="INPUT", help=".npy, .npz, .h5 or .csv; the batch axis comes first")
    record.add_argument("-o", "--output", metavar="TRACE.h5", help="write every output, state, gate and mask here")
    record.add_argument("--ignore-masks", action="store_true", help="run every step on the raw input, masked or not")
    record.set_defaults(command=_run)

    against = commands.add_parser("compare", help="hold a run against stored Keras values")
    _add_model(against)
    against.add_argument("input", metavar="INPUT", help="the input that Keras was given")
    against.add_argument(
        "reference", metavar="REFERENCE", help="stored Keras values (.npz, .h5), or .npy/.csv of the output"
    )
    against.add_argument(
        "--atol", type=float, help="fixed rule |a − b| ≤ atol + rtol·|keras| instead of the noise floor"
    )
    against.add_argument("--rtol", type=float, help="see --atol")
    against.set_defaults(command=_compare)

    port = commands.add_parser("diagnose", help="find the mistake that turns a model into the numbers of your own port")
    _add_model(port)
    port.add_argument("input", metavar="INPUT", help="the input that your port was given")
    port.add_argument(
        "mine", metavar="MINE", help="your numbers: .npy or .csv of the output, or .npz or .h5 with stored values' keys"
    )
    port.set_defaults(command=_diagnose)

    readings = commands.add_parser("lens", help="run a model as every Keras would, and name the layers that move")
    _add_model(readings)
    readings.add_argument("input", metavar="INPUT", help="what the model is run on")
    readings.set_defaults(command=_lens)
    return parser


def _add_model(parser: argparse.ArgumentParser) -> None:
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


def _load(options: argparse.Namespace, semantics: Semantics | None = None) -> Model:
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


def _summary(options: argparse.Namespace) -> int:
    print(_load(options).summary())
    return MATCHES


def _run(options: argparse.Namespace) -> int:
    model = _load(options)
    trace = _traced(model, options.input, use_masks=not options.ignore_masks)
    if options.output is not None:
        trace.save(options.output)
        print(f"{options.output}: {sum(1 for _ in trace.quantities())} arrays")
        return MATCHES
    for name, output in zip(model.output_names, trace.outputs, strict=True):
        print(f"{name} {output.shape}\n{output}")
    return MATCHES


def _compare(options: argparse.Namespace) -> int:
    model = _load(options)
    trace = _traced(model, options.input)
    digest = hashlib.sha256(Path(options.input).read_bytes()).hexdigest()
    reference = load_reference(options.reference)
    result = compare(trace, reference, atol=options.atol, rtol=options.rtol, input_sha256=digest)
    if result.foreign and not result.matches:
        print(f"rnnscope: {Path(options.reference).name}: {one_line(result.foreign)}", file=sys.stderr)
        return WRONG
    print("\n".join(report(result)))
    return MATCHES if result.matches else DIFFERS


def _diagnose(options: argparse.Namespace) -> int:
    model = _load(options)
    mine = load_mine(options.mine)
    try:
        x = checked(model, load_input(options.input))
    except RnnscopeError as error:
        raise error.located(file=Path(options.input).name) from None
    try:
        found = diagnose(model, x, mine)
    except RnnscopeError as error:
        raise error.located(file=Path(options.mine).name) from None
    print("\n".join(finding.report(found)))
    return DIFFERS if found else MATCHES


def _lens(options: argparse.Namespace) -> int:
    model = _load(options)
    found = readings_of(model, lambda semantics: _load(options, semantics), load_input(options.input))
    print(f"Read as {found.own}:")
    print("\n".join(lens_lines(found)))
    return MATCHES


def lens_lines(found: Lens) -> list[str]:
    """One line for each other reading: its Keras, whether anything moves, by how much, and where it begins."""
    width = max((len(str(reading.semantics)) for reading in found.readings), default=0)
    return [f"{_mark(reading)} {reading.semantics!s:<{width}}  {_moved(reading)}" for reading in found.readings]


def _mark(reading: Reading) -> str:
    return MARKS[Verdict.NOT_COMPARED if reading.problem else Verdict.SAME if reading.same else Verdict.DIFFERENT]


def _moved(reading: Reading) -> str:
    if reading.problem:
        return f"cannot be read so: {one_line(reading.problem)}"
    if reading.same:
        return "nothing moves"
    begins = ", ".join(
        f"{moved.layer} ({moved.quantity}, {moved.largest:.3g})" for moved in reading.moved if moved.begins
    )
    follows = ", ".join(moved.layer for moved in reading.moved if not moved.begins)
    text = f"outputs move by {reading.output:.3g}" if reading.output else "the outputs stay"
    text += f"; begins at {begins}" if begins else ""
    return one_line(text + (f"; then {follows}" if follows else ""))


def _traced(model: Model, path: str, *, use_masks: bool = True) -> Trace:
    try:
        return run(model, load_input(path), use_masks=use_masks)
    except Unsupported as error:
        raise error.located(file=model.file) from None
    except RnnscopeError as error:
        raise error.located(file=Path(path).name) from None


def report(result: Comparison) -> list[str]:
    """The comparison as lines of text: one a quantity, the rule, the first difference and the verdict."""
    shown = [row for row in result.rows if row.reason != NOT_STORED]
    width = max(len(_title(row)) for row in shown)
    lines = [_line(row, width) for row in shown]
    if len(shown) < len(result.rows):
        lines.append(f"– {len(result.rows) - len(shown)} more quantities were computed and are not stored")
    lines += ["", f"Rule: {result.rule}"]
    if result.foreign:
        lines.append(f"Note: {result.foreign}")
    if result.first_difference is not None:
        lines.append(f"First difference: {place(result.first_difference)}")
    return [*lines, f"{MARKS[result.verdict]} {result.verdict}"]


def place(location: Location) -> str:
    """``rnn state/h, sample 3, step 7, unit 12``."""
    layer = location.layer or "model"
    step = "" if location.step is None else f", step {location.step}"
    return f"{layer} {location.quantity}, sample {location.sample}{step}, unit {location.unit}"


def _title(row: Row) -> str:
    return f"{row.layer or 'model'} {row.quantity}"


def _line(row: Row, width: int) -> str:
    head = f"{MARKS[row.verdict]} {one_line(_title(row)):<{width}}  {row.verdict:<12}"
    if row.reason:
        return f"{head}  {row.reason}"
    at = f"  largest at {place(row.worst)}" if row.verdict is Verdict.DIFFERENT and row.worst else ""
    return f"{head}  max |difference| {row.max_abs:.3g}, relative {row.max_rel:.3g}{at}"
