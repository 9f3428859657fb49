"""Commands on a terminal and in a pipe."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import rnnscope
from rnnscope.cli.screen import progress
from rnnscope.compare import Location, Row, Verdict
from rnnscope.errors import elided
from rnnscope.report.screen import fitted
from rnnscope.report.table import HEADINGS, lines_of
from rnnscope.report.text import table_lines

EXAMPLE = Path(__file__).parents[2] / "assets" / "example"
FILES = [str(EXAMPLE / f"household{end}") for end in (".keras", ".npy", ".keras.npz")]
BOX, ESCAPE = re.compile("[─-╿]"), "\x1b"


def on_terminal(arguments: list[str], columns: int = 100, **environment: str) -> tuple[str, int]:
    """What a command writes to a terminal of that width, and its exit code."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    kept = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS", "FORCE_COLOR")}
    process = subprocess.Popen(
        [sys.executable, "-m", "rnnscope", *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=kept | {"TERM": "xterm-256color"} | environment,
    )
    os.close(theirs)
    written = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        written += piece
    os.close(ours)
    return written.decode("utf-8").replace("\r\n", "\n"), process.wait()


def piped(arguments: list[str], **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "rnnscope", *arguments],
        capture_output=True,
        check=False,
        env={**os.environ, **environment},
    )
    return done.stdout.decode("utf-8")


@pytest.fixture(scope="module")
def changed(tmp_path_factory: pytest.TempPathFactory) -> str:
    with np.load(FILES[2]) as stored:
        arrays = dict(stored)
    arrays["layer/rnn/state/h"][25, 4:, 12] += 0.05
    path = tmp_path_factory.mktemp("reference") / "changed.npz"
    np.savez(path, **arrays)
    return str(path)


@pytest.mark.parametrize("columns", [60, 80, 140])
def test_a_terminal_gets_colours_and_no_line_wider_than_it_is(changed: str, columns: int) -> None:
    written, code = on_terminal(["compare", *FILES[:2], changed], columns)
    assert code == 1
    assert ESCAPE in written
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written)
    assert max(map(len, plain.splitlines())) <= columns
    assert all(figure in plain for figure in ("3.58e-07", "≠ different", "≈ rounding"))
    assert not re.search(r"\d\.\d*(e-?\d*)?…", plain)
    for mark in "✓≈≠–":
        assert mark in plain


def test_no_color_leaves_the_colours_out_and_a_dumb_terminal_gets_plain_text(changed: str) -> None:
    written, _ = on_terminal(["compare", *FILES[:2], changed], NO_COLOR="1")
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", written)
    assert BOX.search(written)
    written, _ = on_terminal(["compare", *FILES[:2], changed], TERM="dumb")
    assert ESCAPE not in written
    assert not BOX.search(written)


def test_a_pipe_gets_whole_lines_of_plain_text(changed: str) -> None:
    for arguments in (["summary", FILES[0]], ["compare", *FILES[:2], changed]):
        written = piped(arguments, COLUMNS="40")
        assert ESCAPE not in written
        assert not BOX.search(written)
        assert "…" not in written
    assert [line.split()[2:4] for line in written.splitlines() if line.startswith("≠ different ")] == [
        ["rnn", "state/h"]
    ]


def test_a_narrow_terminal_gets_a_summary_that_fits() -> None:
    written, _ = on_terminal(["summary", FILES[0]], 70)
    assert max(map(len, written.splitlines())) <= 70
    assert "┃ Layer (type)" in written


def test_names_lose_their_middle_and_numbers_nothing() -> None:
    assert elided("abcdefghij", 10) == "abcdefghij"
    assert elided("abcdefghijk", 7) == "abc…ijk"
    assert len(elided("a" * 100, 12)) == 12
    cells = ("≠ different", "a_very_long_name_of_a_layer_1", "backward/state/h", "1.23e-07", "4.5e-01", "6.7e-08", "")
    kept, (shown,) = fitted([cells], 76)
    assert kept == list(HEADINGS)
    assert shown[0] == cells[0]
    assert shown[3:] == list(cells[3:])
    assert "…" in shown[1]
    kept, (shown,) = fitted([cells], 60)
    assert kept == ["verdict", "layer", "quantity", "max |difference|", "allowed"]
    assert shown[3:] == ["1.23e-07", "6.7e-08"]


def test_hostile_names_reach_no_terminal() -> None:
    where = Location("\x1b]0;pwned\x07[red]", "state/h", 0, 0, 0)
    row = Row("k", where.layer, where.quantity, Verdict.DIFFERENT, 1.0, 1.0, np.zeros(1), where, where)
    result = replace_rows((row,))
    text = "\n".join(table_lines(lines_of(result)))
    assert ESCAPE not in text
    assert "\x07" not in text
    assert "[red]" in text


def replace_rows(rows: tuple[Row, ...]) -> rnnscope.Comparison:
    model = rnnscope.load_model(FILES[0])
    trace = rnnscope.run(model, rnnscope.load_input(FILES[1]))
    return replace(rnnscope.compare(trace, rnnscope.load_reference(FILES[2]), atol=1.0), rows=rows)


def test_the_columns_of_plain_text_stand_under_their_headings() -> None:
    result = replace_rows((Row("k", "rnn", "state/h", Verdict.ROUNDING, 1e-7, 2e-7, np.asarray(1e-6)),))
    head, line = table_lines(lines_of(result))
    for heading in HEADINGS[:3]:
        assert line[head.index(heading)] != " "
    assert line.index("1e-06") + 5 == head.index("allowed") + 7


def test_no_bar_is_shown_where_nobody_sees_it() -> None:
    with progress("Working") as tick:
        assert tick is None


def test_ctrl_c_ends_in_one_line(tmp_path: Path) -> None:
    code = (
        "import sys, rnnscope.cli as cli, rnnscope.cli.summary as summary, signal, _thread\n"
        # What is started in the background is deaf to it from birth, and the tests may be.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "summary.load = lambda *_, **__: _thread.interrupt_main() or __import__('time').sleep(5)\n"
        "sys.exit(cli.main(['summary', sys.argv[1]]))"
    )
    done = subprocess.run([sys.executable, "-c", code, FILES[0]], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (128 + signal.SIGINT, "", "rnnscope: interrupted\n")


def test_a_reader_that_has_enough_hears_no_traceback() -> None:
    command = [sys.executable, "-m", "rnnscope", "run", *FILES[:2], "--layer", "rnn", "--quantity", "state/h"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    assert process.wait() == 2
    process.stderr.close()


def test_nothing_for_terminals_or_pages_is_imported_in_a_pipe() -> None:
    code = (
        "import sys; from rnnscope.cli import main; main(['compare', *sys.argv[1:]]);"
        "assert not {'rich', 'jinja2', 'rnnscope.report.html', 'json.tool'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, *FILES], check=True, capture_output=True)
