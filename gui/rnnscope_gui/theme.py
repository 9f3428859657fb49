"""How the window looks: one table of design tokens for light and dark, and what is made of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette

from rnnscope import Verdict
from rnnscope_gui.style_sheet import style_sheet

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from rnnscope_gui.state import Theme

SANS, MONO = "Inter", "JetBrains Mono"
POINTS = 10
MARKS = {Verdict.SAME: "✓", Verdict.ROUNDING: "≈", Verdict.DIFFERENT: "≠", Verdict.NOT_COMPARED: "–"}


@dataclass(frozen=True, slots=True)
class Tokens:
    """The colours of one theme, as ``#rrggbb``.

    background lies under the cards, panel under the sides and bars; sunken is for tracks, fields and empty cells.
    ours, theirs, mine: the NumPy line, the Keras dots, the dashes of a person's own port. odd: NaN and inf, in no
    colour map.
    """

    dark: bool
    background: str
    panel: str
    card: str
    sunken: str
    border: str
    selection: str
    text: str
    muted: str
    accent: str
    on_accent: str
    good: str
    bad: str
    ours: str
    theirs: str
    mine: str
    hatch: str
    cursor: str
    odd: str

    def verdict(self, verdict: Verdict) -> str:
        """The colour of a verdict: rounding is good news."""
        if verdict is Verdict.DIFFERENT:
            return self.bad
        return self.muted if verdict is Verdict.NOT_COMPARED else self.good


LIGHT = Tokens(
    dark=False,
    background="#f4f5f7",
    panel="#ffffff",
    card="#ffffff",
    sunken="#eceef1",
    border="#dfe2e7",
    selection="#e6ebf3",
    text="#16191f",
    muted="#5d6675",
    accent="#2563eb",
    on_accent="#ffffff",
    good="#0f7b3f",
    bad="#c22234",
    ours="#2563eb",
    theirs="#16191f",
    mine="#b4530a",
    hatch="#8a93a3",
    cursor="#10131a",
    odd="#d6259f",
)
DARK = Tokens(
    dark=True,
    background="#14171c",
    panel="#1b1f26",
    card="#1d2129",
    sunken="#2a2f39",
    border="#323844",
    selection="#2a3240",
    text="#eceff4",
    muted="#9ba5b4",
    accent="#6b9dff",
    on_accent="#0d1117",
    good="#4cc585",
    bad="#ff6b78",
    ours="#6b9dff",
    theirs="#eceff4",
    mine="#ffb061",
    hatch="#79849a",
    cursor="#ffffff",
    odd="#ff5fcb",
)


def tokens(dark: bool) -> Tokens:
    return DARK if dark else LIGHT


def current() -> Tokens:
    """The tokens in force: those of the last `apply`."""
    return _Current.tokens


def apply_theme(app: QApplication, theme: Theme) -> None:
    """Dress the application in a theme by name; ``system`` follows the desktop."""
    system_is_dark = app.styleHints().colorScheme() == Qt.ColorScheme.Dark
    apply(app, theme == "dark" or (theme == "system" and system_is_dark))


def apply(app: QApplication, dark: bool) -> None:
    """Dress the whole application: Fusion, palette, font, style sheet. Widgets that paint hear of it by changeEvent."""
    _Current.tokens = chosen = tokens(dark)
    load_fonts()
    if app.style().objectName().lower() != "fusion":
        app.setStyle("Fusion")
    app.setFont(font())
    app.setPalette(_palette(chosen))
    app.setStyleSheet(style_sheet(chosen, MONO))


@cache
def load_fonts() -> None:
    """Make the fonts in the package known to Qt; without them the system's own serve."""
    folder = files("rnnscope_gui.assets").joinpath("fonts")
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name) if folder.is_dir() else ():
        if entry.name.endswith((".otf", ".ttf")):
            QFontDatabase.addApplicationFontFromData(entry.read_bytes())


def font(points: float = POINTS, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """The font of words."""
    made = QFont([SANS, QFont().defaultFamily()])
    made.setPointSizeF(points)
    made.setWeight(weight)
    return made


def mono_font(points: float = POINTS, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """The font of digits, all of one width."""
    made = QFont([MONO, "monospace"])
    made.setStyleHint(QFont.StyleHint.Monospace)
    made.setPointSizeF(points)
    made.setWeight(weight)
    return made


def faded(colour: str, opacity: float) -> QColor:
    """A token with an opacity."""
    made = QColor(colour)
    made.setAlphaF(opacity)
    return made


def _palette(chosen: Tokens) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    table = {
        role.Window: chosen.panel,
        role.Base: chosen.card,
        role.AlternateBase: chosen.sunken,
        role.Button: chosen.card,
        role.WindowText: chosen.text,
        role.Text: chosen.text,
        role.ButtonText: chosen.text,
        role.PlaceholderText: chosen.muted,
        role.Highlight: chosen.accent,
        role.HighlightedText: chosen.on_accent,
        role.ToolTipBase: chosen.card,
        role.ToolTipText: chosen.text,
        role.Link: chosen.accent,
        role.Mid: chosen.border,
        role.Dark: chosen.border,
        role.Light: chosen.sunken,
    }
    for which, colour in table.items():
        palette.setColor(which, QColor(colour))
    for which in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, faded(chosen.muted, 0.6))
    return palette


class _Current:
    tokens = LIGHT
