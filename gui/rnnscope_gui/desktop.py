"""``rnnscope desktop``: puts rnnscope into a Linux desktop's menu and makes it open .keras files; no Qt.

What is written follows the Desktop Entry, Shared MIME-info and Icon Theme specifications of freedesktop.org.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rnnscope.errors import BadInput, RnnscopeError
from rnnscope.writing import write_whole
from rnnscope_gui.examples import asset

WRONG = 2
KERAS, SESSION = "application/x-keras", "application/x-rnnscope-session"
RESERVED = '"`$\\'

ENTRY = """[Desktop Entry]
Type=Application
Version=1.5
Name=rnnscope
GenericName=Recurrent network viewer
GenericName[zh_CN]=循环网络查看器
Comment=See every step a Keras recurrent network takes, held against what Keras said
Comment[zh_CN]=查看 Keras 循环网络的每一步，并与 Keras 的结果对照
Exec={command} %F
TryExec={program}
Icon=rnnscope
Terminal=false
Categories=Science;Education;DataVisualization;
Keywords=keras;rnn;lstm;gru;numpy;mask;
MimeType={types};
StartupWMClass=rnnscope
"""

TYPES = f"""<?xml version="1.0" encoding="UTF-8"?>
<mime-info xmlns="http://www.freedesktop.org/standards/shared-mime-info">
  <mime-type type="{KERAS}">
    <comment>Keras model</comment>
    <comment xml:lang="zh_CN">Keras 模型</comment>
    <sub-class-of type="application/zip"/>
    <glob pattern="*.keras"/>
  </mime-type>
  <mime-type type="{SESSION}">
    <comment>rnnscope session</comment>
    <comment xml:lang="zh_CN">rnnscope 会话</comment>
    <sub-class-of type="application/json"/>
    <glob pattern="*.rnnscope"/>
  </mime-type>
</mime-info>
"""


def main(arguments: Sequence[str]) -> int:
    """Install, or remove, for this user; prints what was written; returns the exit code."""
    options = _parser().parse_args(arguments)
    share = Path(options.share) if options.share is not None else data_home(os.environ)
    try:
        changed = remove(share) if options.remove else install(share, program())
    except RnnscopeError as error:
        sys.stderr.write(f"rnnscope: {error}\n")
        return WRONG
    sys.stdout.writelines(f"{path}\n" for path in changed)
    return 0


def install(share: Path, command: str) -> list[Path]:
    """Write the menu's entry, the file types and the icons below `share`; BadInput when that cannot be done."""
    written = dict(_contents(share, command))
    for path, data in written.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadInput(f"cannot be made: {error.strerror}", file=str(path.parent)) from None
        write_whole(path, data, "desktop's file")
    _refresh(share)
    return list(written)


def remove(share: Path) -> list[Path]:
    """Take away what `install` wrote; the files that were there."""
    there = [path for path in _contents(share, "") if path.exists()]
    for path in there:
        try:
            path.unlink()
        except OSError as error:
            raise BadInput(f"cannot be removed: {error.strerror}", file=str(path)) from None
    _refresh(share)
    return there


def data_home(environment: Mapping[str, str]) -> Path:
    """Where a user's own applications lie: $XDG_DATA_HOME, by default ~/.local/share."""
    chosen = environment.get("XDG_DATA_HOME", "")
    return Path(chosen) if Path(chosen).is_absolute() else Path.home() / ".local" / "share"


def program() -> str:
    """The command that was started, by its whole path: a menu knows nothing of virtual environments."""
    beside = Path(sys.executable).with_name("rnnscope")
    return str(beside) if beside.exists() else shutil.which("rnnscope") or str(beside)


def quoted(path: str) -> str:
    """A path as an argument of Exec: in quotes, with the specification's reserved characters escaped."""
    escaped = "".join(f"\\{letter}" if letter in RESERVED else letter for letter in path)
    # The value of a key is itself escaped once more.
    return '"' + escaped.replace("\\", "\\\\").replace("%", "%%") + '"'


def _contents(share: Path, command: str) -> dict[Path, bytes]:
    entry = ENTRY.format(command=quoted(command), program=command.replace("\\", "\\\\"), types=f"{KERAS};{SESSION}")
    icons = share / "icons" / "hicolor"
    return {
        share / "applications" / "rnnscope.desktop": entry.encode(),
        share / "mime" / "packages" / "rnnscope.xml": TYPES.encode(),
        icons / "scalable" / "apps" / "rnnscope.svg": asset("icons", "rnnscope.svg").read_bytes(),
    }


def _refresh(share: Path) -> None:
    """Tell the desktop; where its tools are missing it finds out by itself, later."""
    for tool, folder in (("update-mime-database", "mime"), ("update-desktop-database", "applications")):
        found = shutil.which(tool)
        if found is not None:
            with contextlib.suppress(OSError, subprocess.SubprocessError):
                subprocess.run(  # noqa: S603 - the desktop's own tools
                    [found, str(share / folder)], check=False, capture_output=True, timeout=30
                )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="rnnscope desktop",
        description="Put rnnscope into the applications menu of a Linux desktop and make it open .keras files, "
        "for this user only.",
        epilog="Example: rnnscope desktop; and to undo it: rnnscope desktop --remove",
    )
    parser.add_argument("--remove", action="store_true", help="take away what was put there")
    parser.add_argument("--share", metavar="FOLDER", help="instead of $XDG_DATA_HOME, by default ~/.local/share")
    return parser
