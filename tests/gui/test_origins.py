"""Where a difference begins, told and shown; and the warning where rounding alone moves much."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from rnnscope_gui.choice_line import ChoiceLine
from rnnscope_gui.judging import judged
from rnnscope_gui.panels.origins import OriginsPanel, line_words
from rnnscope_gui.resolve import picture, settled
from rnnscope_gui.rule_line import rule_words
from rnnscope_gui.state import Document, View
from rnnscope_gui.window import MainWindow
from tests.gui.windows import Quiet, part, scene_of

STATE = "layer/rnn/state/h"


@pytest.fixture(scope="module")
def differing(household: Document) -> Document:
    """The example with one unit of one sample moved in Keras's values, from step 7 on."""
    assert household.reference is not None
    moved = household.reference.arrays[STATE].copy()
    moved[9, 7:, 33] += 0.25
    reference = replace(household.reference, arrays={**household.reference.arrays, STATE: moved})
    changed = replace(household.without_verdicts(), reference=reference)
    return judged(changed, frozenset(), Quiet()).document


def test_the_layer_that_makes_the_difference_is_named_with_what_it_adds(differing: Document) -> None:
    origin = differing.origins[0]
    assert (origin.layer, origin.sample, origin.step, origin.unit) == ("rnn", 9, 7, 33)
    assert line_words(origin) == ("rnn · made here", "adds 0.25, nothing came in")
    assert line_words(replace(origin, inherited=0.5))[1] == "adds 0.25, 0.5 came in"
    assert line_words(replace(origin, inherited=0.5, added=0.0)) == ("rnn · inherited", "0.5 came in, nothing added")
    among = replace(origin, among=("masking", "rnn"))
    assert line_words(among) == ("rnn · here or before", "off by 0.25, in one of masking, rnn")


def test_a_click_goes_to_where_it_begins(window: MainWindow, differing: Document) -> None:
    assert not part(window, OriginsPanel).isVisible()
    window.state.set(scene_of(differing, View(layer="dense1")))
    QApplication.processEvents()
    panel = part(window, OriginsPanel)
    assert panel.isVisible()
    QTest.mouseClick(part(panel, ChoiceLine), Qt.MouseButton.LeftButton)
    view = window.state.view
    assert (view.layer, view.quantity, view.sample, view.step, view.unit) == ("rnn", "state/h", 9, 7, 33)


def test_where_rounding_alone_moves_much_the_rule_says_so(household: Document) -> None:
    made = picture(household, settled(household, View(layer="rnn")))
    assert made is not None
    assert "sensitive" not in rule_words(made, household)
    assert rule_words(replace(made, caution="sensitive: very"), household).endswith(" · sensitive: very")
