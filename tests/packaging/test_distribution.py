"""What is shipped is complete, agrees with itself and gives nothing away about the machines it was made on."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path, PurePosixPath

import pytest
from packaging.requirements import Requirement

from tests.conftest import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
SETUPTOOLS = PROJECT["tool"]["setuptools"]
VERSION = PROJECT["project"]["version"]


def run_python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_package_tells_the_distributions_version() -> None:
    assert run_python("import rnnscope; print(rnnscope.__version__)") == VERSION


def test_the_changelog_opens_with_this_version_or_with_what_is_unreleased() -> None:
    headings = re.findall(r"^## \[?([^\]\s]+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert headings
    assert VERSION in headings[:2]


@pytest.mark.parametrize("package", ["core/rnnscope", "gui/rnnscope_gui"])
def test_every_folder_with_code_is_a_listed_package(package: str) -> None:
    top = ROOT / package
    folders = {file.parent for file in top.rglob("*.py")}
    names = {".".join(folder.relative_to(top.parent).parts) for folder in folders}
    listed = {name for name in SETUPTOOLS["packages"] if name.split(".")[0] == top.name}
    assert names == listed - {"rnnscope_gui.assets"}
    assert [folder for folder in folders if not (folder / "__init__.py").is_file()] == []


@pytest.mark.parametrize("package", ["core/rnnscope", "gui/rnnscope_gui"])
def test_types_are_shipped(package: str) -> None:
    assert (ROOT / package / "py.typed").is_file()
    assert "py.typed" in SETUPTOOLS["package-data"][PurePosixPath(package).name]


def test_every_asset_is_shipped() -> None:
    top = ROOT / "assets"
    patterns = [*SETUPTOOLS["package-data"]["rnnscope_gui.assets"], "*.py"]
    files = [path.relative_to(top) for path in top.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    forgotten = [str(file) for file in files if not any(shipped(file, pattern) for pattern in patterns)]
    assert forgotten == []


def shipped(file: Path, pattern: str) -> bool:
    return file.match(pattern) and len(file.parts) == len(PurePosixPath(pattern).parts)


@pytest.mark.parametrize("statement", ["import rnnscope", "import rnnscope.cli", "import rnnscope_gui.__main__"])
def test_the_engine_and_its_commands_come_without_qt(statement: str) -> None:
    found = run_python(f"{statement}; import sys; print([m for m in sys.modules if 'PySide' in m or 'pyqtgraph' in m])")
    assert found == "[]"


def test_the_engine_works_where_qt_is_not_installed() -> None:
    missing = "import sys; sys.modules |= dict.fromkeys(['PySide6', 'shiboken6', 'pyqtgraph', 'rnnscope_gui'])"
    assert run_python(f"{missing}; import rnnscope; print(rnnscope.load_model.__name__)") == "load_model"


@pytest.mark.parametrize(
    ("python", "version", "allowed"),
    [
        ("3.11", "6.9.0", True),
        ("3.11", "6.9.1", False),
        ("3.11", "6.9.2", False),
        ("3.11", "6.11.3", True),
        ("3.11", "6.12.0", False),
        ("3.12", "6.9.1", False),
        ("3.12", "6.9.2", False),
        ("3.12", "6.12.0", True),
        ("3.13", "6.12.0", True),
    ],
)
def test_releases_of_qt_that_fail_are_excluded(python: str, version: str, allowed: bool) -> None:
    assert admits("PySide6-Essentials", python, version) is allowed


def test_releases_of_pyqtgraph_that_are_too_old_are_excluded() -> None:
    assert not admits("pyqtgraph", "3.11", "0.13.7")
    assert admits("pyqtgraph", "3.11", "0.14.0")


def admits(name: str, python: str, version: str) -> bool:
    requirements = [Requirement(line) for line in PROJECT["project"]["dependencies"]]
    ours = [requirement for requirement in requirements if requirement.name == name]
    environment = {"python_version": python}
    applying = [one for one in ours if one.marker is None or one.marker.evaluate(environment)]
    assert applying, f"{name} is not required on Python {python}"
    return all(version in one.specifier for one in applying)


# Written in pieces, so that this file is not the first to break its own rule.
FORBIDDEN = re.compile(
    "|".join(
        [
            "/" + "(?:root|work|opt)" + r"/[\w.]",
            "/" + "(?:home|Users)" + r"/[a-z]\w*/",
            r"\b" + "py" + r"pi\.(?:org|python)",
            "python" + "hosted",
            "registry" + r"\.npm",
        ]
    ).encode()
)


def test_no_tracked_file_names_a_registry_or_a_machines_path() -> None:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listing.returncode != 0:
        pytest.skip("not a git checkout")
    files = [ROOT / name for name in listing.stdout.decode().split("\0") if name]
    told = {
        str(file.relative_to(ROOT)): sorted(set(FORBIDDEN.findall(file.read_bytes())))
        for file in files
        if file.is_file()
    }
    assert {file: found for file, found in told.items() if found} == {}
