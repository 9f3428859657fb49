#!/bin/sh
# Prints the first Python that can run rnnscope, or says what is missing and how to get it.
# Usage: find_python.sh [PYTHON]: a PYTHON given is the only one considered.

fits() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }
has_venv() { "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; }

given=$1
[ -n "$given" ] || set -- python3.13 python3.12 python3.11 python3 python

fitting=
for candidate in "$@"; do
    if fits "$candidate"; then
        fitting=${fitting:-$candidate}
        if has_venv "$candidate"; then
            command -v "$candidate"
            exit 0
        fi
    fi
done

if [ -n "$fitting" ]; then
    version=$("$fitting" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    echo "$fitting is Python $version without its venv module. On Debian or Ubuntu, type:" >&2
    echo "    sudo apt-get install python$version-venv" >&2
elif [ -n "$given" ]; then
    echo "rnnscope needs Python 3.11 or newer, and '$given' is not one (or does not run)." >&2
else
    echo "rnnscope needs Python 3.11 or newer, and none was found. On Debian or Ubuntu, type:" >&2
    echo "    sudo apt-get install python3 python3-venv" >&2
    echo "or name one that is elsewhere:  make demo PYTHON=/path/to/python3.12" >&2
fi
exit 1
