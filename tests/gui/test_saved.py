"""A session comes back as it was; what is damaged or gone is told, and the rest comes back."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from rnnscope import RnnscopeError
from rnnscope_gui.read_as import ReadAs
from rnnscope_gui.saved import FORMAT, VERSION, Saved, as_json, from_json, load, save
from rnnscope_gui.state import Document, View

VIEW = View(
    layer="rnn",
    quantity="state/h",
    sample=3,
    step=7,
    unit=12,
    steps=(1.5, 8.0),
    scale="robust",
    theme="dark",
    mask=(True, False),
)
VIEW = replace(VIEW, page="samples", sorting="difference", descending=True, differing=True, filtering="12")


@pytest.fixture
def document(tmp_path: Path) -> Document:
    for name in ("m.keras", "x.npy", "k.npz"):
        (tmp_path / "here" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "here" / name).touch()
    here = tmp_path / "here"
    return Document(
        model_path=str(here / "m.keras"), input_path=str(here / "x.npy"), reference_path=str(here / "k.npz")
    )


def test_everything_comes_back(document: Document, tmp_path: Path) -> None:
    how = ReadAs("2.15.0", "tensorflow", bypass_lambda=True, infer=True)
    saved = from_json(as_json(replace(document, read_as=how), VIEW, tmp_path), tmp_path)
    assert (saved.view, saved.read_as, saved.notes, saved.missing) == (VIEW, how, (), {})
    assert [Path(path).name for path in saved.files.values()] == ["m.keras", "x.npy", "k.npz"]


def test_every_field_of_the_view_is_kept(document: Document, tmp_path: Path) -> None:
    stored = json.loads(as_json(document, VIEW, tmp_path))["view"]
    assert set(stored) == {one.name for one in fields(View)}


def test_a_folder_that_moved_with_its_session_is_found(document: Document, tmp_path: Path) -> None:
    text = as_json(document, VIEW, tmp_path)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "here").rename(tmp_path / "elsewhere" / "here")
    saved = from_json(text, tmp_path / "elsewhere")
    assert saved.missing == {}
    assert Path(saved.files["model"]).exists()


def test_a_file_that_is_gone_is_missing_and_the_rest_is_there(document: Document, tmp_path: Path) -> None:
    text = as_json(document, VIEW, tmp_path)
    (tmp_path / "here" / "x.npy").unlink()
    saved = from_json(text, tmp_path)
    assert set(saved.files) == {"model", "reference"}
    assert saved.missing == {"input": document.input_path}


def test_code_is_never_part_of_a_session(document: Document, tmp_path: Path) -> None:
    text = as_json(replace(document, read_as=ReadAs(code=("evil.py",))), VIEW, tmp_path)
    assert "evil.py" not in text
    saved = from_json(text.replace('"used_code": true', '"used_code": true, "code": ["evil.py"]'), tmp_path)
    assert saved.read_as.code == ()
    assert "--run-code" in saved.notes[0]


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"{}", b'{"format": "other"}', b"\0", b"\xff", b" " * (2**20 + 1)])
def test_what_is_no_session_is_one_clear_error(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.rnnscope").write_bytes(data)
    with pytest.raises(RnnscopeError, match=r"^x\.rnnscope: [^\n]+$"):
        load(str(tmp_path / "x.rnnscope"))


def test_a_saved_file_is_loaded_again(document: Document, tmp_path: Path) -> None:
    save(document, VIEW, str(tmp_path / "work.rnnscope"))
    assert load(str(tmp_path / "work.rnnscope")).view == VIEW


def test_a_file_that_is_not_there_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(RnnscopeError, match=r"gone\.rnnscope: cannot be read: No such file"):
        load(str(tmp_path / "gone.rnnscope"))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("step", -1),
        ("step", True),
        ("step", 1.5),
        ("step", 10**30),
        ("layer", 3),
        ("steps", [1]),
        ("steps", ["a", "b"]),
        ("steps", [0, 1e300]),
        ("scale", "evil"),
        ("sorting", "evil"),
        ("descending", 1),
        ("filtering", 3),
        ("theme", None),
        ("mask", [1, 0]),
        ("mask", "10"),
        ("unknown", 1),
    ],
)
def test_what_is_odd_in_a_view_is_left_out_and_named(name: str, value: Any, tmp_path: Path) -> None:
    text = json.dumps({"format": FORMAT, "version": VERSION, "view": {"sample": 4, name: value}})
    saved = from_json(text, tmp_path)
    assert saved.view == View(sample=4)
    assert name in saved.notes[0]


@pytest.mark.parametrize("part", ["files", "read_as", "view"])
@pytest.mark.parametrize("value", [None, 1, "x", [], {"model": 3}, {"model": {"path": "\0"}}, {"model": {"path": 1}}])
def test_damaged_parts_do_no_harm(part: str, value: Any, tmp_path: Path) -> None:
    saved = from_json(json.dumps({"format": FORMAT, "version": VERSION, part: value}), tmp_path)
    assert isinstance(saved, Saved)
    assert saved.files == {}


def test_another_version_is_told(tmp_path: Path) -> None:
    saved = from_json(json.dumps({"format": FORMAT, "version": 99}), tmp_path)
    assert "another version" in saved.notes[0]
