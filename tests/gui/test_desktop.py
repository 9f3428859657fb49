"""``rnnscope desktop``: a menu entry, file types and an icon, and nothing left of them afterwards."""

from __future__ import annotations

import configparser
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from rnnscope_gui.__main__ import main
from rnnscope_gui.desktop import data_home, install, quoted


def entry(share: Path) -> configparser.SectionProxy:
    parser = configparser.RawConfigParser()
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(share / "applications" / "rnnscope.desktop", encoding="utf-8")
    return parser["Desktop Entry"]


def test_the_menu_entry_starts_this_program_with_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["desktop", "--share", str(tmp_path)]) == 0
    found = entry(tmp_path)
    assert found["Exec"].endswith('rnnscope" %F')
    assert found["Exec"].startswith('"/')
    assert "application/x-keras" in found["MimeType"]
    written = capsys.readouterr().out.split()
    assert all(Path(path).is_file() for path in written)


def test_the_file_types_are_well_formed(tmp_path: Path) -> None:
    install(tmp_path, "/usr/bin/rnnscope")
    root = ET.parse(tmp_path / "mime" / "packages" / "rnnscope.xml").getroot()
    assert [glob.get("pattern") for glob in root.iter() if glob.tag.endswith("glob")] == ["*.keras", "*.rnnscope"]


def test_what_was_put_there_is_taken_away(tmp_path: Path) -> None:
    main(["desktop", "--share", str(tmp_path)])
    assert main(["desktop", "--share", str(tmp_path), "--remove"]) == 0
    assert [path for path in tmp_path.rglob("rnnscope*") if path.is_file()] == []


@pytest.mark.parametrize(
    ("path", "exec_"),
    [
        ("/a b/rnnscope", '"/a b/rnnscope"'),
        ('/a"b/rnnscope', '"/a\\\\"b/rnnscope"'),
        ("/100%/rnnscope", '"/100%%/rnnscope"'),
    ],
)
def test_odd_paths_are_quoted(path: str, exec_: str) -> None:
    assert quoted(path) == exec_


def test_the_folder_is_the_user_s_own() -> None:
    assert data_home({"XDG_DATA_HOME": "/elsewhere"}) == Path("/elsewhere")
    assert data_home({"XDG_DATA_HOME": "relative"}) == Path.home() / ".local" / "share"


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert main(["desktop", "--share", str(tmp_path / "file")]) == 2
    assert capsys.readouterr().err.count("\n") == 1
