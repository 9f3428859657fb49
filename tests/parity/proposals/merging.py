"""Layers that merge tensors, and models that call models and layers again."""

from __future__ import annotations

from tests.parity.description import Json
from tests.parity.draft import Draft, Rejected
from tests.parity.growing import extend
from tests.parity.proposals.registry import proposes


@proposes("Add", "Multiply", "Average", "Maximum", "Minimum", "Subtract", "Concatenate", weight=1.2)
def merge(draft: Draft, class_name: str) -> None:
    if draft.chain:
        raise Rejected("merging takes several tensors")
    x = draft.sequence() if draft.chance(0.7) else draft.tensor(1, 3)
    count = 2 if class_name == "Subtract" else draft.choose([2, 2, 3])
    others = [draft.like(x) for _ in range(count - 1)]
    if class_name not in ("Subtract", "Concatenate") and len(x.shape) > 1 and draft.chance(0.1):
        others[0] = draft.values([x.shape[0], *[1] * (len(x.shape) - 1)])
    config = draft.options(0.4, axis=[-1, 1, len(x.shape)]) if class_name == "Concatenate" else {}
    tensors = [x, *others]
    draft.rng.shuffle(tensors)
    draft.layer(class_name, config, tensors)


@proposes("Dot")
def dot(draft: Draft, class_name: str) -> None:
    if draft.chain:
        raise Rejected("a product takes two tensors")
    x = draft.tensor(1, 2)
    axes = draft.choose([1, 2, [1, 2], [2, 2], [2, 1]]) if len(x.shape) == 2 else 1
    other = draft.like(x)
    draft.layer("Dot", {"axes": axes} | draft.options(0.3, normalize=[True]), [x, other])


@proposes("TimeDistributed", weight=3)
def time_distributed(draft: Draft, class_name: str) -> None:
    """Any layer that reads one tensor, or a small model, at every step."""
    if not draft.chain and draft.chance(0.15):
        x = draft.words([2, 3])
    else:
        x = draft.tensor(2, 3, 3, 4)
        if draft.chance(0.35) and x.name in {entry["name"] for entry in draft.inputs}:
            x = draft.mask(x)
    inside = draft.inner(chain=True)
    fill = {"kind": "values"} if x.is_float else {"kind": "words", "below": 7}
    inside.new_input(x.shape[1:], x.dtype, **fill)
    extend(inside, draft.choose([1, 1, 1, 2]), without=("TimeDistributed", "SpectralNormalization"))
    made = inside.nodes
    if len(made) == 1 and "layer" in made[0]:
        wrapped: Json = {name: made[0][name] for name in ("layer", "config")}
    else:
        wrapped = {"model": inside.model("sequential", inside.unread())}
    kwargs = {"mask": draft.flags(x.shape[:1])} if not draft.chain and draft.chance(0.1) else {}
    draft.layer("TimeDistributed", {"layer": wrapped}, x, **kwargs)


@proposes("Functional", "Sequential", weight=1.5)
def nested(draft: Draft, class_name: str) -> None:
    inside = draft.inner(chain=class_name == "Sequential")
    given = [draft.tensor(1, 2, 2, 3)]
    if not inside.chain and draft.chance(0.3):
        given.append(draft.tensor(1, 2))
    for x in given:
        inside.new_input(x.shape, x.dtype, kind="values")
    extend(inside, draft.choose([1, 2, 3]))
    outputs = inside.unread()[-2:] if not inside.chain else inside.unread()
    model = inside.model(class_name.lower(), outputs)
    if len(model["inputs"]) != len(given):
        raise Rejected("an inner model reads only what it is given")
    made = draft.call({"model": model}, *(given if len(given) == 1 else [given]))
    if not draft.chain and len(given) == 1 and draft.chance(0.3):
        draft.call({"again": made[0].name}, draft.like(given[0]))


@proposes("shared layer", weight=1.5)
def shared(draft: Draft, class_name: str) -> None:
    """An earlier layer, called once more on something else of the same shape."""
    if draft.chain:
        raise Rejected("a Sequential model calls each layer once")
    tensors = {(tensor.name, tensor.index): tensor for tensor in draft.pool}
    candidates = [
        (node, tensors[found])
        for node in draft.nodes
        if "layer" in node and len(node["args"]) == 1 and "ref" in node["args"][0] and not node["kwargs"]
        for found in [(node["args"][0]["ref"], node["args"][0]["index"])]
        if tensors[found].is_float
    ]
    if not candidates:
        raise Rejected("nothing to share")
    node, x = draft.choose(candidates)
    draft.call({"again": node["name"]}, draft.like(x))
