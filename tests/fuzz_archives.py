"""Search for an archive that breaks its reader, guided by coverage (libFuzzer).

Usage: ``python tests/fuzz_archives.py TARGET SEEDS [OPTION …]``, with libFuzzer's options. The
process exits with an error at the first archive that is neither read nor refused with a reason.
"""

import contextlib
import sys
import warnings

import atheris

with atheris.instrument_imports(include=["tarfile", "zipfile", "catsdogs.system"]):
    from catsdogs.errors import DatasetError, UnreadableImage
    from catsdogs.inference import gathering
    from catsdogs.system import tars, zips

# Each reader gets every file, also one that does not begin like its own.
READERS = {"tar": tars.Tar, "zip": zips.Zip}


def main(target: str, seeds: str, *options: str) -> None:
    """Fuzz one reader."""
    reader = READERS[target]

    def refused_at_worst(content: bytes) -> None:
        with contextlib.suppress(DatasetError):
            for _, read in gathering.in_archive("archive", content).sources:
                with contextlib.suppress(UnreadableImage):
                    read()
        with contextlib.suppress(*gathering.archives.ERRORS):
            archive = reader(content)
            for member in archive.members:
                for _ in archive.chunks(member):
                    pass

    warnings.simplefilter("ignore")
    # An archive that takes too much time or memory is an error too.
    bounds = ["-timeout=20", "-rss_limit_mb=2000", "-max_len=60000", "-print_final_stats=1"]
    atheris.Setup([sys.argv[0], seeds, *bounds, *options], refused_at_worst)
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
