"""The refusals that are right: what rnnscope says no to on purpose, though a real Keras wrote the file.

Each is a pattern for the error's text and the reason. Anything else that is refused fails the run.
"""

from __future__ import annotations

import re

EXPECTED: dict[str, str] = {
    r"does not hold the argument inputs of einsum": "tf-keras writes tf.einsum without its tensors and cannot load it",
}


def is_expected(text: str) -> bool:
    return any(re.search(pattern, text) for pattern in EXPECTED)
