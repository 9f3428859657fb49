"""Python files that register layers of the person's own, run only when the person says so by name."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from os import PathLike
from pathlib import Path

from rnnscope.errors import BadInput, RnnscopeError, UnreadableFile

PREFIX = "rnnscope_plugin_"
CONSENT = (
    "run this Python file first, with all the rights that you have: it registers layers or cells of your own. "
    "Give only a file that you trust; may be given several times"
)


def run_plugin(path: str | PathLike[str]) -> str:
    """Run the Python file at `path`, once, so that what it registers is known; returns the name of its module.

    This runs code. Nothing in rnnscope calls it but for a file that the person has named for the purpose.
    UnreadableFile when there is no such file, BadInput when it fails, with the line.
    """
    place = Path(path).resolve()
    name = f"{PREFIX}{hashlib.sha256(str(place).encode()).hexdigest()[:16]}"
    if name in sys.modules:
        return name
    spec = importlib.util.spec_from_file_location(name, place)
    if spec is None or spec.loader is None or not place.is_file():
        raise UnreadableFile("not a Python file", file=place.name, expected="a file that ends in .py")
    module = importlib.util.module_from_spec(spec)
    # Records that hold its classes are pickled by this name, so it must be there while they are made.
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except RnnscopeError as error:
        del sys.modules[name]
        raise error.located(file=place.name) from None
    except Exception as error:
        del sys.modules[name]
        raise BadInput(f"this file fails when it is run: {type(error).__name__}: {error}", file=place.name) from error
    return name
