"""The window's Qt style sheet, made of the theme's tokens."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rnnscope_gui.theme import Tokens

RULES = Template("""
QMainWindow, QDialog, QStatusBar, QToolBar, QMenuBar { background: $panel; color: $text; }
QToolBar { border: none; border-bottom: 1px solid $border; spacing: 8px; padding: 7px 12px; }
QStatusBar { border-top: 1px solid $border; }
QStatusBar::item { border: none; }
QToolTip { background: $card; color: $text; border: 1px solid $border; padding: 5px 7px; }
QLabel { background: transparent; }

QFrame#card { background: $card; border: 1px solid $border; border-radius: 8px; }
QWidget#workbench { background: $background; }
QWidget#side { background: $panel; }
QLabel#heading { color: $muted; font-size: 8.5pt; font-weight: 600; letter-spacing: 1px; }
QLabel#title { font-size: 12pt; font-weight: 600; }
QLabel#cardTitle { font-weight: 600; }
QLabel#muted { color: $muted; }
QLabel#small { color: $muted; font-size: 9pt; }
QLabel#link { color: $accent; }
QLabel#good { color: $good; }
QFrame#code { background: $sunken; border: none; border-radius: 6px; }

QPushButton, QToolButton, QComboBox, QSpinBox, QLineEdit {
    background: $card; color: $text; border: 1px solid $border; border-radius: 6px; padding: 4px 9px; min-height: 18px;
}
QPushButton:hover, QToolButton:hover, QComboBox:hover { background: $selection; }
QPushButton:pressed, QToolButton:pressed { background: $sunken; }
QPushButton:checked, QToolButton:checked { background: $selection; border-color: $accent; color: $text; }
QPushButton:default { background: $accent; border-color: $accent; color: $on_accent; }
QPushButton:focus, QToolButton:focus, QComboBox:focus, QSpinBox:focus, QLineEdit:focus {
    border: 2px solid $accent; padding: 3px 8px;
}
QPushButton:disabled, QToolButton:disabled, QComboBox:disabled { color: $muted; background: $panel; }
QToolButton#quiet, QPushButton#quiet, QComboBox#quiet {
    background: transparent; border: 1px solid transparent; color: $muted; padding: 2px 6px;
}
QToolButton#quiet:hover, QPushButton#quiet:hover, QComboBox#quiet:hover { background: $selection; color: $text; }
QToolButton#quiet:focus, QPushButton#quiet:focus, QComboBox#quiet:focus { border: 1px solid $accent; }
QComboBox#title {
    background: transparent; border: 1px solid transparent; color: $text; font-weight: 600; padding: 0; min-height: 0;
}
QComboBox#title:hover { background: $selection; }
QComboBox#title:focus { border: 1px solid $accent; }
QSpinBox { font-family: "$mono"; }
QSpinBox::up-button, QSpinBox::down-button { width: 0; border: none; }
QSpinBox QLineEdit { background: transparent; border: none; padding: 0 8px; min-height: 0; }
QPushButton#primary { background: $accent; border-color: $accent; color: $on_accent; }
QPushButton#choice { padding: 0; text-align: left; border-color: $border; }
QPushButton#file { padding: 0; min-height: 28px; }
QToolButton#plain { background: transparent; border: none; padding: 2px 6px; }
QToolButton#plain:hover { background: $selection; }
QToolButton#plain:focus { border: 1px solid $accent; }

QWidget#header { background: $panel; border-bottom: 1px solid $border; }
QWidget#readout { background: $panel; border-top: 1px solid $border; }
QWidget#welcome { background: $background; }
QWidget#message { background: $selection; border-bottom: 1px solid $border; }
QWidget#message[kind="error"] { border-left: 4px solid $bad; }
QWidget#message[kind="note"] { border-left: 4px solid $accent; }
QWidget#message[kind="error"] QLabel#message-mark { color: $bad; font-weight: 700; }
QWidget#message[kind="note"] QLabel#message-mark { color: $accent; font-weight: 700; }

QComboBox::drop-down { border: none; width: 18px; }
QComboBox::down-arrow { image: url("$chevron"); width: 12px; height: 12px; }
QComboBox QAbstractItemView {
    background: $card; color: $text; border: 1px solid $border; padding: 3px; outline: none;
    selection-background-color: $selection; selection-color: $text;
}

QMenu { background: $card; color: $text; border: 1px solid $border; padding: 4px; }
QMenu::item { padding: 5px 26px 5px 22px; border-radius: 4px; }
QMenu::item:selected { background: $selection; }
QMenu::item:disabled { color: $muted; }
QMenu::separator { height: 1px; background: $border; margin: 4px 6px; }
QMenuBar::item { padding: 4px 9px; border-radius: 4px; }
QMenuBar::item:selected { background: $selection; }

QSlider::groove:horizontal { height: 4px; background: $sunken; border-radius: 2px; }
QSlider::sub-page:horizontal { background: $accent; border-radius: 2px; }
QSlider::handle:horizontal {
    width: 12px; height: 12px; margin: -5px 0; border-radius: 7px; background: $card; border: 2px solid $accent;
}
QSlider::handle:horizontal:focus { background: $accent; }
QSlider::sub-page:horizontal:disabled { background: $border; }
QSlider::handle:horizontal:disabled { border-color: $border; }

QScrollBar { background: transparent; border: none; margin: 0; }
QScrollBar:vertical { width: 9px; }
QScrollBar:horizontal { height: 9px; }
QScrollBar::handle { background: $border; border-radius: 3px; margin: 1px; }
QScrollBar::handle:hover { background: $hatch; }
QScrollBar::handle:vertical { min-height: 28px; }
QScrollBar::handle:horizontal { min-width: 28px; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QAbstractScrollArea { background: transparent; border: none; }
QListView { background: transparent; border: none; outline: none; }
QTableView { background: transparent; border: none; gridline-color: transparent; outline: none; }
QHeaderView { background: transparent; }
QHeaderView::section {
    background: transparent; color: $muted; border: none; padding: 2px 6px 2px 3px; font-size: 8.5pt;
}
QTabWidget#lower::pane { border: none; }
QTabWidget#lower > QTabBar { background: $background; }
QTabBar::tab {
    background: transparent; color: $muted; border: none; border-bottom: 2px solid transparent;
    padding: 4px 4px 3px 4px; margin: 0 6px 0 14px;
}
QTabBar::tab:selected { color: $text; border-bottom: 2px solid $accent; font-weight: 600; }
QTabBar::tab:hover { color: $text; }
QTabBar::tab:focus { border: 1px solid $accent; }
QSplitter::handle { background: transparent; }
QProgressBar { background: $sunken; border: none; border-radius: 2px; max-height: 4px; }
QProgressBar::chunk { background: $accent; border-radius: 2px; }
""")


def style_sheet(tokens: Tokens, mono: str) -> str:
    """The rules with every ``$name`` replaced by the token of that name; `mono` is the family for digits."""
    chevron = Path(str(files("rnnscope_gui.assets").joinpath("icons/chevron.svg"))).as_posix()
    return RULES.substitute({name: getattr(tokens, name) for name in tokens.__slots__}, chevron=chevron, mono=mono)
