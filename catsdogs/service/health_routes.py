"""Whether the service works, and its metrics."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from catsdogs.errors import CatsDogsError
from catsdogs.service.metrics import CONTENT_TYPE
from catsdogs.service.refusals import Refused
from catsdogs.service.responses import as_json
from catsdogs.service.service import Service


async def healthz(request: Request) -> Response:
    """Say that the process answers."""
    return as_json({"status": "ok"})


async def readyz(request: Request) -> Response:
    """Say whether the runs that answer by default are loaded; load them otherwise."""
    service: Service = request.app.state.service
    try:
        panel = await run_in_threadpool(service.models.panel)
    except (CatsDogsError, OSError) as error:
        raise Refused(503, "not_ready", str(error), headers={"Retry-After": "5"}) from None
    return as_json({"status": "ready", "runs": panel.run_ids})


async def metrics(request: Request) -> Response:
    """Send the metrics for Prometheus."""
    service: Service = request.app.state.service
    gauges = {
        "catsdogs_models_loaded": ("Models in memory.", service.models.loaded),
        "catsdogs_requests_active": ("Requests that are handled now.", service.requests.taken),
        "catsdogs_streams_active": ("Streams of events that are open.", service.streams.taken),
    }
    return Response(service.metrics.text(gauges), media_type=CONTENT_TYPE)
