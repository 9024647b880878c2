"""``python -m catsdogs``: the command line."""

import os
import sys

if __name__ == "__main__":
    # As in the processes beside the app, see ``processes.py``; before any library is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    try:
        # Here, because it takes a second, and Ctrl-C shall not end in a traceback meanwhile.
        from catsdogs.cli.parser import main

        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("catsdogs: Interrupted.")
