"""The table of layers: whoever adds a module to the package has its classes in it."""

from __future__ import annotations

import sys
from pathlib import Path

import rnnscope.layers


def test_every_module_of_layers_is_there_once_rnnscope_is_imported() -> None:
    folder = Path(str(rnnscope.layers.__file__)).parent
    stems = [path.stem for path in folder.glob("*.py") if path.stem != "__init__"]
    assert [stem for stem in stems if f"rnnscope.layers.{stem}" not in sys.modules] == []
