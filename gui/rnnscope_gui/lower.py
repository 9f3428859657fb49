"""The pages under the heatmaps, one of them on show: the unit over time, the arithmetic of a number, and so on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol, get_args

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QTabWidget, QWidget

from rnnscope_gui.state import AppState, Page, Scene

NAMES: Mapping[Page, str] = {
    "unit": "Over time",
    "arithmetic": "Arithmetic",
    "laboratory": "Masking laboratory",
    "samples": "Samples",
}


class Shows(Protocol):
    """What every panel can do."""

    def show_scene(self, old: Scene | None, new: Scene) -> None: ...


class LowerPages(QTabWidget):
    """Only the page on show hears of scenes; one that comes to the front starts afresh."""

    def __init__(self, state: AppState, panels: Mapping[Page, QWidget], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self._pages = [page for page in get_args(Page) if page in panels]
        self._panels = dict(panels)
        self.setDocumentMode(True)
        self.setObjectName("lower")
        self.tabBar().setAccessibleName("What is shown under the heatmaps")
        self.tabBar().setExpanding(False)
        self.tabBar().setDrawBase(False)
        for page in self._pages:
            self.addTab(panels[page], NAMES[page])
        self.currentChanged.connect(self._choose)

    def show_scene(self, old: Scene | None, new: Scene) -> None:
        """Show the scene on the page that its view asks for."""
        page = new.view.page
        self.setCurrentIndex(self._pages.index(page))
        before = old if old is not None and old.view.page == page else None
        panel: Shows = self._panels[page]  # type: ignore[assignment]
        panel.show_scene(before, new)

    @Slot(int)
    def _choose(self, index: int) -> None:
        if self._state.view.page != self._pages[index]:
            self._state.show(replace(self._state.view, page=self._pages[index]))
