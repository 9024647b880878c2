"""``python -m catsdogs.learning.backbone``: export MobileNetV2's base once, print its path.

For callers outside this package, which never load TensorFlow themselves.
"""

import sys

from catsdogs.errors import CatsDogsError
from catsdogs.learning.export import backbone_file
from catsdogs.learning.weights import find_weights


def main() -> int:
    """Print the path of the exported backbone; return the exit status."""
    try:
        print(backbone_file(find_weights()))
    except CatsDogsError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
