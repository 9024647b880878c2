"""The end of every program that writes a run's model in another format."""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from catsdogs.errors import CatsDogsError
from catsdogs.exports.agreement import Agreement
from catsdogs.runs import store
from catsdogs.runs.run import Run


def main(exported: Callable[[Run, Path], Agreement | None]) -> int:
    """Export the run in the folder ``sys.argv[2]`` to the file ``sys.argv[3]``.

    Prints the agreement as JSON, or why there is no file. Returns the exit status.
    """
    _, _, folder, out = sys.argv
    try:
        found = exported(store.load(Path(folder)), Path(out))
    except CatsDogsError as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(asdict(found) if found else None))
    return 0
