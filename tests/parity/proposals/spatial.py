"""Convolutions and pooling, in one, two and three dimensions."""

from __future__ import annotations

from tests.parity.description import Json
from tests.parity.draft import Draft, Tensor
from tests.parity.proposals.recurrent import activation
from tests.parity.proposals.registry import KERAS3, proposes


def rank_of(class_name: str) -> int:
    return int(class_name.replace("Transpose", "")[-2])


def picture(draft: Draft, rank: int) -> tuple[Tensor, Json]:
    """(spatial axes …, channels), or channels first."""
    if draft.chance(0.2):
        sizes = [draft.choose([3, 4, 5, 6]) for _ in range(rank)]
        return draft.values([draft.choose([1, 2, 4]), *sizes]), {"data_format": "channels_first"}
    if (found := draft.having(rank + 1)) and (draft.chain or draft.chance(0.6)):
        return draft.choose(found), {}
    sizes = [draft.choose([3, 4, 5, 6]) for _ in range(rank)]
    return draft.values([*sizes, draft.choose([1, 2, 4])]), {}


def window(draft: Draft, rank: int, largest: int = 3) -> int | list[int]:
    sizes = list(range(1, largest + 1))
    return draft.choose(sizes) if draft.chance(0.6) else [draft.choose(sizes) for _ in range(rank)]


def convolution_config(draft: Draft, class_name: str) -> Json:
    rank = rank_of(class_name)
    config: Json = {"kernel_size": window(draft, rank)}
    config |= draft.options(0.35, padding=["same"], use_bias=[False], activation=[activation(draft)])
    config |= draft.choose([{}, {"strides": window(draft, rank)}, {"dilation_rate": window(draft, rank)}])
    return config


@proposes("Conv1D", "Conv2D", "Conv3D", weight=1.2)
def convolution(draft: Draft, class_name: str) -> None:
    rank = rank_of(class_name)
    x, layout = picture(draft, rank)
    channels = x.shape[0] if layout else x.shape[-1]
    groups = draft.choose([number for number in (1, 1, 2, 4) if channels % number == 0])
    config = {"filters": groups * draft.choose([1, 2]), "groups": groups} | convolution_config(draft, class_name)
    if rank == 1 and not layout:
        config |= draft.options(0.3, padding=["causal"])
    draft.layer(class_name, config | layout, x)


@proposes("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose", weight=0.8)
def transposed(draft: Draft, class_name: str) -> None:
    x, layout = picture(draft, rank_of(class_name))
    config = {"filters": draft.choose([1, 2, 3])} | convolution_config(draft, class_name)
    config |= draft.options(0.2, output_padding=[0, 1]) if "strides" in config else {}
    draft.layer(class_name, config | layout, x)


@proposes("DepthwiseConv1D", "DepthwiseConv2D", weight=0.8)
def depthwise(draft: Draft, class_name: str) -> None:
    x, layout = picture(draft, rank_of(class_name))
    config = convolution_config(draft, class_name) | draft.options(0.5, depth_multiplier=[2, 3])
    if isinstance(config.get("strides"), list):
        config["strides"] = config["strides"][0]
    draft.layer(class_name, config | layout, x)


@proposes("SeparableConv1D", "SeparableConv2D", weight=0.8)
def separable(draft: Draft, class_name: str) -> None:
    x, layout = picture(draft, rank_of(class_name))
    config = {"filters": draft.choose([1, 2, 3])} | convolution_config(draft, class_name)
    config |= draft.options(0.5, depth_multiplier=[2, 3])
    if rank_of(class_name) == 1 and not layout:
        config |= draft.options(0.3, padding=["causal"])
    draft.layer(class_name, config | layout, x)


@proposes("MaxPooling1D", "MaxPooling2D", "MaxPooling3D", "AveragePooling1D", "AveragePooling2D", "AveragePooling3D")
def pooling(draft: Draft, class_name: str) -> None:
    rank = rank_of(class_name)
    x, layout = picture(draft, rank)
    config: Json = {"pool_size": window(draft, rank)} | draft.options(0.4, padding=["same"], strides=[1, 2, 3])
    draft.layer(class_name, config | layout, x)


@proposes("GlobalMaxPooling1D", "GlobalMaxPooling2D", "GlobalMaxPooling3D", "GlobalAveragePooling1D",
          "GlobalAveragePooling2D", "GlobalAveragePooling3D")  # fmt: skip
def global_pooling(draft: Draft, class_name: str) -> None:
    rank = rank_of(class_name)
    if rank > 1:
        x, layout = picture(draft, rank)
    else:
        x, layout = draft.sequence(), draft.options(0.2, data_format=["channels_first"])
    draft.layer(class_name, layout | draft.options(0.3, keepdims=[True]), x)


@proposes("AdaptiveMaxPooling1D", "AdaptiveMaxPooling2D", "AdaptiveMaxPooling3D", "AdaptiveAveragePooling1D",
          "AdaptiveAveragePooling2D", "AdaptiveAveragePooling3D", only=KERAS3)  # fmt: skip
def adaptive_pooling(draft: Draft, class_name: str) -> None:
    rank = rank_of(class_name)
    x, layout = picture(draft, rank)
    draft.layer(class_name, {"output_size": window(draft, rank)} | layout, x)
