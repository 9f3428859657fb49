"""Makes sure that the system libraries Qt loads are there: installs them where it may, else says what to type.

Run with the Python whose PySide6 is meant. Asks the dynamic linker (``ldd``) about the parts of Qt that the window
uses, on a screen and without one, and maps what it misses to Debian's packages. Only Linux needs any of this.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

PARTS = (
    "Qt*.abi3.so",
    "Qt/lib/libQt6Core.so.6",
    "Qt/lib/libQt6DBus.so.6",
    "Qt/lib/libQt6Gui.so.6",
    "Qt/lib/libQt6OpenGL.so.6",
    "Qt/lib/libQt6OpenGLWidgets.so.6",
    "Qt/lib/libQt6Svg.so.6",
    "Qt/lib/libQt6Test.so.6",
    "Qt/lib/libQt6Widgets.so.6",
    "Qt/plugins/iconengines/libqsvgicon.so",
    "Qt/plugins/imageformats/libqsvg.so",
    "Qt/plugins/platforms/libqoffscreen.so",
    "Qt/plugins/platforms/libqwayland.so",
    "Qt/plugins/platforms/libqxcb.so",
    "Qt/plugins/xcbglintegrations/libqxcb-*.so",
)
MODULES = ("QtCore", "QtGui", "QtOpenGL", "QtOpenGLWidgets", "QtSvg", "QtTest", "QtWidgets")

DEBIAN_PACKAGES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libGLX.so.0": "libglx0",
    "libOpenGL.so.0": "libopengl0",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libX11.so.6": "libx11-6",
    "libdbus-1.so.3": "libdbus-1-3",
    "libdrm.so.2": "libdrm2",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libwayland-egl.so.1": "libwayland-egl1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-glx.so.0": "libxcb-glx0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxcb.so.1": "libxcb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libz.so.1": "zlib1g",
    "libzstd.so.1": "libzstd1",
}


def main() -> int:
    if not sys.platform.startswith("linux") or shutil.which("ldd") is None:
        return 0
    folder = qt_folder()
    missing = missing_libraries(folder)
    if not missing:
        return 0
    packages = sorted({DEBIAN_PACKAGES[name] for name in missing if name in DEBIAN_PACKAGES})
    print(f"Qt needs system libraries that are not here: {', '.join(missing)}", flush=True)
    if packages and (prefix := apt_get()) is not None:
        print(f"Installing {' '.join(packages)}", flush=True)
        install(prefix, packages)
        missing = missing_libraries(folder)
    if not missing:
        return 0
    print(advice(missing, packages), file=sys.stderr)
    return 1


def qt_folder() -> Path:
    """The installed PySide6 package; found without importing it, which would already need the libraries."""
    spec = find_spec("PySide6")
    if spec is None or not spec.submodule_search_locations:
        sys.exit("PySide6 is not installed for this Python.")
    return Path(next(iter(spec.submodule_search_locations)))


def missing_libraries(folder: Path) -> list[str]:
    """File names of the shared libraries that the linker cannot find, sorted."""
    files = [file for pattern in PARTS for file in folder.glob(pattern) if wanted(file)]
    missing: set[str] = set()
    for file in files:
        listing = subprocess.run(["ldd", str(file)], capture_output=True, text=True, check=False).stdout
        missing.update(re.findall(r"^\s*(\S+) => not found", listing, re.MULTILINE))
    return sorted(missing)


def wanted(file: Path) -> bool:
    return file.parent.name != "PySide6" or file.name.split(".")[0] in MODULES


def apt_get() -> list[str] | None:
    """The command that runs apt-get with the right to install, or None where there is none."""
    if shutil.which("apt-get") is None:
        return None
    if os.geteuid() == 0:
        return ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
    sudo = ["sudo", "-n"]
    if shutil.which("sudo") and subprocess.run([*sudo, "true"], capture_output=True, check=False).returncode == 0:
        return [*sudo, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]
    return None


def install(prefix: list[str], packages: list[str]) -> None:
    """Install `packages`; failures are left for the second look at the libraries to notice."""
    for arguments in (["-qq", "update"], ["-qq", "--yes", "--no-install-recommends", "install", *packages]):
        subprocess.run([*prefix, *arguments], stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, check=False)


def advice(missing: list[str], packages: list[str]) -> str:
    if packages and shutil.which("apt-get"):
        return f"To install them, type:\n    sudo apt-get update && sudo apt-get install {' '.join(packages)}"
    return f"Install the packages of your system that provide {', '.join(missing)}."


if __name__ == "__main__":
    sys.exit(main())
