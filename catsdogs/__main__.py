"""``python -m catsdogs``: the command line."""

import sys

if __name__ == "__main__":
    try:
        # Here, because it takes a second, and Ctrl-C shall not end in a traceback meanwhile.
        from catsdogs.cli import main

        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("catsdogs: Interrupted.")
