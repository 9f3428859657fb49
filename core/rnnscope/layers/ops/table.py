"""The table of bare operations: a name from a file is only ever looked up here."""

from __future__ import annotations

from collections.abc import Mapping

from rnnscope.layers.ops.rows_activations import ACTIVATIONS, CASTS, NORMALIZATION
from rnnscope.layers.ops.rows_numbers import ARITHMETIC, COMPARISON
from rnnscope.layers.ops.rows_reductions import ORDERS, REDUCTIONS
from rnnscope.layers.ops.rows_tensors import PRODUCTS, SHAPING, SLICING
from rnnscope.layers.ops.rule import Row, Rule

FAMILIES: Mapping[str, tuple[Row, ...]] = {
    "arithmetic": ARITHMETIC,
    "comparison": COMPARISON,
    "activation": ACTIVATIONS,
    "type": CASTS,
    "normalization": NORMALIZATION,
    "reduction": REDUCTIONS,
    "order": ORDERS,
    "shape": SHAPING,
    "slicing": SLICING,
    "linear algebra": PRODUCTS,
}
ROWS: tuple[Row, ...] = tuple(row for rows in FAMILIES.values() for row in rows)

# By the class in Keras 3, and by the name in TensorFlow.
KERAS: Mapping[str, Rule] = {row.keras.name: row.keras for row in ROWS if row.keras is not None}
TENSORFLOW: Mapping[str, Rule] = {rule.name: rule for row in ROWS for rule in row.tensorflow}
