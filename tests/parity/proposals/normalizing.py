"""Normalization layers, and those that prepare raw values."""

from __future__ import annotations

from typing import Any

from tests.parity.description import Json
from tests.parity.draft import Draft
from tests.parity.proposals.registry import KERAS3, proposes

WORDS = ["the", "cat", "sat", "on", "mat"]


@proposes("BatchNormalization", "LayerNormalization", "UnitNormalization")
def normalization(draft: Draft, class_name: str) -> None:
    x = draft.tensor(1, 2, 3)
    axes = [-1, *range(1, len(x.shape) + 1)]
    several = [[1, 2]] if len(x.shape) > 1 and class_name != "BatchNormalization" else []
    config = draft.options(0.4, axis=axes + several)
    if class_name != "UnitNormalization":
        config |= draft.options(0.3, center=[False], scale=[False], epsilon=[1e-2, 1e-5])
    if class_name == "LayerNormalization" and draft.world.keras3:
        config |= draft.options(0.1, rms_scaling=[True])
    draft.layer(class_name, config, x)


@proposes("GroupNormalization")
def group_normalization(draft: Draft, class_name: str) -> None:
    x = draft.tensor(2, 3)
    axis = draft.choose([-1, 1])
    channels = x.shape[-1] if axis == -1 else x.shape[0]
    groups = draft.choose([number for number in (1, 2, 3, 4, channels, -1) if number < 0 or channels % number == 0])
    config = {"groups": groups, "axis": axis} | draft.options(0.3, center=[False], scale=[False], epsilon=[1e-2])
    draft.layer(class_name, config, x)


@proposes("RMSNormalization", only=KERAS3)
def rms_normalization(draft: Draft, class_name: str) -> None:
    x = draft.tensor(1, 2, 3)
    draft.layer(class_name, draft.options(0.4, axis=[-1], epsilon=[1e-2]), x)


@proposes("Normalization")
def fixed_normalization(draft: Draft, class_name: str) -> None:
    x = draft.tensor(1, 2)
    config: Json = {"axis": draft.choose([-1, None])} | draft.options(0.3, invert=[True])
    if draft.chance(0.6):
        size = x.shape[-1]
        many = config["axis"] is not None
        config["mean"] = [draft.choose([0.0, 1.5, -2.0]) for _ in range(size)] if many else 0.5
        config["variance"] = [draft.choose([0.25, 1.0, 4.0]) for _ in range(size)] if many else 2.0
    draft.layer(class_name, config, x)


@proposes("Rescaling")
def rescaling(draft: Draft, class_name: str) -> None:
    config = {"scale": draft.choose([0.1, 2.0])} | draft.options(0.5, offset=[-1.0, 0.3])
    draft.layer(class_name, config, draft.tensor(1, 2, 3))


@proposes("Discretization", weight=0.5)
def discretization(draft: Draft, class_name: str) -> None:
    config: Json = {"bin_boundaries": draft.choose([[-0.5, 0.0, 0.75], [0.25], [-1.0, 1.0]])}
    draft.layer(class_name, config | draft.options(0.5, output_mode=["one_hot", "multi_hot", "count"]), draft.tensor(1))


@proposes("CategoryEncoding", weight=0.5)
def category_encoding(draft: Draft, class_name: str) -> None:
    mode = draft.choose(["one_hot", "multi_hot", "count"])
    words = draft.words([1 if mode == "one_hot" and draft.chance(0.7) else 4], below=6, low=0)
    weights = {"count_weights": draft.values([4])} if mode == "count" and not draft.chain and draft.chance(0.4) else {}
    draft.layer(class_name, {"num_tokens": 6, "output_mode": mode}, words, **weights)


@proposes("IntegerLookup", weight=0.5)
def integer_lookup(draft: Draft, class_name: str) -> None:
    config: Json = {"vocabulary": [3, 5, 2, 11]} | _lookup_options(draft, mask_token=[0])
    draft.layer(class_name, config, draft.words([draft.choose([1, 3])], below=9, low=0, dtypes=("int64",)))


@proposes("StringLookup", weight=0.5, only=("tensorflow", "tf-keras"))
def string_lookup(draft: Draft, class_name: str) -> None:
    config: Json = {"vocabulary": WORDS[:4]} | _lookup_options(draft, mask_token=["", "cat"][:1])
    texts = draft.new_input([draft.choose([1, 3])], "string", kind="choices", choices=[*WORDS, ""])
    draft.layer(class_name, config, texts)


def _lookup_options(draft: Draft, **more: list[Any]) -> Json:
    config = draft.options(0.35, num_oov_indices=[1, 0] if draft.chance(0.3) else [1], **more)
    if draft.chance(0.4):
        config["output_mode"] = draft.choose(["one_hot", "multi_hot", "count"])
    return config
