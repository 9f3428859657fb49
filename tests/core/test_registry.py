"""The table of layers: whoever adds a module to the package has its classes in it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import rnnscope.layers
from rnnscope.errors import Unsupported
from tests.core.layering import layer


def test_every_module_of_layers_is_there_once_rnnscope_is_imported() -> None:
    folder = Path(str(rnnscope.layers.__file__)).parent
    stems = [path.stem for path in folder.glob("*.py") if path.stem != "__init__"]
    assert [stem for stem in stems if f"rnnscope.layers.{stem}" not in sys.modules] == []


def test_the_autocast_that_keras_writes_for_classes_without_an_init_is_its_usual_way() -> None:
    assert layer("Flatten", {"autocast": True}, ((None, 2, 3),)).output_shapes(((None, 2, 3),)) == ((None, 6),)
    with pytest.raises(Unsupported, match="autocast"):
        layer("Flatten", {"autocast": False}, ((None, 2, 3),))
