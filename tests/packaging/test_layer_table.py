"""The page of layers says what the registry and the golden files say."""

from __future__ import annotations

from scripts import layer_table


def test_the_page_is_what_would_be_written_now() -> None:
    page = layer_table.PAGE.read_text(encoding="utf-8")
    assert page == layer_table.written(), "run: make layers"


def test_every_layer_and_cell_has_its_line() -> None:
    page = layer_table.PAGE.read_text(encoding="utf-8")
    assert all(f"\n| {name} | " in page for name in layer_table.built_in())
