"""The options that say which folders and names are cats and dogs: ``--classes`` and ``--map``."""

from catsdogs.cli.help import Parser
from catsdogs.dataset import index, labelling
from catsdogs.dataset.index import Dataset
from catsdogs.dataset.labelling import LabelMap

_FORGET = "none"


def add_options(parser: Parser) -> None:
    """Add both options to a command that reads a dataset."""
    parser.add_argument(
        "--classes",
        metavar="CATS,DOGS",
        help="the folder (or the beginning of the file names) of the cats and that of the dogs, "
        f"such as gatto,cane; it is remembered; {_FORGET} forgets all such names; default: the "
        "words cat and dog",
    )
    parser.add_argument(
        "--map",
        dest="named",
        action="append",
        metavar="NAME=LABEL",
        help="label one folder or beginning of file names as cat, dog or out (not used), such as "
        "gatto=cat; capital=cat makes names with a capital letter cats and others dogs; can be "
        "repeated; it is remembered; default: none",
    )


def remembered(dataset: Dataset, classes: str | None, named: list[str] | None) -> Dataset:
    """Return ``dataset`` with the labels that the options give, after keeping them for later.

    Raises:
        ConfigError: if an option is not understood.
        DatasetError: if no image has such a folder or name, or the labels cannot be saved.
    """
    if classes is None and not named:
        return dataset
    if classes == _FORGET:
        known, classes = LabelMap(), None
    else:
        known = labelling.load(dataset.root)
    given = labelling.parsed(classes, named or ())
    labelling.require_known(given, dataset.records)
    labelling.save(dataset.root, known.with_changes(given))
    return index.with_current_decisions(dataset)
