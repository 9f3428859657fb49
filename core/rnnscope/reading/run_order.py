"""The order in which Keras 3 runs a graph, for the layers whose effect on others depends on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rnnscope.graph import Call, Tensor


def run_order(calls: Sequence[Call], outputs: Sequence[Tensor]) -> tuple[Call, ...]:
    """`calls`, each behind all it reads, as Keras runs them: the furthest from the outputs first.

    Among calls of one depth Keras follows the order in which it came upon them on its way back through the calls as
    they were finished. What leads to no output keeps its place at the end; inputs stand at the beginning.
    """
    by_key = {call.key: call for call in calls}
    depths = depths_of(by_key, outputs)
    running = sorted((key for key in depths if by_key[key].inputs), key=lambda key: -depths[key])
    done = {*running}
    inputs = [call for call in calls if not call.inputs]
    left = [call for call in calls if call.inputs and call.key not in done]
    return (*inputs, *[by_key[key] for key in running], *left)


def depths_of(by_key: Mapping[str, Call], outputs: Sequence[Tensor]) -> dict[str, int]:
    """Call → how many calls lie between it and an output at most, in the order in which they are come upon."""
    return _depths(_finished(by_key, outputs), by_key)


def _finished(by_key: Mapping[str, Call], outputs: Sequence[Tensor]) -> list[str]:
    """The calls in the order in which a search from the outputs, depth first, leaves them."""
    finished: dict[str, None] = {}
    entered: set[str] = set()
    stack = [tensor.call for tensor in reversed(outputs)]
    while stack:
        key = stack[-1]
        if key in entered:
            finished.setdefault(stack.pop())
            continue
        entered.add(key)
        stack += [tensor.call for tensor in reversed(by_key[key].tensors()) if tensor.call not in entered]
    return list(finished)


def _depths(finished: Sequence[str], by_key: Mapping[str, Call]) -> dict[str, int]:
    """Call → how many calls lie between it and an output at most, in the order in which they are come upon.

    Every use of a layer lies at least as deep as those that were come upon before.
    """
    depths: dict[str, int] = {}
    layers: dict[str, int] = {}
    for key in reversed(finished):
        layer = by_key[key].layer
        depths[key] = layers[layer] = max(depths.setdefault(key, 0), layers.get(layer, 0))
        for tensor in by_key[key].tensors():
            depths[tensor.call] = max(depths[key] + 1, depths.get(tensor.call, 0))
    return depths
