"""Ask whether the service on a port of this machine answers: ``python -m …probe PORT``.

For containers: it knows the token, and loads nothing else of the project.
"""

import os
import sys
import urllib.request


def main(port: int) -> int:
    """Return 0 if the service answers, 1 otherwise."""
    token = os.environ.get("CATSDOGS_API_TOKEN", "").strip()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/healthz")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(request, timeout=5):
            return 0
    except OSError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
