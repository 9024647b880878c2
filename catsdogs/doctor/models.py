"""The models that come with the project: whether their files are as they were shipped."""

from collections.abc import Iterator

from catsdogs.doctor.findings import Finding, problem, warning
from catsdogs.errors import RunError
from catsdogs.runs import layout, model_files, store
from catsdogs.runs.run import Run
from catsdogs.text import counted

GROUP = "Models"
_RESTORE = "Restore the folder: git checkout artifacts, or copy it from a new download."


def check() -> Iterator[Finding]:
    """Return which models can classify, and which of those that were shipped are damaged."""
    runs, broken = store.list_runs()
    usable = [run for run in runs if run.can_classify]
    shipped = [run for run in usable if run.run_id.startswith(layout.REFERENCE_PREFIX)]
    value = f"{counted(len(usable), 'run')} can classify; {len(shipped)} of them came with the app"
    if usable:
        yield Finding(GROUP, "Runs", value)
    else:
        yield warning(GROUP, "Runs", value, "Train a model on the Train page to classify photos.")
    for error in broken:
        state = problem if layout.REFERENCE_PREFIX in str(error) else warning
        yield state(GROUP, "Unusable run", str(error), f"{_RESTORE} Or delete the folder.")
    for run in shipped:
        yield _shipped(run)


def _shipped(run: Run) -> Finding:
    kept = (layout.LITERT_MODEL, layout.KERAS_MODEL, layout.REFERENCES)
    try:
        for name in kept:
            if name in run.result.sha256:
                model_files.intact(run, name)
    except RunError as error:
        return problem(GROUP, run.run_id, str(error), _RESTORE)
    return Finding(GROUP, run.run_id, "as it was shipped")
