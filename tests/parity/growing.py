"""How a draft grows: the layer in focus first, then whatever Keras takes."""

from __future__ import annotations

from collections.abc import Collection

from tests.parity.draft import Draft, Rejected
from tests.parity.proposals.registry import PROPOSALS, Proposal

TRIES = 12


def available(draft: Draft, without: Collection[str] = ()) -> list[Proposal]:
    return [known for name, known in sorted(PROPOSALS.items()) if name not in without and known.exists_in(draft.world)]


def extend(draft: Draft, count: int, *, without: Collection[str] = ()) -> None:
    """Add so many layers by chance; Rejected when none can be added."""
    known = available(draft, without)
    added = 0
    for _ in range(count * TRIES):
        chosen = draft.rng.choices(known, [proposal.weight for proposal in known])[0]
        if propose(draft, chosen):
            added += 1
        if added == count:
            return
    if not added:
        raise Rejected("nothing fits here")


def propose(draft: Draft, proposal: Proposal) -> bool:
    """Whether Keras took what was proposed."""
    try:
        with draft.attempt():
            proposal.propose(draft, proposal.name)
    except Rejected:
        return False
    return True


def grow(draft: Draft, focus: str, size: int) -> None:
    """A model of about `size` layers, one of them the one in focus."""
    before = draft.choose([0, 0, 1])
    if before and not draft.chain:
        extend(draft, before)
    if not any(propose(draft, PROPOSALS[focus]) for _ in range(TRIES)):
        raise Rejected(f"no place for {focus}")
    if size > 1:
        try:
            extend(draft, size - 1)
        except Rejected:
            return
