"""Dense, activations, embeddings, dropout, and what changes shapes."""

from __future__ import annotations

from math import prod
from typing import Any

from tests.parity.description import Json
from tests.parity.draft import Draft
from tests.parity.proposals.recurrent import activation
from tests.parity.proposals.registry import ALL, TF_KERAS, proposes


@proposes("Dense", weight=3)
def dense(draft: Draft, class_name: str) -> None:
    config = {"units": draft.choose([1, 2, 3, 4])}
    draft.layer(
        "Dense", config | draft.options(0.4, activation=[activation(draft)], use_bias=[False]), draft.tensor(1, 2, 3)
    )


@proposes("EinsumDense")
def einsum_dense(draft: Draft, class_name: str) -> None:
    x = draft.tensor(1, 2, 3)
    steps = "bcd"[: len(x.shape) - 1]
    forms: list[tuple[str, Any, str]] = [
        (f"a{steps}x,xy->a{steps}y", [*x.shape[:-1], 3], "y"),
        ("...x,xy->...y", [*x.shape[:-1], 2], "y"),
        (f"a{steps}x,xyz->a{steps}yz", [*x.shape[:-1], 2, 3], "yz"),
        (f"a{steps}x,xyz->a{steps}yz", [*x.shape[:-1], 2, 3], "z"),
    ]
    equation, shape, axes = draft.choose(forms)
    shape = shape[-1] if equation.startswith("...") and draft.chance(0.5) else shape
    config = {"equation": equation, "output_shape": shape}
    draft.layer("EinsumDense", config | draft.options(0.5, bias_axes=[axes], activation=[activation(draft)]), x)


@proposes("Activation", weight=2)
def activation_layer(draft: Draft, class_name: str) -> None:
    draft.layer("Activation", {"activation": activation(draft)}, draft.tensor(1, 2, 3))


@proposes("LeakyReLU", "ELU", "PReLU", "ReLU", "Softmax")
def activation_of_its_own(draft: Draft, class_name: str) -> None:
    x = draft.tensor(1, 2, 3)
    slope = "negative_slope" if draft.world.keras3 else "alpha"
    config: Json = {
        "LeakyReLU": lambda: draft.options(0.6, **{slope: [0.1, 0.5]}),
        "ELU": lambda: draft.options(0.6, alpha=[0.4, 1.7]),
        "PReLU": lambda: draft.options(0.5, shared_axes=[[1]]) if len(x.shape) > 1 else {},
        "ReLU": lambda: draft.options(0.5, max_value=[0.7, 6.0], negative_slope=[0.2], threshold=[0.3, 1.0]),
        "Softmax": lambda: draft.options(0.5, axis=[1, -1, [1, 2]] if len(x.shape) > 1 else [-1]),
    }[class_name]()
    kwargs = {"mask": draft.flags(x.shape)} if class_name == "Softmax" and not draft.chain and draft.chance(0.4) else {}
    draft.layer(class_name, config, x, **kwargs)


@proposes("ThresholdedReLU", only=TF_KERAS)
def thresholded(draft: Draft, class_name: str) -> None:
    draft.layer(class_name, draft.options(0.6, theta=[0.2, 1.5]), draft.tensor(1, 2, 3))


@proposes("Embedding", weight=2)
def embedding(draft: Draft, class_name: str) -> None:
    words = draft.words([draft.choose([1, 3, 4, 5])], dtypes=("int32", "int64", "float32"))
    config = {"input_dim": draft.choose([7, 8]), "output_dim": draft.choose([1, 2, 3])}
    draft.layer("Embedding", config | draft.options(0.6, mask_zero=[True]), words)


@proposes("Masking", weight=2)
def masking(draft: Draft, class_name: str) -> None:
    draft.mask(draft.tensor(2, 3))


@proposes("Dropout", "GaussianDropout", "GaussianNoise", "AlphaDropout", "ActivityRegularization", weight=0.4)
def only_in_training(draft: Draft, class_name: str) -> None:
    x = draft.tensor(1, 2, 3)
    config: Json = {
        "GaussianNoise": {"stddev": 0.3},
        "ActivityRegularization": {"l2": 0.1},
    }.get(class_name, {"rate": 0.3})
    if class_name == "Dropout" and len(x.shape) > 1:
        config |= draft.options(0.4, noise_shape=[[None, 1, *x.shape[1:]]])
    draft.layer(class_name, config, x)


@proposes("SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", weight=0.3)
def spatial_dropout(draft: Draft, class_name: str) -> None:
    draft.layer(class_name, {"rate": 0.3}, draft.tensor(int(class_name[-2]) + 1))


@proposes("Flatten")
def flatten(draft: Draft, class_name: str) -> None:
    draft.layer("Flatten", draft.options(0.3, data_format=["channels_first"]), draft.tensor(1, 2, 3))


@proposes("Reshape")
def reshape(draft: Draft, class_name: str) -> None:
    x = draft.tensor(1, 2, 3)
    size = prod(x.shape)
    small = draft.choose([factor for factor in (1, 2, 3, 4) if size % factor == 0])
    target = draft.choose([[-1], [small, size // small], [-1, small], [size // small, 1, small]])
    draft.layer("Reshape", {"target_shape": target}, x)


@proposes("Permute")
def permute(draft: Draft, class_name: str) -> None:
    x = draft.tensor(2, 3)
    dims = list(range(1, len(x.shape) + 1))
    draft.rng.shuffle(dims)
    draft.layer("Permute", {"dims": dims}, x)


@proposes("RepeatVector")
def repeat_vector(draft: Draft, class_name: str) -> None:
    draft.layer("RepeatVector", {"n": draft.choose([1, 2, 4])}, draft.tensor(1))


@proposes("Identity", weight=0.5, only=ALL)
def identity(draft: Draft, class_name: str) -> None:
    draft.layer("Identity", {}, draft.tensor(1, 2, 3))


@proposes("Cropping1D", "Cropping2D", "Cropping3D", "ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D", "UpSampling1D",
          "UpSampling2D", "UpSampling3D", weight=0.5)  # fmt: skip
def resized(draft: Draft, class_name: str) -> None:
    rank = int(class_name[-2])
    x = draft.tensor(rank + 1)
    first = rank > 1 and draft.chance(0.25)
    if class_name.startswith("UpSampling"):
        config: Json = {"size": draft.choose([1, 2, 3] if rank == 1 else [1, 2, [2, 1, 3][:rank]])}
        if class_name == "UpSampling2D":
            ways = ["bilinear", "nearest", *(["bicubic"] if draft.world.keras3 else [])]
            config |= draft.options(0.4, interpolation=ways)
    else:
        pairs = [[draft.choose([0, 1, 2]), draft.choose([0, 1])] for _ in range(rank)]
        single = draft.choose([1, [1, 0, 2][:rank]]) if rank > 1 else 1
        name = "cropping" if class_name.startswith("Cropping") else "padding"
        config = {name: draft.choose([pairs[0] if rank == 1 else pairs, single])}
    draft.layer(class_name, config | ({"data_format": "channels_first"} if first else {}), x)


@proposes("SpectralNormalization", weight=0.5)
def spectral_normalization(draft: Draft, class_name: str) -> None:
    x = draft.tensor(1, 2)
    inner: Json = {"layer": "Dense", "config": {"units": 3}}
    if len(x.shape) == 2 and draft.chance(0.5):
        inner = {"layer": "Conv1D", "config": {"filters": 2, "kernel_size": 1}}
    draft.layer(class_name, {"layer": inner} | draft.options(0.5, power_iterations=[2]), x)
