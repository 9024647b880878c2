"""Options of the commands on datasets."""

from pathlib import Path
from typing import Any

from catsdogs.cli import datasets, labelling
from catsdogs.cli.commands import DATA_HELP, add, add_engine, group
from catsdogs.dataset.duplicates import Kept


def add_data(groups: Any) -> None:
    """Add the group ``data``."""
    data = group(groups, "data", "get a dataset, count it, and check it")
    _add_sample(data)
    _add_fetch(data)
    help_text = "count the images and list the files that cannot be read"
    scan = add(data, "scan", datasets.scan, "PATH [options]", help_text)
    scan.add_argument("path", metavar="PATH", help=DATA_HELP)
    labelling.add_options(scan)
    help_text = "find duplicates, wrong labels and other faults"
    health = add(data, "health", datasets.health, "PATH [options]", help_text)
    health.add_argument("path", metavar="PATH", help=DATA_HELP)
    add_engine(health)
    _add_annotations(data)
    _add_alike(data)
    _add_corrections(data)


def _add_sample(data: Any) -> None:
    help_text = "draw a small sample dataset, for a first try without photos"
    sample = add(data, "sample", datasets.sample, "[options]", help_text)
    sample.add_argument(
        "--images",
        type=int,
        default=600,
        metavar="N",
        help="how many images to draw, 100 to 2000 are usual; default: %(default)s",
    )
    sample.add_argument(
        "--out", type=Path, metavar="FOLDER", help="where to write them; default: data/sample"
    )
    sample.add_argument(
        "--seed",
        type=int,
        default=7,
        metavar="N",
        help="any whole number; the same seed draws the same images; default: %(default)s",
    )


def _add_fetch(data: Any) -> None:
    help_text = "download or unpack a dataset and make it the app's; resumes"
    fetch = add(data, "fetch", datasets.fetch, "--from SOURCE [options]", help_text)
    fetch.add_argument(
        "--from",
        dest="source",
        required=True,
        metavar="SOURCE",
        help="microsoft (787 MB, no account), kaggle (needs an account and the package "
        "kagglehub), the address of a zip or tar, or the path of a zip, a tar or a folder",
    )
    fetch.add_argument(
        "--sha256",
        metavar="HEX",
        help="the checksum that the download must have, 64 hex digits; default: not checked",
    )
    fetch.add_argument(
        "--out", type=Path, metavar="FOLDER", help="a new folder; default: a folder in data/"
    )


def _add_annotations(data: Any) -> None:
    help_text = "import labels, import and export decisions, exclude duplicates"
    usage = "PATH [options]"
    annotations = add(data, "annotations", datasets.exchange_annotations, usage, help_text)
    annotations.add_argument("path", metavar="PATH", help=DATA_HELP)
    annotations.add_argument(
        "--import",
        dest="import_from",
        type=Path,
        metavar="CSV",
        help="read decisions or labels from this table; columns: path, action (keep, exclude, "
        "relabel or tag) and label; or filename (or id) and label; or filename and one for each "
        "class; default: none are read",
    )
    annotations.add_argument(
        "--keep-one",
        choices=list(Kept),
        metavar="WHICH",
        help="exclude all but one photo of each group of duplicates: largest keeps the one with "
        "the most pixels, first the one with the first name; default: none are excluded",
    )
    annotations.add_argument(
        "--export",
        dest="export_to",
        type=Path,
        metavar="CSV",
        help="write the decisions to this file; default: none are written",
    )


def _add_corrections(data: Any) -> None:
    help_text = "let pictures that were classified wrongly join a dataset"
    usage = "PATH [--join | --leave]"
    options = add(data, "corrections", datasets.join_corrections, usage, help_text)
    options.add_argument("path", metavar="PATH", help=DATA_HELP)
    change = options.add_mutually_exclusive_group()
    for name, meaning in (
        ("join", "include them from now on, under their right label"),
        ("leave", "leave them out again"),
    ):
        change.add_argument(
            f"--{name}",
            dest="change",
            action="store_const",
            const=name,
            help=f"{meaning}; default: nothing changes",
        )


def _add_alike(data: Any) -> None:
    help_text = "list the images most similar to a picture"
    alike = add(data, "alike", datasets.alike, "PATH PICTURE [options]", help_text)
    alike.add_argument("path", metavar="PATH", help=DATA_HELP)
    alike.add_argument("picture_path", metavar="PICTURE", help="any picture on this machine")
    alike.add_argument(
        "--count",
        type=int,
        default=20,
        metavar="N",
        help="how many images to list, at least 1; default: %(default)s",
    )


def add_embed(groups: Any) -> None:
    """Add the command ``embed``."""
    help_text = "compute MobileNetV2's vector of each image"
    embed = add(groups, "embed", datasets.embed, "PATH [options]", help_text)
    embed.add_argument("path", metavar="PATH", help=DATA_HELP)
    add_engine(embed)
    embed.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="an .npz file for the arrays paths and vectors; default: only the cache is filled",
    )
