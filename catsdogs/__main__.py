"""The command line: ``catsdogs …`` or ``python -m catsdogs …``."""

import os
import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line and exit with its status."""
    # Set before any library is loaded; ``system/processes.py`` says why.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    try:
        # Imported here: it takes a second, in which Ctrl-C must not print a traceback.
        from catsdogs.cli.parser import main

        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("catsdogs: Interrupted.")


if __name__ == "__main__":
    main()
