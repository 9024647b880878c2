"""Options of the commands on trained models."""

from pathlib import Path
from typing import Any

from catsdogs.cli import evaluating, labelling, models
from catsdogs.cli.commands import FORCE_HELP, RUN_HELP, add, add_engine
from catsdogs.cli.help import Parser, words
from catsdogs.evaluation.metrics import DEFAULT_FALSE_REFUSAL, DEFAULT_MARGIN, THRESHOLD
from catsdogs.exports.formats import FORMATS
from catsdogs.inference.rejection import FALSE_REFUSALS


def add_evaluate(groups: Any) -> None:
    """Add the command ``evaluate``."""
    help_text = "measure a run on a labelled dataset or its test set"
    usage = "RUN (--data PATH | --test) [options]"
    evaluate = add(groups, "evaluate", evaluating.evaluate, usage, help_text)
    evaluate.add_argument("run", metavar="RUN", help=RUN_HELP)
    on = evaluate.add_mutually_exclusive_group(required=True)
    on.add_argument("--data", metavar="PATH", help="a folder, a zip or a tar of labelled images")
    on.add_argument(
        "--test",
        action="store_true",
        help="the run's own locked test set; each look is counted and dated",
    )
    labelling.add_options(evaluate)
    add_engine(evaluate)


def add_classify(groups: Any) -> None:
    """Add the command ``classify``."""
    usage = "PATH [PATH ...] [--run RUN ...] [options]"
    help_text = "ask models about pictures: cat, dog or neither"
    classify = add(groups, "classify", models.classify, usage, help_text)
    classify.add_argument(
        "paths",
        nargs="+",
        metavar="PATH",
        help="a picture, a folder, a zip, a tar or a web address",
    )
    classify.add_argument(
        "--run",
        dest="runs",
        nargs="+",
        action="extend",
        metavar="RUN",
        help=f"{RUN_HELP}; default: the best run of each model",
    )
    _add_decision(classify)
    classify.add_argument(
        "--csv",
        dest="table",
        type=Path,
        metavar="FILE",
        help="also write a table to this file; default: none",
    )
    classify.add_argument(
        "--kaggle",
        type=Path,
        metavar="FILE",
        help="also write a submission to Kaggle, id,label, from one run; default: none",
    )
    classify.add_argument("--force", action="store_true", help=FORCE_HELP)
    add_engine(classify)


def _add_decision(classify: Parser) -> None:
    classify.add_argument(
        "--threshold",
        type=float,
        default=THRESHOLD,
        metavar="P",
        help="say dog from this P(dog) on, 0 to 1; default: %(default)s",
    )
    classify.add_argument(
        "--false-refusal",
        type=float,
        choices=FALSE_REFUSALS,
        default=DEFAULT_FALSE_REFUSAL,
        metavar="SHARE",
        help="the share of cats and dogs that may be called neither: "
        f"{words(FALSE_REFUSALS)}; default: %(default)s",
    )
    classify.add_argument(
        "--never-neither",
        action="store_true",
        help="always say cat or dog; by default neither is an answer, too",
    )


def add_compare(groups: Any) -> None:
    """Add the command ``compare``."""
    help_text = "compare two to six runs on the same images"
    compare = add(groups, "compare", models.compare, "RUN RUN [RUN ...] [options]", help_text)
    compare.add_argument("run_a", metavar="RUN", help=RUN_HELP)
    compare.add_argument("run_b", metavar="RUN", help="the run to compare it with")
    compare.add_argument(
        "others",
        nargs="*",
        metavar="RUN",
        help="up to four more: each pair gets a verdict, corrected for the number of pairs; "
        "default: none",
    )
    compare.add_argument(
        "--margin",
        type=float,
        default=DEFAULT_MARGIN,
        metavar="SHARE",
        help="accuracies that differ by less are equivalent, 0.005 to 0.05 are usual; "
        "default: %(default)s",
    )
    compare.add_argument(
        "--report",
        type=Path,
        metavar="FILE",
        help="also write a report; its name ends in .html or .md; default: none",
    )
    compare.add_argument("--force", action="store_true", help=FORCE_HELP)


def add_export(groups: Any) -> None:
    """Add the command ``export``."""
    forms = list(FORMATS)
    usage = "RUN --format NAME --out FILE [options]"
    export = add(groups, "export", models.export, usage, "write a run's model to a file")
    export.add_argument("run", metavar="RUN", help=RUN_HELP)
    export.add_argument(
        "--format",
        dest="form",
        choices=forms,
        required=True,
        metavar="NAME",
        help=f"{words(forms)}; float16 and int8 are smaller and less precise, and web is one HTML "
        "file that works offline. Runs that come with the project have only "
        f"{words(_from_litert())}",
    )
    export.add_argument(
        "--out",
        required=True,
        type=Path,
        metavar="FILE",
        help="the file to write, a new one; a name that ends in .zip gives a package with the "
        "model, its labels, its card and an example",
    )
    export.add_argument(
        "--with",
        dest="beside",
        metavar="RUN",
        help="another run, whose answers a web page also shows, and whether they agree; "
        "default: none",
    )
    export.add_argument("--force", action="store_true", help=FORCE_HELP)


def _from_litert() -> list[str]:
    return [form.name for form in FORMATS.values() if form.from_litert]
