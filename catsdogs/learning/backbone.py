"""``python -m catsdogs.learning.backbone``: export MobileNetV2's base once, print its path.

For callers outside this package, which never load TensorFlow themselves.
"""

import sys
from pathlib import Path

from catsdogs.errors import CatsDogsError
from catsdogs.features.backbones import export_of
from catsdogs.learning.weights import find_weights


def main() -> int:
    """Print the path of the exported backbone; return the exit status."""
    try:
        print(_backbone_file(find_weights()))
    except CatsDogsError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _backbone_file(weights: Path) -> Path:
    exported = export_of(weights)
    if exported.is_file():
        return exported
    # Here, because it loads TensorFlow, which takes seconds.
    from catsdogs.learning.export import backbone_file

    return backbone_file(weights)


if __name__ == "__main__":
    sys.exit(main())
