"""The options that label folders and names: ``--classes``, ``--own-classes`` and ``--map``."""

from catsdogs.cli.help import Parser
from catsdogs.dataset import index, labelling
from catsdogs.dataset.index import Dataset
from catsdogs.dataset.labelling import LabelMap
from catsdogs.errors import ConfigError

_FORGET = "none"


def add_options(parser: Parser) -> None:
    """Add the options to a command that reads a dataset."""
    parser.add_argument(
        "--classes",
        metavar="CATS,DOGS",
        help="the folder (or the beginning of the file names) of the cats and that of the dogs, "
        f"such as gatto,cane; it is remembered; {_FORGET} forgets all such names; default: the "
        "words cat and dog",
    )
    parser.add_argument(
        "--own-classes",
        nargs=2,
        metavar=("NEGATIVE", "POSITIVE"),
        help="two classes of your own instead of cats and dogs, by the names of their folders (or "
        "the beginning of the file names), such as crab crayfish; the order matters: P is the "
        "probability of the second; all other images are not used; it is remembered; default: "
        "cats and dogs",
    )
    parser.add_argument(
        "--map",
        dest="named",
        action="append",
        metavar="NAME=LABEL",
        help="label one folder or beginning of file names as cat, dog (or a class of your own) or "
        "out (not used), such as gatto=cat; capital=cat makes names with a capital letter cats and "
        "others dogs; can be repeated; it is remembered; default: none",
    )


def remembered(
    dataset: Dataset,
    classes: str | None,
    named: list[str] | None,
    own_classes: list[str] | None = None,
) -> Dataset:
    """Return ``dataset`` with the labels that the options give, after keeping them for later.

    Raises:
        ConfigError: if an option is not understood.
        DatasetError: if no image has such a folder or name, or the labels cannot be saved.
    """
    if classes is None and own_classes is None and not named:
        return dataset
    if own_classes is not None:
        known = _own(own_classes, classes)
    elif classes == _FORGET:
        known, classes = LabelMap(), None
    else:
        known = labelling.load(dataset.root)
        known = LabelMap() if classes is not None and known.own else known
    given = labelling.parsed(classes, named or (), known)
    if own_classes is not None:
        given = _named_or_mapped(known, given)
        known = LabelMap(own=known.own)
    labelling.require_known(given, dataset.records)
    labelling.save(dataset.root, known.with_changes(given))
    return index.with_current_decisions(dataset)


def _own(own_classes: list[str], classes: str | None) -> LabelMap:
    if classes is not None:
        raise ConfigError(
            "Expected either --classes, for cats and dogs, or --own-classes. Received: both. "
            "Leave one out."
        )
    return labelling.of_own(*own_classes)


def _named_or_mapped(own: LabelMap, given: LabelMap) -> LabelMap:
    """Return all names of both; a class that ``given`` has names for need not be one itself."""
    mapped = set(given.names.values())
    named = {name: label for name, label in own.names.items() if label not in mapped}
    return LabelMap({**named, **given.names}, given.capital)
