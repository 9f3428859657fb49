"""Files are read by a child process: it may die, hang or run out of memory, and the next file opens all the same."""

from __future__ import annotations

import hashlib
import io
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest

from rnnscope import Cancelled, Model, Reference, UnreadableFile
from rnnscope_gui import reader as reader_module
from rnnscope_gui import reader_child
from rnnscope_gui.read_as import ReadAs
from rnnscope_gui.reader import Reader, receive, send
from rnnscope_gui.reader_child import open_file, serve
from tests.conftest import Example

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
EXAMPLE = Path(__file__).resolve().parents[2] / "assets" / "example" / "household.h5"


def never() -> bool:
    return False


@pytest.fixture
def reader() -> Iterator[Reader]:
    made = Reader()
    yield made
    made.close()


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.npy"
    np.save(path, np.arange(6.0).reshape(1, 2, 3))
    return path


def child(reader: Reader) -> subprocess.Popen[bytes]:
    process = reader._process
    assert process is not None
    return process


def hangs(reader: Reader, monkeypatch: pytest.MonkeyPatch, does: str = "import time; time.sleep(60)") -> None:
    """Replace the child by one that does something else."""
    start = subprocess.Popen
    monkeypatch.setattr(
        subprocess,
        "Popen",
        lambda command, **options: start([sys.executable, "-c", does], **options),
    )
    reader.warm_up()
    monkeypatch.undo()


def test_each_of_the_examples_files_is_recognised_and_hashed(reader: Reader, example: Example) -> None:
    for path, kind, what in zip(example, ("model", "input", "reference"), (Model, np.ndarray, Reference), strict=True):
        opened = reader.read(str(path), None, never)
        assert opened.kind == kind
        assert isinstance(opened.value, what)
        assert opened.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_one_child_reads_many_files(reader: Reader, small: Path) -> None:
    reader.warm_up()
    first = child(reader).pid
    for _ in range(3):
        reader.read(str(small), None, never)
    assert child(reader).pid == first


def test_a_bad_file_is_the_error_that_reading_raised_and_the_child_lives(reader: Reader, tmp_path: Path) -> None:
    empty = tmp_path / "empty.keras"
    empty.touch()
    for path in (empty, tmp_path / "missing.keras"):
        with pytest.raises(UnreadableFile, match=path.name):
            reader.read(str(path), "model", never)
    assert child(reader).poll() is None


def test_a_child_that_died_before_is_started_again(reader: Reader, small: Path) -> None:
    reader.warm_up()
    child(reader).kill()
    child(reader).wait()
    assert reader.read(str(small), None, never).kind == "input"


