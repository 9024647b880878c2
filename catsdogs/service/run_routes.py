"""The routes on runs: list, show, card, train, delete."""

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from catsdogs.errors import RunError
from catsdogs.runs import documents, layout, queue, store
from catsdogs.runs.config import SETTINGS, RunConfig
from catsdogs.runs.run import Run
from catsdogs.service import uploads
from catsdogs.service.refusals import Refused
from catsdogs.service.responses import as_json
from catsdogs.service.service import Service
from catsdogs.sources.typed import typed_path
from catsdogs.system import files

_MOST_SETTINGS_BYTES, _MOST_CARD_BYTES = 64 << 10, 1 << 20


async def list_runs(request: Request) -> Response:
    """List all runs, newest first."""
    runs, _ = await run_in_threadpool(store.list_runs)
    return as_json(await run_in_threadpool(lambda: [documents.brief(run) for run in runs]))


async def show_run(request: Request) -> Response:
    """Show a run's settings, state, epochs and result."""
    run = await run_in_threadpool(found, request)
    return as_json(await run_in_threadpool(documents.details, run))


async def run_card(request: Request) -> Response:
    """Send a run's model card, as Markdown."""
    run = await run_in_threadpool(found, request)
    card = run.folder / layout.MODEL_CARD
    try:
        content = await run_in_threadpool(files.read_plain, card, most_bytes=_MOST_CARD_BYTES)
    except OSError:
        raise Refused(
            404,
            "no_card",
            f"Expected a run with a model card. Received: {run.run_id}, which is {run.state}.",
        ) from None
    return Response(content, media_type="text/markdown; charset=utf-8")


async def train(request: Request) -> Response:
    """Queue a training run; the settings are those of the command ``train``."""
    service: Service = request.app.state.service
    service.access.require_token(request.headers)
    with uploads.admitted(request, service):
        content = await uploads.whole(request, service, _MOST_SETTINGS_BYTES)
        run = await run_in_threadpool(_queued, content)
    location = {"Location": f"/api/v1/runs/{run.run_id}"}
    return as_json(documents.brief(run), 202, location)


async def delete_run(request: Request) -> Response:
    """Delete a run."""
    service: Service = request.app.state.service
    service.access.require_token(request.headers)
    run = await run_in_threadpool(found, request)
    await run_in_threadpool(queue.delete, run)
    return Response(status_code=204)


def found(request: Request) -> Run:
    """Return the run that a request names.

    Raises:
        Refused: 404, if there is none or it cannot be read.
    """
    try:
        return store.find(request.path_params["run"])
    except RunError as error:
        raise Refused(404, "run", str(error)) from None


def _queued(content: bytes) -> Run:
    settings = uploads.decoded(content, dict)
    if unknown := settings.keys() - SETTINGS.keys():
        raise uploads.misfit(
            msgspec.ValidationError(
                f"Expected settings of a run. Received: {', '.join(sorted(unknown))}"
            )
        )
    if isinstance(settings.get("data"), str):
        settings["data"] = str(typed_path(settings["data"]))
    return queue.start(RunConfig.from_json(settings))
