"""The order in which Keras lists the layers of a functional graph, by which it looks for their weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rnnscope.graph import Call, Tensor
from rnnscope.reading.run_order import depths_of


def layer_order(calls: Mapping[str, Call], outputs: Sequence[Tensor]) -> list[str]:
    """The layers that `outputs` come from: the furthest from them first, those of one depth as a search meets them.

    Source: ``map_graph_network`` of Keras 2 and 3.
    """
    depths: dict[str, int] = {}
    for key, depth in depths_of(calls, outputs).items():
        layer = calls[key].layer
        depths[layer] = max(depth, depths.get(layer, 0))
    met = list(dict.fromkeys(calls[key].layer for key in _met(calls, outputs)))
    return sorted(met, key=lambda layer: (-depths[layer], met.index(layer)))


def _met(calls: Mapping[str, Call], outputs: Sequence[Tensor]) -> list[str]:
    """The calls in the order in which a search from the outputs, depth first, comes upon them."""
    met: dict[str, None] = {}
    stack = [tensor.call for tensor in reversed(outputs)]
    while stack:
        key = stack.pop()
        if key not in met:
            met[key] = None
            stack += [tensor.call for tensor in reversed(calls[key].tensors())]
    return list(met)
