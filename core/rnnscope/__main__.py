"""``python -m rnnscope``: the headless commands, without Qt."""

import sys

from rnnscope.cli import main

if __name__ == "__main__":
    sys.exit(main())
