"""The command ``rnnscope``: what loads Qt and what does not, and how it ends."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

import pytest

import rnnscope
from rnnscope_gui import __main__ as program
from rnnscope_gui import app as app_module
from rnnscope_gui import snapshot
from rnnscope_gui.read_as import ReadAs
from tests.conftest import Example

WITHOUT_QT = """
import sys
from rnnscope_gui.__main__ import main
code = 0
try:
    code = main(sys.argv[1:])
except SystemExit as ended:
    code = ended.code or 0
loaded = [name for name in sys.modules if name.split(".")[0] in ("PySide6", "shiboken6", "pyqtgraph")]
sys.exit(f"Qt was loaded: {loaded[:3]}" if loaded else code)
"""


def run_without_qt(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", WITHOUT_QT, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_what_needs_no_window_loads_no_qt(example: Example) -> None:
    for words, expected in (
        (["--help"], "rnnscope"),
        (["--version"], rnnscope.__version__),
        (["summary", "--help"], "MODEL"),
        (["summary", example.model], "13,249"),
        (["compare", *example], "rounding"),
    ):
        done = run_without_qt(*words)
        assert done.returncode == 0, done.stderr
        assert expected in done.stdout


def test_a_headless_command_on_a_bad_file_ends_with_2_and_one_line() -> None:
    done = run_without_qt("summary", "nothing.keras")
    assert done.returncode == 2
    assert done.stderr == "rnnscope: nothing.keras: there is no such file\n"


def test_importing_the_engine_loads_no_qt() -> None:
    check = "import sys, rnnscope; sys.exit(any(name.startswith(('PySide6', 'rnnscope_gui')) for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


def test_an_unknown_option_ends_with_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        program.main(["--no-such-option"])
    assert ended.value.code == 2
    assert "--no-such-option" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["m.json", "--weights", "w.h5"],
        ["m.keras"],
        ["m.keras", "x.npy", "k.npz"],
        ["m.keras", "x.npy", "k.npz", "--mine", "port.csv"],
        ["m.keras", "--backend", "jax", "--keras-version", "2.15.0"],
    ],
)
def test_files_and_reading_reach_the_window(monkeypatch: pytest.MonkeyPatch, words: list[str]) -> None:
    seen: list[tuple[Sequence[str], ReadAs, str | None, str | None]] = []

    def open_window(paths: Sequence[str], *, read_as: ReadAs, weights: str | None, mine: str | None) -> int:
        seen.append((paths, read_as, weights, mine))
        return 5

    monkeypatch.setattr(app_module, "open_window", open_window)
    assert program.main(words) == 5
    read_as = ReadAs("2.15.0", "jax") if "jax" in words else ReadAs()
    weights, mine = ("w.h5" if "w.h5" in words else None), ("port.csv" if "port.csv" in words else None)
    paths = [word for word in words if word.endswith(("keras", "npy", "npz", "json"))]
    assert seen == [(paths, read_as, weights, mine)]


def test_the_first_word_chooses_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []

    def take(words: list[str]) -> int:
        seen.append(words)
        return 7

    monkeypatch.setattr(snapshot, "main", take)
    assert program.main(["snapshot", "m", "-o", "x.png"]) == 7
    assert seen == [["m", "-o", "x.png"]]


def test_the_words_of_the_shell_are_taken_when_none_are_given(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["rnnscope", "--version"])
    with pytest.raises(SystemExit) as ended:
        program.main()
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"rnnscope {rnnscope.__version__}\n"
