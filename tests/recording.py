"""The recorder that users are given, for the scripts that make golden files and parity cases. Runs where Keras is.

It works with Keras 3 on every backend, and with tf-keras where ``TF_USE_LEGACY_KERAS=1`` asks for that.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]
Arrays = dict[str, Array]

PATH = Path(__file__).parents[1] / "assets" / "record_keras.py"


def _load() -> Any:
    specification = importlib.util.spec_from_file_location("record_keras", PATH)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules["record_keras"] = module
    specification.loader.exec_module(module)
    return module


recorder = _load()
kit = recorder.find_keras()
keras, layers, tree = kit.keras, kit.layers, kit.tree
IS_KERAS3, backend_name, version = kit.is_keras3, kit.backend, kit.version
