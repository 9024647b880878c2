"""The JSON documents that describe runs: ``--json`` prints them, and the service sends them."""

from typing import Any

from msgspec import to_builtins

from catsdogs.runs import looks
from catsdogs.runs.events import to_json
from catsdogs.runs.run import Run


def brief(run: Run) -> dict[str, Any]:
    """Return a run as an entry of a list."""
    return {
        "run": run.run_id,
        "state": str(run.state),
        "model": run.config.model,
        "recipe": run.config.recipe,
        "data": run.about.dataset.name,
        "classes": list(run.classes.names),
        "val_accuracy": run.result.val_accuracy if run.is_usable else None,
        "test_images": run.result.test_images,
        "looks": len(looks.read(run)),
        "message": run.message or None,
        "reference": run.is_reference,
        "caveat": run.caveat or None,
        "name": run.remarks.name,
        "note": run.remarks.note,
        "starred": run.remarks.starred,
    }


def details(run: Run) -> dict[str, Any]:
    """Return a run with its settings, data, machine, epochs and result."""
    looked = looks.read(run)
    metrics = looks.latest(run.result, looked)
    document = {
        **brief(run),
        **run.about.to_json(),
        "epochs": [to_json(epoch) for epoch in run.view.epochs],
        "result": run.result.to_json(),
        "looked_at": [one.at for one in looked],
        "test": metrics and to_builtins(metrics),
    }
    return run.classes.document(document)
