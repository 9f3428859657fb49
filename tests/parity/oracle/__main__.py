"""Answers requests, one JSON object a line: ``{"seed", "index", "folder"}`` or ``{"description", "folder"}``.

Each answer is one line on standard output: ``{"case": …}``, or ``{"rejected": why}`` where Keras did not take it.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import warnings
from pathlib import Path


def main() -> None:
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what Keras prints must not come between the answers
    warnings.simplefilter("ignore")
    from tests.parity import proposals  # noqa: F401  it registers them
    from tests.parity.draft import Rejected
    from tests.parity.oracle.build import REFUSALS
    from tests.parity.oracle.make import make_described, make_seeded

    for line in sys.stdin:
        request = json.loads(line)
        folder = Path(request["folder"])
        try:
            with contextlib.redirect_stdout(sys.stderr):
                if "description" in request:
                    case = make_described(request["description"], folder)
                else:
                    case = make_seeded(request["seed"], request["index"], folder)
            answer = {"case": case}
        except (*REFUSALS, Rejected) as error:
            answer = {"rejected": f"{type(error).__name__}: {error}"[:600]}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
