"""Search for an image that breaks the decoder, guided by coverage (libFuzzer).

Usage: ``python tests/fuzz_images.py TARGET SEEDS [OPTION …]``, with libFuzzer's options. The
process exits with an error at the first file that is neither read nor refused with a reason.
"""

import contextlib
import sys
import warnings

import atheris

with atheris.instrument_imports(include=["PIL", "catsdogs.images"]):
    from catsdogs.errors import UnreadableImage
    from catsdogs.images.picture import Picture, read_header

SIDE = 64
TARGETS = {
    "pixels": [lambda content: Picture(content).square(SIDE)],
    "facts": [lambda content: Picture(content).changes(), read_header],
}


def main(target: str, seeds: str, *options: str) -> None:
    def refused_at_worst(content: bytes) -> None:
        for ask in TARGETS[target]:
            with contextlib.suppress(UnreadableImage):
                ask(content)

    warnings.simplefilter("ignore")
    # A file that takes too much time or memory is an error too. The fuzzer itself takes 1.2 GB.
    bounds = ["-timeout=20", "-rss_limit_mb=3500", "-max_len=60000", "-print_final_stats=1"]
    atheris.Setup([sys.argv[0], seeds, *bounds, *options], refused_at_worst)
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
