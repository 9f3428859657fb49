"""``rnnscope explain``: one number taken apart."""

from __future__ import annotations

import argparse
from argparse import RawDescriptionHelpFormatter
from pathlib import Path

from rnnscope.cli.codes import MATCHES, Commands
from rnnscope.cli.reading import INPUT, STORED, add_model, load, traced
from rnnscope.compare import Location
from rnnscope.errors import BadInput, RnnscopeError
from rnnscope.explain import explain as explained
from rnnscope.mine import load_mine, take_mine
from rnnscope.order import has_steps
from rnnscope.reference import Reference, load_reference
from rnnscope.report.arithmetic import arithmetic
from rnnscope.trace import Trace

DESCRIPTION = """\
Run MODEL on INPUT and take one number apart: the products that are added up, the largest first, what rounding did to
their sum, the activation, the gates, and where in the run each of them comes from. At a masked step the explanation
goes on at the step that the state was frozen at."""
EPILOG = """\
Exit codes: 0 the number is taken apart; 2 a file or an argument is wrong.

Examples:
  rnnscope explain model.keras input.npy --layer rnn --quantity state/h --sample 25 --step 6 --unit 12
  rnnscope explain model.keras input.npy --layer lstm --quantity gate/f --reference keras.npz --terms 10
  rnnscope explain model.keras input.npy --mine port.npy"""


def add(commands: Commands) -> None:
    """Add the command's parser."""
    parser = commands.add_parser(
        "explain",
        help="take one number apart: what is added up, and where it comes from",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=RawDescriptionHelpFormatter,
    )
    add_model(parser)
    parser.add_argument("input", metavar="INPUT", help=INPUT)
    parser.add_argument("--layer", metavar="NAME", default="", help="the layer's name; the model's output by default")
    parser.add_argument(
        "--quantity",
        metavar="NAME",
        help="state/h, state/c, gate/i, output/0, mask …; the first that the layer has by default",
    )
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="counted from 0; 0 by default")
    parser.add_argument("--step", type=int, metavar="N", help="counted from 0; the last one by default")
    parser.add_argument("--unit", type=int, default=0, metavar="N", help="counted from 0; 0 by default")
    parser.add_argument("--terms", type=int, default=5, metavar="N", help="how many terms of each sum to list; 5")
    parser.add_argument("--reference", metavar="FILE", help=f"to stand beside each part: {STORED}")
    parser.add_argument("--mine", metavar="FILE", help="your own numbers, to stand beside each part")
    parser.set_defaults(command=explain)


def explain(options: argparse.Namespace) -> int:
    """Take the number apart, and print what it is made of."""
    model = load(options)
    trace = traced(model, options.input)
    found = explained(
        trace,
        _location(trace, options),
        reference=load_reference(options.reference) if options.reference else None,
        mine=_mine(options.mine, trace) if options.mine else None,
    )
    print("\n".join(arithmetic(found, max(0, options.terms))))
    return MATCHES


def _location(trace: Trace, options: argparse.Namespace) -> Location:
    """The place that the options name; the last step where they name none and there is time."""
    layer, step = options.layer, options.step
    known = layer in trace.layers
    quantity = options.quantity or (trace[layer].quantities()[0] if known else "output/0")
    try:
        array = trace.get(f"layer/{layer}/{quantity}" if known else quantity)
    except (KeyError, IndexError, ValueError):
        return Location(layer, quantity, options.sample, step, options.unit)
    timed = has_steps(quantity, array)
    if step is not None and not timed:
        raise BadInput(
            f"{quantity} of {layer or 'the model'} has no steps", found=f"--step {step}", advice="Leave it out"
        )
    if step is None and timed:
        step = array.shape[1] - 1
    return Location(layer, quantity, options.sample, step, options.unit)


def _mine(path: str, trace: Trace) -> Reference:
    name = Path(path).name
    try:
        return take_mine(load_mine(path), trace, name).reference()
    except RnnscopeError as error:
        raise error.located(file=name) from None
