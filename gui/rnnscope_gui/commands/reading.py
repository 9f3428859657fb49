"""The menu Reading: by which Keras's rules the file is read."""

from __future__ import annotations

from rnnscope.lens import READINGS
from rnnscope.semantics import Semantics
from rnnscope_gui.commands.command import Command, has_model, has_run
from rnnscope_gui.state import Scene


def has_lambda(scene: Scene) -> bool:
    model = scene.document.model
    return model is not None and any(listed.layer.class_name == "Lambda" for listed in model.listing)


def _reading(semantics: Semantics) -> Command:
    """Read the open model by the rules of one Keras."""

    def in_force(scene: Scene) -> bool:
        return scene.document.model is not None and scene.document.model.semantics == semantics

    text = f"As Keras {semantics.keras_version} on {semantics.backend}"
    identifier = f"read-as-{semantics.keras_version}-{semantics.backend}"
    return Command(identifier, "Reading", text, (), lambda w: w.read_as(semantics), has_model, "", in_force)


READING: tuple[Command, ...] = (
    Command(
        "version-lens",
        "Reading",
        "What would other Kerases say?",
        ("V",),
        lambda w: w.look_through_lens(),
        has_run,
        "Run the same file by the rules of every Keras, and name the layers whose numbers move",
    ),
    Command(
        "read-as-file",
        "Reading",
        "As the file says",
        (),
        lambda w: w.read_as(None),
        has_model,
        "By the rules of the Keras that wrote the file",
        lambda scene: scene.document.model is not None and scene.document.model.semantics == scene.document.own,
    ),
    *map(_reading, READINGS),
    Command(
        "bypass-lambda",
        "Reading",
        "Pass Lambda layers by",
        (),
        lambda w: w.bypass_lambda(),
        has_lambda,
        "Their code is never run; passed by, they hand on what they get",
        lambda scene: scene.document.read_as.bypass_lambda,
    ),
)
SEPARATED = frozenset({"read-as-file", "bypass-lambda"})
