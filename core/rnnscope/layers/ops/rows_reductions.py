"""The table's rows of reductions, running totals and orders."""

from __future__ import annotations

from rnnscope.layers.ops import orders, reductions
from rnnscope.layers.ops.rule import Function, Row, Typing, row
from rnnscope.layers.ops.shapes import first

REDUCED = "input_tensor=x | axis keepdims input=x"


def _reduction(keras: str, function: Function, tf: str = "", typing: Typing = "own") -> Row:
    return row(keras, "x | axis keepdims", function, typing, tf=tf, tf_call=REDUCED)


# fmt: off
REDUCTIONS = (
    _reduction("Sum", reductions.total, "math.reduce_sum reduce_sum"),
    row("Prod", "x | axis keepdims dtype", reductions.product, "own", tf="math.reduce_prod reduce_prod",
        tf_call=REDUCED),
    _reduction("Mean", reductions.mean, typing="float"),
    _reduction("", reductions.mean_of_its_type, "math.reduce_mean reduce_mean"),
    row("Max", "x | axis keepdims initial", reductions.largest, "own", tf="math.reduce_max reduce_max",
        tf_call=REDUCED),
    row("Min", "x | axis keepdims initial", reductions.smallest, "own", tf="math.reduce_min reduce_min",
        tf_call=REDUCED),
    _reduction("Amax", reductions.largest),
    _reduction("Amin", reductions.smallest),
    _reduction("Any", reductions.any_of, "math.reduce_any reduce_any"),
    _reduction("All", reductions.all_of, "math.reduce_all reduce_all"),
    _reduction("Std", reductions.deviation, "math.reduce_std", "float"),
    _reduction("Var", reductions.variance, "math.reduce_variance", "float"),
    _reduction("Ptp", reductions.spread),
    _reduction("Logsumexp", reductions.log_sum_exp, "math.reduce_logsumexp reduce_logsumexp", "float"),
    _reduction("", reductions.euclidean_norm, "math.reduce_euclidean_norm"),
    _reduction("Median", reductions.median, typing="float"),
    _reduction("Nansum", reductions.nan_total),
    _reduction("Nanprod", reductions.nan_product),
    _reduction("Nanmean", reductions.nan_mean, typing="float"),
    _reduction("Nanvar", reductions.nan_variance, typing="float"),
    _reduction("Nanstd", reductions.nan_deviation, typing="float"),
    _reduction("Nanmax", reductions.nan_largest),
    _reduction("Nanmin", reductions.nan_smallest),
    row("Average", "x weights | axis", reductions.average, "float"),
    # Keras's own operation forgets the method on its way to the backend.
    row("Quantile", "x q | axis method=ignored keepdims", reductions.quantile, "float"),
    row("Percentile", "x q | axis method keepdims", reductions.percentile, "float"),
    row("Moments", "x | axes keepdims synchronized=ignored", reductions.moments, "float", tf="nn.moments",
        tf_call="x | axes keepdims shift=-"),
    row("CountNonzero", "x | axis", reductions.count_nonzero, "own"),
    row("", "", reductions.count_nonzero, tf="math.count_nonzero", tf_call="input=x | axis keepdims dtype",
        tf_preset={"dtype": "int64"}),
    row("Norm", "x | ord axis keepdims", reductions.norm, "float"),
    row("", "", reductions.norm_of_all, tf="norm linalg.norm compat.v1.norm",
        tf_call="tensor=x | ord axis keepdims keep_dims=-"),
    row("Argmax", "x | axis keepdims", reductions.index_of_largest, "own"),
    row("Argmin", "x | axis keepdims", reductions.index_of_smallest, "own"),
    row("", "", reductions.first_axis_largest, tf="math.argmax argmax", tf_call="input=x | axis output_type=dtype"),
    row("", "", reductions.first_axis_smallest, tf="math.argmin argmin", tf_call="input=x | axis output_type=dtype"),
    row("Cumsum", "x | axis dtype", reductions.running_total, "own"),
    row("Cumprod", "x | axis dtype", reductions.running_product, "own"),
    row("", "", reductions.running_total, tf="math.cumsum cumsum", tf_call="x | axis exclusive reverse",
        tf_preset={"axis": 0}),
    row("", "", reductions.running_product, tf="math.cumprod", tf_call="x | axis exclusive reverse",
        tf_preset={"axis": 0}),
    row("Diff", "a=x | n axis", reductions.differences, "own"),
    row("Trapezoid", "y=x | dx axis x=-", reductions.trapezoid, "float"),
)

ORDERS = (
    row("Sort", "x | axis", orders.sort, "own", tf="sort", tf_call="values=x | axis direction", shape=first,
        decides=True),
    row("Argsort", "x | axis", orders.order, "own", tf="argsort",
        tf_call="values=x | axis direction stable=ignored"),
    row("TopK", "x | k sorted", orders.top_k, "own", tf="math.top_k nn.top_k",
        tf_call="input=x | k sorted index_type=ignored", decides=True),
    row("InTopK", "targets predictions | k", orders.in_top_k, "own", tf="math.in_top_k nn.in_top_k"),
    row("SearchSorted", "sorted_sequence values | side", orders.search_sorted, "own", tf="searchsorted"),
    row("Digitize", "x bins", orders.digitize, "own"),
)
