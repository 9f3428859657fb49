"""NaN and inf are shown, counted and named; and a picture that a bug has spoilt is no picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rnnscope_gui import snapshot
from rnnscope_gui.map_card import MapCard
from rnnscope_gui.panels.journey import JourneyPanel
from rnnscope_gui.resolve import picture
from rnnscope_gui.state import View
from rnnscope_gui.widgets import ElidedLabel
from rnnscope_gui.window import MainWindow
from tests.conftest import Example
from tests.gui.windows import opened, part, scene_of


@pytest.fixture
def odd_input(example: Example, tmp_path: Path) -> Path:
    """The example's input with a NaN in sample 3, from step 4 on."""
    values = np.load(example.input)
    values[3, 4, 5] = np.nan
    np.save(tmp_path / "odd.npy", values)
    return tmp_path / "odd.npy"


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")
def test_a_card_counts_what_is_not_a_number(empty_window: MainWindow, example: Example, odd_input: Path) -> None:
    document = opened(example.model, odd_input).document
    shown = picture(document, View("rnn", "state/h", 3))
    assert shown is not None
    odd = np.count_nonzero(~np.isfinite(shown.ours))
    assert odd > 0
    empty_window.state.set(scene_of(document, View("rnn", "state/h", 3)))
    note = part(part(empty_window, MapCard), ElidedLabel)
    assert note.text() == f"■ {odd} NaN or inf"
    empty_window.state.set(scene_of(document, View("rnn", "state/h", 2)))
    assert note.text() == "this engine"


def test_a_snapshot_with_a_bug_in_it_is_not_written(
    example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, private_settings: None
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(JourneyPanel, "show_scene", broken)
    target = tmp_path / "window.png"
    with pytest.raises(ZeroDivisionError):
        snapshot.main([str(example.model), str(example.input), "-o", str(target)])
    assert not target.exists()
