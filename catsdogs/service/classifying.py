"""The route that classifies pictures."""

from contextlib import closing

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from catsdogs.service import asking, uploads
from catsdogs.service.responses import as_json
from catsdogs.service.service import Service
from catsdogs.service.spool import Spool


async def classify(request: Request) -> Response:
    """Answer the pictures of a request. Nothing of it is kept."""
    service: Service = request.app.state.service
    with uploads.admitted(request, service), closing(Spool()) as spool:
        received = await uploads.received(request, service, spool)
        asked = await run_in_threadpool(
            asking.answered, received.files, received.options, service.models, received.urls
        )
    count(asked, service)
    return as_json(asked.documents, asked.status)


def count(asked: asking.Asked, service: Service) -> None:
    """Count the pictures of a request by outcome."""
    for code in asked.failed:
        service.metrics.count_picture(code)
    for _ in range(len(asked.documents) - len(asked.failed)):
        service.metrics.count_picture("answered")
