"""What a run of many cases amounts to: the table, the counts for each layer, and the files that say so."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from tests.parity.check import AGREES, REFUSED, SENSITIVE, WRONG, Outcome, Verdict
from tests.parity.refused import is_expected

SHOWN = 12


def table(outcomes: Sequence[Outcome], unmade: Counter[str]) -> str:
    """Cases and files by oracle: agreeing, refused, wrong; then each refusal with its count, and what is wrong."""
    lines = [
        f"{'oracle':<12}{'cases':>7}{'files':>7}{'agree':>7}{'sensitive':>11}{'refused':>9}{'wrong':>7}{'not made':>10}"
    ]
    for oracle in sorted({outcome.oracle for outcome in outcomes} | set(unmade)):
        mine = [outcome for outcome in outcomes if outcome.oracle == oracle]
        results = Counter(verdict.result for outcome in mine for verdict in outcome.verdicts)
        lines.append(
            f"{oracle:<12}{len(mine):>7}{sum(results.values()):>7}{results[AGREES]:>7}{results[SENSITIVE]:>11}"
            f"{results[REFUSED]:>9}{results[WRONG]:>7}{unmade[oracle]:>10}"
        )
    return "\n".join([*lines, *_refusals(outcomes), *_sensitive(outcomes), *_wrong(outcomes)])


def _refusals(outcomes: Iterable[Outcome]) -> Iterator[str]:
    reasons = Counter(
        (refusal(verdict.reason), is_expected(verdict.reason))
        for outcome in outcomes
        for verdict in outcome.verdicts
        if verdict.result == REFUSED
    )
    if reasons:
        yield "\nrefused, by reason (* may be):"
        for (reason, expected), count in reasons.most_common():
            yield f"{count:>5} {'*' if expected else ' '} {reason}"


def refusal(text: str) -> str:
    """The reason without file, layer and advice."""
    text = re.sub(r"^\S+: ", "", text)
    text = re.sub(r"layer '[^']*': ", "", text)
    return re.sub(r"\. (Supported|Known).*", "", text)[:150]


def _sensitive(outcomes: Iterable[Outcome]) -> Iterator[str]:
    lines = [
        f"      {outcome.name} {'+'.join(verdict.files)}: {verdict.sensitive[0]}"
        for outcome in outcomes
        for verdict in outcome.verdicts
        if verdict.result == SENSITIVE
    ]
    if lines:
        yield f"\nbeyond the tolerance, yet within the model's own noise floor: {len(lines)} files"
        yield from lines[:SHOWN]


def _wrong(outcomes: Iterable[Outcome]) -> Iterator[str]:
    lines = [line for outcome in outcomes for verdict in outcome.verdicts for line in _of(outcome, verdict)]
    if lines:
        yield f"\nwrong: {len(lines)} files"
        yield from lines


def _of(outcome: Outcome, verdict: Verdict) -> Iterator[str]:
    if verdict.result == WRONG:
        more = f" (and {len(verdict.differences) - 1} more)" if len(verdict.differences) > 1 else ""
        yield f"      {outcome.name} {'+'.join(verdict.files)}: {verdict.reason[:300]}{more}"


def checked_layers(outcomes: Iterable[Outcome]) -> dict[str, dict[str, int]]:
    """Layer class → oracle → how many cases with it agree in every file that was not refused."""
    counts: dict[str, Counter[str]] = {}
    for outcome in outcomes:
        results = {verdict.result for verdict in outcome.verdicts}
        if WRONG not in results and results & {AGREES, SENSITIVE}:
            for name in outcome.classes():
                counts.setdefault(name, Counter())[outcome.oracle] += 1
    return {name: dict(sorted(counts[name].items())) for name in sorted(counts)}


def write_checked(path: Path, outcomes: Iterable[Outcome]) -> None:
    path.write_text(json.dumps(checked_layers(outcomes), indent=1) + "\n")
