"""The small parts that panels are made of."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QHBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from rnnscope_gui.widgets import Still, mono


class Counter(QObject):
    """How often something was laid out."""

    times = 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.times += event.type() == QEvent.Type.LayoutRequest
        return False


def test_only_digits_of_another_width_have_their_surroundings_laid_out(qtbot: QtBot) -> None:
    outer, digits = QWidget(), mono("0.123")
    qtbot.addWidget(outer)
    held = Still(digits)
    row = QHBoxLayout(outer)
    row.addWidget(held)
    row.addStretch(1)
    outer.setMinimumSize(400, 60)
    with qtbot.waitExposed(outer):
        outer.show()
    QApplication.processEvents()
    counter = Counter()
    outer.installEventFilter(counter)
    digits.setText("0.456")
    QApplication.processEvents()
    assert counter.times == 0
    digits.setText("0.123456789")
    qtbot.waitUntil(lambda: counter.times > 0)
    qtbot.waitUntil(lambda: held.width() >= digits.sizeHint().width())
    assert digits.size() == held.size()
