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
        try:
            from catsdogs.cli.parser import main
        except Exception as error:
            sys.exit(_without_command_line(error))
        sys.exit(main())
    except ImportError as error:  # A command imports most packages when it needs them.
        sys.exit(_without_command_line(error))
    except KeyboardInterrupt:
        sys.exit("catsdogs: Interrupted.")


def _without_command_line(error: Exception) -> int:
    """Return an exit status although a package is missing or damaged: the doctor names it."""
    from catsdogs.doctor import standalone

    if sys.argv[1:2] == [standalone.NAME]:
        return standalone.main(sys.argv[2:], error)
    print(
        f"catsdogs: Expected all packages of requirements.txt. Received: {error}. Install them "
        "again: make run. To find the cause: python -m catsdogs doctor",
        file=sys.stderr,
    )
    return 1


if __name__ == "__main__":
    main()
