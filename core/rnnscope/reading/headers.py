"""What stands at the head of each layer of a configuration: name, class and options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rnnscope.errors import UnreadableFile
from rnnscope.layers.registry import LAYERS, MODEL_CLASSES, registered_name


@dataclass(frozen=True, slots=True)
class Header:
    """A layer's name, class and options. `module` is where Keras found the class, None where the file does not say."""

    name: str
    class_name: str
    config: Mapping[str, object]
    module: str | None = None

    @property
    def is_model(self) -> bool:
        return self.class_name in MODEL_CLASSES


def header(layer: object, name: str | None = None) -> Header:
    """Read one layer's head; `name` is for layers that have none, such as nested models of Keras 1.

    UnreadableFile when it is damaged, Unsupported for classes that are not Keras's own.
    """
    if not isinstance(layer, dict):
        raise UnreadableFile("a layer of the configuration is not an object", found=type(layer).__name__)
    class_name, config = layer.get("class_name"), layer.get("config")
    if not isinstance(class_name, str) or not isinstance(config, dict):
        raise UnreadableFile("a layer of the configuration has no class or no options")
    found = config.get("name", layer.get("name", name))
    if class_name == "TensorFlowOpLayer":  # its configuration leaves out what the graph's names begin with
        found = layer.get("name", found)
    if not isinstance(found, str) or not found:
        raise UnreadableFile(f"a layer of class {class_name} has no name")
    module = layer.get("module")
    class_name = registered_name(layer, LAYERS, found)
    return Header(found, class_name, config, None if module is None else str(module))
