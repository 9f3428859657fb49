"""A widget as a PNG file that appears whole or not at all."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QIODevice, QSaveFile
from PySide6.QtWidgets import QWidget


def save_widget(widget: QWidget, path: str) -> None:
    """Write what `widget` shows, in device pixels; OSError when the file cannot be written."""
    file = QSaveFile(path)
    written = file.open(QIODevice.OpenModeFlag.WriteOnly) and widget.grab().save(file, "PNG") and file.commit()
    if not written:
        raise OSError(file.errorString() or f"{Path(path).name} cannot be written")
