"""Who adds which layer to a draft; importing this registers them all."""

from tests.parity.proposals import attention, core, merging, normalizing, operations, recurrent, spatial
from tests.parity.proposals.registry import PROPOSALS

__all__ = ["PROPOSALS", "attention", "core", "merging", "normalizing", "operations", "recurrent", "spatial"]
