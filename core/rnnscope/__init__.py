"""See every step a Keras recurrent network takes, held against what Keras said. The engine: NumPy and h5py only."""

from rnnscope.compare import Comparison, Location, Row, Verdict, compare
from rnnscope.diagnose import diagnose
from rnnscope.errors import BadInput, Cancelled, RnnscopeError, ShapeMismatch, UnreadableFile, Unsupported
from rnnscope.explain import Explanation, explain
from rnnscope.findings import Finding
from rnnscope.inputs import load_input
from rnnscope.layers import keras_layer
from rnnscope.layers.cells import keras_cell
from rnnscope.lens import lens
from rnnscope.mine import Mine, load_mine, take_mine
from rnnscope.model import Model
from rnnscope.reading.loader import load_model
from rnnscope.reduce import Reduction, reduce
from rnnscope.reference import Reference, load_reference
from rnnscope.run import run
from rnnscope.script import write_script
from rnnscope.storage import load_trace
from rnnscope.trace import LayerTrace, Trace

__version__ = "0.1.0"

__all__ = [
    "BadInput",
    "Cancelled",
    "Comparison",
    "Explanation",
    "Finding",
    "LayerTrace",
    "Location",
    "Mine",
    "Model",
    "Reduction",
    "Reference",
    "RnnscopeError",
    "Row",
    "ShapeMismatch",
    "Trace",
    "UnreadableFile",
    "Unsupported",
    "Verdict",
    "compare",
    "diagnose",
    "explain",
    "keras_cell",
    "keras_layer",
    "lens",
    "load_input",
    "load_mine",
    "load_model",
    "load_reference",
    "load_trace",
    "reduce",
    "run",
    "take_mine",
    "write_script",
]
