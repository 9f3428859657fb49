"""``rnnscope compare``: a run, and one's own port, held against stored Keras values."""

from __future__ import annotations

import argparse
import sys
from argparse import RawDescriptionHelpFormatter
from collections.abc import Callable
from dataclasses import replace

from rnnscope.cli.codes import DIFFERS, MATCHES, WRONG, Commands
from rnnscope.cli.command import repeated
from rnnscope.cli.outputs import add_outputs, files_of, prints, write_outputs
from rnnscope.cli.reading import INPUT, STORED, add_look, add_model, load, traced
from rnnscope.cli.screen import is_terminal, progress
from rnnscope.compare import Comparison
from rnnscope.compare import compare as compared
from rnnscope.culprit import Culprit
from rnnscope.diagnose import diagnose
from rnnscope.errors import BadInput, RnnscopeError, one_line
from rnnscope.findings import Finding
from rnnscope.floor import NoiseFloor, measure_floor
from rnnscope.matching import ANOTHER_INPUT
from rnnscope.mine import load_mine, take_mine
from rnnscope.origin import find_origins
from rnnscope.reading.source import Source, read_source
from rnnscope.reference import Reference, load_reference
from rnnscope.report.record import Look, Port, Report, hold_port, looked_at
from rnnscope.report.text import plain
from rnnscope.trace import Trace

DESCRIPTION = """\
Run MODEL on INPUT in NumPy and hold every output, state, gate and mask against the stored values of the same name in
REFERENCE. With --mine, your own numbers are held against the run, and against REFERENCE where it is given.

The answer comes first: the verdict, the first difference with the numbers there, the rule that judged; then a line
for each quantity, in the order in which they are computed.
  ✓ same           equal to the bit
  ≈ rounding       differs by no more than the rule allows
  ≠ different      differs by more
  – not compared   only one side has it"""
EPILOG = """\
Exit codes: 0 nothing differs; 1 the run differs from REFERENCE, or your numbers from either; 2 a file or an argument
is wrong.

Examples:
  rnnscope compare model.keras input.npy keras.npz
  rnnscope compare model.keras input.npy keras.npz --mine port.npy --why --html report.html
  rnnscope compare model.keras input.npy --mine port.npy --json - | jq .comparisons[0].first_difference"""


def add(commands: Commands) -> None:
    """Add the command's parser."""
    parser = commands.add_parser(
        "compare",
        help="hold a run, and your own port, against stored Keras values",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
    )
    add_model(parser)
    parser.add_argument("input", metavar="INPUT", help=f"the input that Keras was given: {INPUT}")
    parser.add_argument("reference", metavar="REFERENCE", nargs="?", help=f"{STORED}; may be left out with --mine")
    port = parser.add_argument_group("your own port")
    port.add_argument("--mine", metavar="FILE", help="your numbers: one array, or any of the keys of stored values")
    port.add_argument("--why", action="store_true", help="look for the mistakes that give your numbers; see diagnose")
    rule = parser.add_argument_group("the rule")
    rule.add_argument("--atol", type=float, help="allow |a − b| ≤ atol + rtol·|b| instead of the measured noise floor")
    rule.add_argument("--rtol", type=float, help="see --atol")
    add_look(parser, "the rows, and in --html the pictures,")
    add_outputs(parser, "json", "html", "junit")
    parser.set_defaults(command=compare)


def compare(options: argparse.Namespace) -> int:
    """Compare, write what is asked for, print the answer and the table."""
    readable = prints(options)
    if options.reference is None and options.mine is None:
        raise BadInput("nothing to compare with", expected="REFERENCE (stored Keras values), or --mine FILE")
    if options.why and options.mine is None:
        raise BadInput("--why explains your own numbers", expected="--mine FILE")
    report = gathered(options)
    foreign = "" if report.comparison is None else report.comparison.foreign
    if report.comparison is not None and ANOTHER_INPUT in foreign and not report.comparison.matches:
        name = report.reference.file if report.reference is not None else ""
        print(f"rnnscope: {name}: {one_line(foreign)}", file=sys.stderr)
        return WRONG
    write_outputs(options, _writers(report))
    if readable:
        _print(report, options)
    return MATCHES if report.matches else DIFFERS


def gathered(options: argparse.Namespace) -> Report:
    """Read the files, run the model, compare; all that was found."""
    roles = ("model", "weights", "input", "reference", "mine")
    sources = {role: read_source(path) for role in roles if (path := getattr(options, role)) is not None}
    model = load(options, source=sources["model"], weights=sources.get("weights"))
    trace = traced(model, sources["input"])
    floor = None
    if options.atol is None and options.rtol is None:
        with progress("Measuring the noise floor") as tick:
            floor = measure_floor(trace, progress=tick)
    report = Report(
        trace,
        files=files_of(list(sources.items())),
        look=Look(options.layer, options.quantity, options.sample),
        command=repeated(options),
    )
    looked_at(report)  # what is not there is said before the work begins
    if "reference" in sources:
        reference = load_reference(sources["reference"])
        digest = sources["input"].sha256
        result = compared(trace, reference, atol=options.atol, rtol=options.rtol, floor=floor, input_sha256=digest)
        origins = _origins(trace, reference, result)
        report = replace(report, reference=reference, comparison=result, origins=origins)
    if "mine" in sources:
        report = replace(report, port=_port(options, report, sources["mine"], floor))
    return report


def _port(options: argparse.Namespace, report: Report, source: Source, floor: NoiseFloor | None) -> Port:
    try:
        mine = take_mine(load_mine(source), report.trace, source.name)
        port = hold_port(report.trace, mine, report.reference, floor=floor, atol=options.atol, rtol=options.rtol)
        port = replace(port, origins=_origins(report.trace, mine.reference(), port.run))
        if not options.why:
            return port
        return replace(port, findings=() if port.run.matches else _findings(report.trace, port))
    except RnnscopeError as error:
        raise error.located(file=source.name) from None


def _origins(trace: Trace, reference: Reference, result: Comparison) -> tuple[Culprit, ...]:
    with progress("Looking for where it begins") as tick:
        return find_origins(trace, reference, result.rows, progress=tick)


def _findings(trace: Trace, port: Port) -> tuple[Finding, ...]:
    if trace.model is None:
        return ()
    with progress("Looking for mistakes") as tick:
        return diagnose(trace.model, trace.inputs, port.mine.arrays, progress=tick)


def _writers(report: Report) -> dict[str, Callable[[], str]]:
    """What each kind of file holds; its module is imported when somebody wants it."""

    def as_json() -> str:
        from rnnscope.report.as_json import comparison_json, json_text

        return json_text(comparison_json(report))

    def html() -> str:
        from rnnscope.report.html import page

        return page(report)

    def junit() -> str:
        from rnnscope.report.junit import junit

        return junit(report)

    return {"json": as_json, "html": html, "junit": junit}


def _print(report: Report, options: argparse.Namespace) -> None:
    if is_terminal(sys.stdout):
        from rnnscope.report.screen import show

        show(report, sys.stdout)
    else:
        print("\n".join(plain(report)))
    port = report.port
    if port is not None and port.findings is None and not port.run.matches:
        print(f"\nWhy? {repeated(options, why=True, reference=None)}")
