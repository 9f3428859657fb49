"""What the commands end with, and the type of what they are added to."""

from __future__ import annotations

import argparse
from typing import TypeAlias

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

MATCHES, DIFFERS, WRONG, INTERRUPTED = 0, 1, 2, 130
