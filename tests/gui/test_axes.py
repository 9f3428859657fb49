"""What the window calls the axes of images, of sequences within sequences, and of attention scores."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import rnnscope
from rnnscope_gui.axes import axis_names
from rnnscope_gui.output_reading import output_reading
from rnnscope_gui.resolve import picture, settled
from rnnscope_gui.sample_picture import Picture
from rnnscope_gui.state import Document, View

GOLDEN = Path(__file__).parents[1] / "golden"


def opened(name: str) -> Document:
    model = rnnscope.load_model(GOLDEN / f"{name}.keras")
    inputs = rnnscope.load_input(GOLDEN / f"{name}.input.npz")
    return Document(model=model, inputs=inputs, trace=rnnscope.run(model, inputs))


def shown(document: Document, layer: str, quantity: str) -> Picture:
    made = picture(document, settled(document, View(layer=layer, quantity=quantity)))
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("name", "layer", "quantity", "axes"),
    [
        ("conv_lstm", "first", "state/h", ("step", "row", "column", "channel")),
        ("conv_lstm", "second", "output/0", ("row", "column", "channel")),
        ("conv_lstm", "x", "output/0", ("step", "row", "column", "channel")),
        ("conv_lstm_both_directions", "both", "gate/backward/i", ("step", "row", "column", "channel")),
        ("time_distributed_lstm", "every_step", "state/h", ("step", "inner step", "unit")),
        ("time_distributed_conv_lstm", "x", "output/0", ("step", "inner step", "row", "channel")),
        ("time_distributed_conv_lstm", "every_step", "state/c", ("step", "inner step", "row", "channel")),
        ("frames_read_by_an_lstm", "pooled", "output/0", ("step", "row", "column", "channel")),
        ("images", "dilated", "output/0", ("row", "column", "channel")),
        ("images", "x", "output/0", ("row", "column", "channel")),
        ("jax_channels_first", "convolved", "output/0", ("channel", "row", "column")),
        ("volumes", "largest", "output/0", ("slice", "row", "column", "channel")),
        ("attention_scores", "dot", "output/1", ("step", "key step")),
        ("attention_scores", "dot", "output/0", ()),
        ("stacked_lstm_and_gru", "lstm", "state/h", ()),
        ("images", "flattened", "output/0", ()),
    ],
)
def test_axes_are_called_what_they_are(name: str, layer: str, quantity: str, axes: tuple[str, ...]) -> None:
    assert shown(opened(name), layer, quantity).axes == axes


def test_a_layer_that_is_not_there_has_no_names() -> None:
    document = opened("images")
    assert axis_names(document.model, "nobody", "output/0", 4) == ()
    assert axis_names(None, "x", "output/0", 4) == ()


def test_a_row_of_the_heatmap_is_said_with_all_its_axes() -> None:
    made = shown(opened("conv_lstm"), "first", "state/h")
    assert made.size_words() == "5 rows × 4 columns × 3 channels × 4 steps"
    assert made.row_words(7) == "row 0, column 2, channel 1"


def test_an_image_runs_along_its_rows_and_not_through_time() -> None:
    made = shown(opened("images"), "grouped", "output/0")
    assert made.along == "row"
    assert made.size_words() == "4 columns × 4 channels × 3 rows"
    assert made.mask is None


def test_units_and_steps_keep_their_names() -> None:
    made = shown(opened("stacked_lstm_and_gru"), "lstm", "state/h")
    assert (made.along, made.row_words(3), made.size_words()) == ("step", "unit 3", "4 units × 6 steps")


def test_the_output_says_where_it_is_by_the_names_of_its_axes() -> None:
    document = opened("images")
    view = settled(document, View())
    reading = output_reading(document, replace(view, step=1))
    assert reading is not None
    assert reading.place_words(6) == "column 1, channel 2, at row 1"
