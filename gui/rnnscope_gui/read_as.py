"""How a model file is to be read, where the person wants it otherwise than the file says. No Qt."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace

from rnnscope.semantics import Semantics


@dataclass(frozen=True, slots=True)
class ReadAs:
    """What `rnnscope.load_model` is told besides the file; None leaves it to the file.

    code: Python files that the person wants run first, because they register layers of their own.
    weights: the path of the file with the model's weights, where they lie in one of their own. infer: whether weights
    alone are taken for the plain recurrent stack that they tell.
    """

    keras_version: str | None = None
    backend: str | None = None
    bypass_lambda: bool = False
    code: tuple[str, ...] = ()
    weights: str | None = None
    infer: bool = False

    @classmethod
    def chosen(cls, options: argparse.Namespace) -> ReadAs:
        """As the options of the command line say; see `rnnscope.cli.add_reading`. Weights are opened as a file."""
        code = tuple(options.run_code)
        return cls(options.keras_version, options.backend, options.bypass_lambda, code, infer=options.infer)

    def by(self, semantics: Semantics | None) -> ReadAs:
        """The same, by the rules of this Keras; by those that the file asks for when there is None."""
        if semantics is None:
            return replace(self, keras_version=None, backend=None)
        return replace(self, keras_version=semantics.keras_version, backend=semantics.backend)
