"""The models that the golden files hold: small, and between them every rule that the engine has to know."""

from cases import (
    activations,
    attention,
    cells,
    core_layers,
    directions,
    graphs,
    masks,
    normalizations,
    one_layer,
    operations,
    own_classes,
    preprocessing,
    spatial,
)
from cases.registry import CASES, VOCABULARY, WORDS, Builder

__all__ = [
    "CASES",
    "VOCABULARY",
    "WORDS",
    "Builder",
    "activations",
    "attention",
    "cells",
    "core_layers",
    "directions",
    "graphs",
    "masks",
    "normalizations",
    "one_layer",
    "operations",
    "own_classes",
    "preprocessing",
    "spatial",
]
