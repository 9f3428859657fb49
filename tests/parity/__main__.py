"""Random models by real Keras, held against rnnscope. See `make parity`.

Ends with 0 when every file of every case agrees or is refused as it may be, with 1 otherwise.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue

from tests.parity.check import REFUSED, Outcome, check_case
from tests.parity.description import Json
from tests.parity.oracles import ORACLES, ROOT, ask, python_of
from tests.parity.report import table, write_checked
from tests.parity.shrink import shrink

HOME = ROOT / ".parity"
AT_ONCE = 2  # oracles that run side by side
# JAX compiles everything, so a case of it costs three of the others.
SHARES = {"tensorflow": 3, "jax": 1, "tf-keras": 3}
Answer = tuple[str, Json, Json]


def main(arguments: Sequence[str]) -> int:
    options = parse(arguments)
    oracles = [name for word in options.oracles for name in word.replace(",", " ").split()]
    unknown = [name for name in oracles if name not in ORACLES or not python_of(ORACLES[name]).exists()]
    if unknown:
        print(f"no such oracle here: {', '.join(unknown)}; `make oracles` sets up {', '.join(ORACLES)}")
        return 2
    shutil.rmtree(options.folder / "cases", ignore_errors=True)
    (options.folder / "cases").mkdir(parents=True)
    if options.case:
        description = json.loads(options.case.read_text())
        jobs = {
            description["oracle"]: [{"description": description, "folder": str(options.folder / "cases" / "given")}]
        }
    else:
        jobs = {name: requests(name, count, options) for name, count in shared_out(options.n, oracles).items()}
    return run(jobs, options)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.parity", description=__doc__)
    parser.add_argument("--n", type=int, default=300, help="how many models, over all oracles")
    parser.add_argument("--seed", default="1", help="another seed, other models")
    parser.add_argument("--first", type=int, default=0, help="the number of the first model, to make one again")
    parser.add_argument("--oracles", nargs="*", default=list(ORACLES), help=f"of {', '.join(ORACLES)}")
    parser.add_argument("--case", type=Path, help="a description file: that one model only")
    parser.add_argument("--folder", type=Path, default=HOME, help="where files go")
    parser.add_argument("--keep", action="store_true", help="keep the files of cases that agree too")
    parser.add_argument("--shrink", type=int, default=3, help="how many failures to reduce")
    parser.add_argument("--checked", type=Path, help="write layer → oracle → agreeing cases there too")
    return parser.parse_args(arguments)


def shared_out(count: int, oracles: Sequence[str]) -> dict[str, int]:
    """How many cases each oracle makes: at least `count` together."""
    whole = sum(SHARES[name] for name in oracles)
    return {name: -(-count * SHARES[name] // whole) for name in oracles}


def requests(oracle: str, count: int, options: argparse.Namespace) -> list[Json]:
    cases = options.folder / "cases"
    return [
        {"seed": f"{options.seed}/{oracle}", "index": index, "folder": str(cases / f"{oracle}-{options.seed}-{index}")}
        for index in range(options.first, options.first + count)
    ]


def run(jobs: dict[str, list[Json]], options: argparse.Namespace) -> int:
    began = time.monotonic()
    outcomes: list[Outcome] = []
    unmade: Counter[str] = Counter()
    crashed: list[str] = []
    for oracle, request, answer in answers(jobs, options.folder):
        if "case" not in answer:
            unmade[oracle] += 1
            crashed += [f"{Path(request['folder']).name}: {answer['crashed']}"] if "crashed" in answer else []
            continue
        outcome = check_case(Path(request["folder"]))
        outcomes.append(outcome)
        if not outcome.fails and not options.keep:
            shutil.rmtree(request["folder"])
        if sys.stdout.isatty():
            print(f"\r{len(outcomes)} cases, {sum(found.fails for found in outcomes)} failing", end="", flush=True)
    print(f"\n{table(outcomes, unmade)}")
    print("\n".join(crashed))
    write_checked(options.folder / "checked.json", outcomes)
    if options.checked:
        write_checked(options.checked, outcomes)
    failing = [outcome for outcome in outcomes if outcome.fails]
    show_failures(failing, options)
    print(f"{len(outcomes)} random models in {time.monotonic() - began:.0f} s, {len(failing)} of them failing")
    return 1 if failing or crashed or not outcomes else 0


def answers(jobs: dict[str, list[Json]], folder: Path) -> Iterator[Answer]:
    """What the oracles answer, two of them at work at a time."""
    queue: Queue[Answer | BaseException | None] = Queue()

    def work(oracle: str) -> None:
        try:
            for request, answer in ask(ORACLES[oracle], jobs[oracle], folder / f"{oracle}.log"):
                queue.put((oracle, request, answer))
        except BaseException as error:  # noqa: BLE001  it is raised where the answers are read
            queue.put(error)
        queue.put(None)

    with ThreadPoolExecutor(AT_ONCE) as workers:
        for oracle in jobs:
            workers.submit(work, oracle)
        finished = 0
        while finished < len(jobs):
            match queue.get():
                case None:
                    finished += 1
                case BaseException() as error:
                    raise error
                case answer:
                    yield answer


def show_failures(failing: Sequence[Outcome], options: argparse.Namespace) -> None:
    """Each failure with the line that makes it again; the first few, those that are wrong first, reduced."""
    order = sorted(failing, key=lambda outcome: outcome.worst.result == REFUSED)
    kept = options.folder / "failures"
    kept.mkdir(exist_ok=True)
    for number, outcome in enumerate(order):
        path = kept / f"{outcome.name}.json"
        description = outcome.description
        if number < options.shrink:
            description = shrink(outcome, options.folder / "shrinking", options.folder / "shrinking.log")
        path.write_text(json.dumps(description, indent=1))
        if number < options.shrink:
            nodes = [node.get("layer") or node.get("op") or "model" for node in description["model"]["nodes"]]
            print(f"{outcome.name} fails, down to {' → '.join(nodes)}; again: make parity CASE={path}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
