"""The menu File: what is opened, and what is taken away."""

from __future__ import annotations

from rnnscope_gui.commands.command import Command, always, has_anything, has_model, has_run
from rnnscope_gui.state import Scene


def is_unjudged(scene: Scene) -> bool:
    return scene.busy is None and scene.document.unjudged


def is_compared(scene: Scene) -> bool:
    return scene.document.comparison is not None or scene.document.mine_comparison is not None


FILE: tuple[Command, ...] = (
    Command(
        "open-model",
        "File",
        "Open model…",
        ("Ctrl+O",),
        lambda w: w.ask_open("model"),
        always,
        "A .keras or .h5 file of any Keras, or an architecture (.json) and then its weights",
    ),
    Command(
        "open-input",
        "File",
        "Open input…",
        ("Ctrl+I",),
        lambda w: w.ask_open("input"),
        always,
        "What the model is run on: .npy, .npz, .h5 or .csv",
    ),
    Command(
        "open-reference",
        "File",
        "Open Keras values…",
        ("Ctrl+K",),
        lambda w: w.ask_open("reference"),
        always,
        "What Keras computed for the same model and input: .npz or .h5",
    ),
    Command(
        "open-mine",
        "File",
        "Open your numbers…",
        ("Ctrl+M",),
        lambda w: w.ask_open("mine"),
        always,
        "What your own port of the model gives for the same input, outputs or states: .npy, .npz, .h5 or .csv",
    ),
    Command(
        "example-household",
        "File",
        "Example: people at home (SimpleRNN, Masking)",
        ("Ctrl+E",),
        lambda w: w.open_example("household"),
        always,
        "A trained SimpleRNN with Masking(−99)",
    ),
    Command(
        "example-sentences",
        "File",
        "Example: short sentences (LSTM, Embedding)",
        (),
        lambda w: w.open_example("sentences"),
        always,
        "A trained LSTM over an Embedding with mask_zero",
    ),
    Command(
        "example-port",
        "File",
        "Example: a port that went wrong, and why",
        ("Ctrl+Shift+E",),
        lambda w: w.open_example("port"),
        always,
        "The first example with the numbers of a port to NumPy that makes one mistake; Y names it",
    ),
    Command(
        "open-session",
        "File",
        "Open session…",
        ("Ctrl+Shift+O",),
        lambda w: w.open_session(),
        always,
        "The files, and what was shown of them, as Save session kept them",
    ),
    Command(
        "save-session",
        "File",
        "Save session…",
        ("Ctrl+Shift+S",),
        lambda w: w.save_session(),
        has_model,
        "Which files are open and what is shown of them, to come back to",
    ),
    Command(
        "export-data",
        "File",
        "Export data…",
        ("Ctrl+D",),
        lambda w: w.export_data(),
        has_run,
        "What a heatmap shows, or its difference, as .csv, .npy, .npz or .h5",
    ),
    Command(
        "copy-data",
        "File",
        "Copy data",
        ("Ctrl+Shift+D",),
        lambda w: w.copy_data(),
        has_run,
        "What the last heatmap shows as a table on the clipboard, to paste into a spreadsheet",
    ),
    Command(
        "save-picture",
        "File",
        "Save picture…",
        ("Ctrl+S",),
        lambda w: w.save_picture(),
        always,
        "The window as a PNG file",
    ),
    Command(
        "copy-picture",
        "File",
        "Copy picture",
        ("Ctrl+Shift+C",),
        lambda w: w.copy_picture(),
        always,
        "The window as a picture on the clipboard",
    ),
    Command(
        "copy-command",
        "File",
        "Copy command",
        ("Ctrl+Shift+K",),
        lambda w: w.copy_command(),
        has_run,
        "The shell command that repeats what is on screen",
    ),
    Command(
        "write-script",
        "File",
        "Write NumPy script…",
        (),
        lambda w: w.write_script(),
        has_model,
        "This model as predict.py, in NumPy alone and readable, with its weights beside it",
    ),
    Command(
        "save-report",
        "File",
        "Save report…",
        (),
        lambda w: w.save_report(),
        is_compared,
        "What was compared, the answer first, as one HTML file",
    ),
    Command(
        "compare-again",
        "File",
        "Compare again",
        ("Ctrl+R",),
        lambda w: w.compare_again(),
        is_unjudged,
        "After a comparison that was stopped",
    ),
    Command("close-files", "File", "Close files", ("Ctrl+W",), lambda w: w.close_files(), has_anything),
    Command("quit", "File", "Quit", ("Ctrl+Q",), lambda w: w.quit(), always),
)
SEPARATED = frozenset(
    {"open-mine", "example-household", "open-session", "export-data", "save-picture", "write-script", "close-files"}
)
