"""Findings in the words of the catalogue."""

from __future__ import annotations

from collections.abc import Sequence

from rnnscope.findings import Finding
from rnnscope.mistakes.case import Mistake
from rnnscope.trace import Trace


def described(
    mistakes: Sequence[Mistake],
    explains: bool,
    distance: float,
    places: tuple[str, ...],
    trace: Trace | None = None,
) -> Finding:
    """The finding of these mistakes, with their words."""
    return Finding(
        tuple(mistake.id for mistake in mistakes),
        explains,
        distance,
        "; ".join(mistake.title for mistake in mistakes),
        "\n".join(mistake.explanation for mistake in mistakes),
        "\n".join(mistake.fix for mistake in mistakes),
        places,
        trace=trace,
    )


def tell_apart(tied: Sequence[tuple[Mistake, ...]]) -> str:
    """Which input would tell the tied findings apart; "" when there is only one."""
    if len(tied) < 2:
        return ""
    shared = set.intersection(*({mistake.id for mistake in mistakes} for mistakes in tied))
    return "; ".join(
        dict.fromkeys(mistake.shown_by for mistakes in tied for mistake in mistakes if mistake.id not in shared)
    )
