"""One run in tables and sentences: its metrics, its settings, its origin."""

from collections.abc import Mapping

import pandas as pd
from msgspec import UnsetType

from catsdogs.comparison.own_answers import OwnMetrics
from catsdogs.evaluation import intervals
from catsdogs.evaluation.intervals import Interval
from catsdogs.labels import Classes
from catsdogs.paths import portable
from catsdogs.reports import comparison_text
from catsdogs.runs import in_words
from catsdogs.runs.run import Run
from catsdogs.storage.stand_in import spelled
from catsdogs.text import percent, printable

NO_USAGE = "Runs of earlier versions did not record their use of the machine."


def accuracy(run: Run) -> Interval:
    """Return a run's accuracy on its own validation images, with Wilson's interval."""
    images = run.result.val_images
    return intervals.share(round(run.result.val_accuracy * images), images)


def between(found: Interval) -> str:
    """Return an interval of a share in words: "98.2 % to 99.1 %"."""
    return f"{percent(found.low)} to {percent(found.high)}"


def metrics(found: OwnMetrics, *, classes: Classes) -> pd.DataFrame:
    """Return a row for each metric with its interval."""
    return comparison_text.metric_table({"Validation photos": found}, classes=classes)


def settings(run: Run) -> pd.DataFrame:
    """Return a row for each setting that counted."""
    return _facts({**in_words.settings(run), "Data": portable(spelled(run.config.data))})


def about(run: Run) -> pd.DataFrame:
    """Return a row for each fact about the run's data, its size and its cost, and its machine."""
    machine = run.about.machine
    known = {
        "Host": "" if isinstance(machine.host, UnsetType) else machine.host,
        "System": machine.system,
        "Processor": machine.processor if isinstance(machine.cpu, UnsetType) else machine.cpu,
        "GPUs": "" if isinstance(machine.gpus, UnsetType) else ", ".join(machine.gpus),
        "Cores": "" if isinstance(machine.cores, UnsetType) else f"{machine.cores:g}",
        "Python": machine.python,
        "Run": run.run_id,
    }
    facts = comparison_text.facts(run) if run.is_usable else {"Model": run.config.title}
    return _facts({**facts, **known})


def _facts(rows: Mapping[str, object]) -> pd.DataFrame:
    said = {name: printable(str(value)) for name, value in rows.items() if value}
    return pd.DataFrame({"": said})
