"""What to export: which side of the quantity on show, and of which samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QDialog, QDialogButtonBox, QFileDialog, QGridLayout, QVBoxLayout, QWidget

from rnnscope.errors import one_line
from rnnscope_gui.exporting import Wanted, file_name, with_suffix
from rnnscope_gui.state import Scene
from rnnscope_gui.widgets import label

FILTER = "Tables (*.csv);;NumPy arrays (*.npy);;NumPy archives (*.npz);;HDF5 (*.h5)"
WIDTH = 420


class ExportDialog(QDialog):
    """Two choices; `take` gets what is wanted once there is a file to write it to."""

    def __init__(self, sides: Sequence[str], scene: Scene, take: Callable[[Wanted], None], parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Export data")
        self._take, self._scene = take, scene
        self._side, self._samples = QComboBox(), QComboBox()
        self._side.setAccessibleName("What to export")
        self._side.addItems(list(sides))
        self._side.setCurrentIndex(len(sides) - 1)
        self._samples.setAccessibleName("Which samples")
        self._samples.addItems([f"Sample {scene.view.sample}, the one on show", "All samples"])
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(14)
        view = scene.view
        title = label(one_line(f"{view.layer} · {view.quantity}"), "title")
        column.addWidget(title)
        grid = QGridLayout()
        grid.setHorizontalSpacing(18)
        grid.setVerticalSpacing(10)
        for row, (words, box) in enumerate((("Numbers of", self._side), ("Samples", self._samples))):
            grid.addWidget(label(words, "muted"), row, 0)
            grid.addWidget(box, row, 1)
        grid.setColumnStretch(1, 1)
        column.addLayout(grid)
        column.addWidget(buttons)
        self.setMinimumWidth(WIDTH)

    def accept(self) -> None:
        """Ask where to; who changes their mind there is back at the choices."""
        side = self._side.currentText()
        name = file_name(self._scene.view, side)
        path, _ = QFileDialog.getSaveFileName(self, "Export data", name, FILTER)
        if path:
            super().accept()
            self._take(Wanted(side, self._samples.currentIndex() == 1, with_suffix(path)))