def test_a_child_that_dies_while_reading_costs_a_message_and_the_next_file_opens(
    reader: Reader, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs(reader, monkeypatch, "import os, sys; sys.stdin.buffer.read(8); os.abort()")
    with pytest.raises(UnreadableFile, match=r"small\.npy: reading this file crashed the reader"):
        reader.read(str(small), None, never)
    assert reader.read(str(small), None, never).kind == "input"


def test_a_child_that_answers_half_a_message_has_stopped(
    reader: Reader, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs(reader, monkeypatch, "import sys; sys.stdout.buffer.write(b'\\xff' + b'\\0' * 7 + b'half')")
    with pytest.raises(UnreadableFile, match="the process that reads files stopped"):
        reader.read(str(small), None, never)
    assert reader.read(str(small), None, never).kind == "input"


def test_a_child_killed_from_outside_costs_a_message(
    reader: Reader, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs(reader, monkeypatch)
    threading.Timer(0.1, child(reader).kill).start()
    with pytest.raises(UnreadableFile, match="crashed the reader"):
        reader.read(str(small), None, never)


def test_reading_that_takes_too_long_is_given_up(reader: Reader, small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hangs(reader, monkeypatch)
    stuck = child(reader)
    monkeypatch.setattr(reader_module, "TIMEOUT_SECONDS", 0.2)
    with pytest.raises(UnreadableFile, match=r"small\.npy: reading took longer than 0\.2 s"):
        reader.read(str(small), None, never)
    assert stuck.poll() is not None
    monkeypatch.setattr(reader_module, "TIMEOUT_SECONDS", 60.0)
    assert reader.read(str(small), None, never).kind == "input"


def test_stopping_ends_the_child_at_once(reader: Reader, small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hangs(reader, monkeypatch)
    stuck = child(reader)
    begin = time.monotonic()
    at_first = iter([False])
    with pytest.raises(Cancelled):
        reader.read(str(small), None, lambda: next(at_first, True))
    assert time.monotonic() - begin < 5
    assert stuck.poll() is not None
    assert reader.read(str(small), None, never).kind == "input"


def test_closing_ends_the_child_and_may_be_done_twice(small: Path) -> None:
    reader = Reader()
    reader.read(str(small), None, never)
    process = child(reader)
    reader.close()
    reader.close()
    assert process.poll() is not None


def test_a_file_that_needs_too_much_memory_is_a_message(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def too_big(path: str, kind: object, read_as: object) -> object:
        raise MemoryError

    monkeypatch.setattr(reader_child, "open_file", too_big)
    requests, answers = io.BytesIO(), io.BytesIO()
    send(requests, pickle.dumps((str(small), None, None)))
    requests.seek(0)
    serve(requests, answers)
    answers.seek(0)
    payload = receive(answers)
    assert payload is not None
    error = pickle.loads(payload)
    assert isinstance(error, UnreadableFile)
    assert str(error) == "small.npy: reading it needs more memory than is allowed"


@pytest.mark.skipif(sys.platform != "linux", reason="address space is bounded on Linux only")
def test_the_childs_memory_is_bounded() -> None:
    program = (
        "from rnnscope_gui import reader_child\n"
        "reader_child.MOST_MEMORY = 2 * 2**30\n"
        "reader_child.limit_memory()\n"
        "try:\n"
        "    bytearray(4 * 2**30)\n"
        "except MemoryError:\n"
        "    raise SystemExit(17)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 17


def test_a_surprise_while_reading_ends_the_child_with_a_message_only(
    reader: Reader, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs(reader, monkeypatch, "import sys; sys.stdin.buffer.read(8); sys.exit(1)")
    with pytest.raises(UnreadableFile):
        reader.read(str(small), None, never)


def test_messages_survive_the_pipe_whole_and_a_closed_end_is_none() -> None:
    pipe = io.BytesIO()
    for payload in (b"", b"x" * 100_000):
        send(pipe, payload)
    pipe.seek(0)
    assert receive(pipe) == b""
    assert receive(pipe) == b"x" * 100_000
    assert receive(pipe) is None
    assert receive(io.BytesIO(b"\x05\0\0\0\0\0\0\0abc")) is None


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("lstm_last.keras", "model"),
        ("lstm_last.h5", "model"),
        ("lstm_last.input.npz", "input"),
        ("lstm_last.keras.npz", "reference"),
    ],
)
def test_files_are_recognised_by_what_is_in_them_not_by_their_name(tmp_path: Path, name: str, kind: str) -> None:
    disguised = tmp_path / "data.bin"
    disguised.write_bytes((GOLDEN / name).read_bytes())
    assert open_file(str(disguised), None, ReadAs()).kind == kind


def test_the_backend_reaches_the_model() -> None:
    opened = open_file(str(GOLDEN / "lstm_last.keras"), "model", ReadAs(backend="jax"))
    assert isinstance(opened.value, Model)
    assert opened.value.semantics.backend == "jax"


def test_the_child_loads_no_qt_and_ends_with_its_parent() -> None:
    program = (
        "import sys, rnnscope_gui.reader_child\n"
        "assert not [name for name in sys.modules if name.startswith(('PySide6', 'pyqtgraph'))]\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "rnnscope_gui.reader_child"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    process.communicate(b"", timeout=30)
    assert process.returncode == 0


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_interrupting_the_terminal_prints_no_traceback_from_the_child() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "rnnscope_gui.reader_child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    send(process.stdin, pickle.dumps(("nothing.npy", None, None)))
    assert receive(process.stdout) is not None
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert b"Traceback" not in errors


def pair_in(folder: Path) -> tuple[str, str]:
    """The example as two files: its architecture in JSON, and an HDF5 file of its weights alone."""
    with h5py.File(EXAMPLE) as model, h5py.File(folder / "w.h5", "w") as weights:
        (folder / "m.json").write_text(model.attrs["model_config"])
        for name, value in model["model_weights"].attrs.items():
            weights.attrs[name] = value
        for name in model["model_weights"]:
            model.copy(f"model_weights/{name}", weights)
    return str(folder / "m.json"), str(folder / "w.h5")


def test_two_halves_of_a_model_are_told_apart_and_read_together(tmp_path: Path) -> None:
    architecture, weights = pair_in(tmp_path)
    for kind in (None, "model"):
        assert open_file(architecture, kind, ReadAs()).kind == "architecture"
        assert open_file(weights, kind, ReadAs()).kind == "weights"
    opened = open_file(architecture, "model", ReadAs(weights=weights))
    assert isinstance(opened.value, Model)
    assert opened.value.parameters == 13_249


def test_weights_alone_are_inferred_when_the_person_said_so(tmp_path: Path) -> None:
    _, weights = pair_in(tmp_path)
    assert open_file(weights, None, ReadAs()).value == "SimpleRNN(64), Dense(64), Dense(1)"
    inferred = open_file(weights, None, ReadAs(infer=True))
    assert isinstance(inferred.value, Model)


def test_what_is_cancelled_before_its_turn_starts_no_child(example: Example) -> None:
    reader = Reader()
    with pytest.raises(Cancelled):
        reader.read(str(example.model), "model", lambda: True)
    assert reader._process is None
