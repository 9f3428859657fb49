"""The scripts in a report: they load the model, run it, and assert that the numbers are what they should be.

Nothing of a file's goes into them but as the `repr` of a text or a list of texts.
"""

from __future__ import annotations

from collections.abc import Mapping

WITH_KERAS = '''"""Loads the model with the Keras that is here, predicts, and asserts that the numbers are as expected.

    python reproduce.py

It needs Keras (written by @WRITTEN_BY@) and NumPy. Exit code 0: as expected; 1: not.
"""

import importlib
import os
from pathlib import Path

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
FOLDER = Path(__file__).resolve().parent
MODEL = @MODEL@
INPUTS = @INPUTS@  # in the model's order; none when input.npy holds the only one
KERASES = @KERASES@
RELEASE = @RELEASE@  # of the Keras that the file is for
SAFE_MODE = @SAFE_MODE@
MINE = @MINE@


def load_keras():
    for name in KERASES:
        try:
            keras = importlib.import_module(name)
        except ImportError:
            continue
        if int(keras.__version__.split(".")[0]) == RELEASE:
            return keras
    raise SystemExit("Keras %d is not here: pip install %s" % (RELEASE, KERASES[0]))


def inputs():
    stored = np.load(FOLDER / ("input.npz" if INPUTS else "input.npy"))
    arrays = [stored[name] for name in INPUTS] if INPUTS else [stored]
    arrays = [array.astype(object) if array.dtype.kind == "U" else array for array in arrays]
    return arrays if len(arrays) > 1 else arrays[0]


def difference(name, computed, expected, allowed):
    """The first number that is further off than rounding can move it, in words; "" when there is none."""
    if computed.shape != expected.shape:
        return "%s: shape %s, expected %s" % (name, computed.shape, expected.shape)
    off = np.abs(computed.astype("f8") - expected.astype("f8"))
    alike = (computed == expected) | (np.isnan(computed) & np.isnan(expected))
    beyond = np.argwhere(~alike & ~(off <= allowed))
    if not len(beyond):
        return ""
    place = tuple(beyond[0])
    return "%s at %s: %.9g, expected %.9g, off by %.3g where rounding explains %.3g" % (
        name, list(map(int, place)), computed[place], expected[place], off[place],
        np.broadcast_to(allowed, off.shape)[place],
    )


def main():
    keras = load_keras()
    expected, allowed = np.load(FOLDER / "expected.npz"), np.load(FOLDER / "allowed.npz")
    options = {"safe_mode": False} if not SAFE_MODE else {}
    model = keras.models.load_model(str(FOLDER / MODEL), compile=False, **options)
    predicted = model.predict(inputs(), batch_size=@SAMPLES@, verbose=0)
    predicted = list(predicted) if isinstance(predicted, (list, tuple)) else [predicted]
    print("Keras", keras.__version__)
    found = []
    for number, array in enumerate(predicted):
        key = "output/%d" % number
        if key in expected.files:
            found.append(difference("predicted " + key, np.asarray(array), expected[key], allowed[key]))
            print(found[-1] or "predicted %s is as expected" % key)
    mine = {}
    if MINE:
        stored = np.load(FOLDER / MINE)
        mine = {key: stored[key] for key in stored.files} if MINE.endswith(".npz") else {"output/0": stored}
    for key in mine:
        if key in expected.files:
            found.append(difference("mine " + key, mine[key], expected[key], allowed[key]))
            print(found[-1] or "mine %s is as expected" % key)
    first = next((words for words in found if words), "")
    assert not first, first


if __name__ == "__main__":
    main()
'''

WITH_RNNSCOPE = '''"""Loads the model with rnnscope, runs it, and asserts that the numbers are the stored ones.

    python reproduce_rnnscope.py

It needs rnnscope alone. Exit code 0: the same; 1: not.
"""

from pathlib import Path

import rnnscope

FOLDER = Path(__file__).resolve().parent


def main():
    model = rnnscope.load_model(
        FOLDER / @MODEL@, keras_version=@KERAS_VERSION@, backend=@BACKEND@, bypass_lambda=@BYPASS@
    )
    trace = rnnscope.run(model, rnnscope.load_input(FOLDER / @INPUT@))
    stored = rnnscope.load_reference(FOLDER / @STORED@)
    result = rnnscope.compare(trace, stored, atol=@ATOL@, rtol=@RTOL@)
    print("rnnscope", rnnscope.__version__, "as", model.semantics)
    print("Rule:", result.rule)
    for row in result.rows:
        if row.verdict != rnnscope.Verdict.NOT_COMPARED:
            print(row.key, row.verdict, "largest difference %.3g" % row.max_abs)
    assert result.matches, result.first_difference


if __name__ == "__main__":
    main()
'''


def filled(script: str, values: Mapping[str, object]) -> str:
    """A script with the `repr` of each value in the place of its name; texts for people go in as they are."""
    for name, value in values.items():
        script = script.replace(f"@{name}@", value if name == "WRITTEN_BY" and isinstance(value, str) else repr(value))
    return script
