"""The routes, their guard and their errors, as one application."""

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Route

from catsdogs.service.classifying import classify
from catsdogs.service.event_stream import run_events
from catsdogs.service.guard import Guard
from catsdogs.service.health_routes import healthz, metrics, readyz
from catsdogs.service.metrics import Counting
from catsdogs.service.open_inference import (
    v2_infer,
    v2_live,
    v2_model,
    v2_model_ready,
    v2_server,
)
from catsdogs.service.openapi import api_page, openapi
from catsdogs.service.refusals import HANDLED, handle
from catsdogs.service.run_routes import delete_run, list_runs, run_card, show_run, train
from catsdogs.service.service import Service


def application(service: Service) -> Starlette:
    """Return the service as an ASGI application. Each request passes its guard first."""
    made = Starlette(
        routes=routes(service.prefix),
        middleware=[
            Middleware(Counting, metrics=service.metrics),
            Middleware(Guard, access=service.access, metrics=service.metrics),
        ],
        exception_handlers=dict.fromkeys(HANDLED, handle),
    )
    made.state.service = service
    return made


def routes(prefix: str = "") -> list[BaseRoute]:
    """Return the routes. They expect ``Service`` in the state of their application.

    The paths of those that are not below ``/api/v1`` begin with ``prefix``.
    """
    return [
        Route("/api/v1/classify", classify, methods=["POST"]),
        Route("/api/v1/runs", list_runs),
        Route("/api/v1/runs/{run}", show_run),
        Route("/api/v1/runs/{run}", delete_run, methods=["DELETE"]),
        Route("/api/v1/runs/{run}/card", run_card),
        Route("/api/v1/runs/{run}/events", run_events),
        Route("/api/v1/train", train, methods=["POST"]),
        Route(f"{prefix}/healthz", healthz),
        Route(f"{prefix}/readyz", readyz),
        Route(f"{prefix}/metrics", metrics),
        Route(f"{prefix}/openapi.json", openapi),
        Route(f"{prefix}/", api_page),
        Route(f"{prefix}/v2", v2_server),
        Route(f"{prefix}/v2/health/live", v2_live),
        Route(f"{prefix}/v2/health/ready", readyz),
        Route(f"{prefix}/v2/models/{{model}}", v2_model),
        Route(f"{prefix}/v2/models/{{model}}/ready", v2_model_ready),
        Route(f"{prefix}/v2/models/{{model}}/infer", v2_infer, methods=["POST"]),
    ]
