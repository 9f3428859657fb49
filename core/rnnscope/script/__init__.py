"""A model as a script of its own in NumPy, readable, that a person can start a port from."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rnnscope.context import Cancelling, Progress
    from rnnscope.model import Model
    from rnnscope.run import Inputs

SCRIPT, WEIGHTS, SAMPLE = "predict.py", "weights.npz", "sample.npz"


def write_script(
    model: Model,
    folder: str | PathLike[str],
    x: Inputs | None = None,
    *,
    force: bool = False,
    progress: Progress | None = None,
    cancelled: Cancelling | None = None,
) -> Path:
    """Write `model` as a script that needs NumPy alone: `predict.py`, `weights.npz` and `sample.npz` in `folder`.

    The script has a function ``predict``, readable and commented, for this very model with its masks. Run without
    arguments it computes the stored sample, and says whether it still gives what rnnscope computed.
    x: the input of that sample, as `run` takes it, of which the first 16 samples are kept; None makes one up, with
    masked steps where the model can mask any. force: overwrite an earlier script.
    progress: called as ``progress(done, total)`` in timesteps, while it is measured what rounding can do to the sample.
    cancelled: asked at every timestep; True stops the work.

    Returns the path of `predict.py`. Raises BadInput or ShapeMismatch when `x` does not fit the model, Unsupported for
    code that no script can hold, Cancelled when stopped, and BadInput when the files are there already or cannot be
    written; nothing is half-written.
    """
    from rnnscope.script.files import save_all
    from rnnscope.script.write import scripted

    script = scripted(model, x, progress=progress, cancelled=cancelled)
    arrays = {WEIGHTS: script.weights, SAMPLE: script.sample}
    save_all(Path(folder), {SCRIPT: script.text.encode("utf-8"), **arrays}, force=force)
    return Path(folder) / SCRIPT
