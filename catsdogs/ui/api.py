"""The routes of the service inside the app, below ``/api/v1``.

Streamlit checks neither the host nor the origin of such requests. The service's own guard does.
"""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import streamlit as st
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from catsdogs.errors import ConfigError
from catsdogs.service.guard import Access, access, configured_token
from catsdogs.service.refusals import API

_EVERY_NETWORK = "0.0.0.0"


class Api:
    """Hands requests below ``/api/v1`` to the service, and all others to the app."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._service: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        is_ours = scope["type"] == "http" and f"{scope['path']}/".startswith(f"{API}/")
        await (self._made() if is_ours else self._app)(scope, receive, send)

    def _made(self) -> ASGIApp:
        # At the first request: the app starts without the service's parts.
        if self._service is None:
            from catsdogs.service.application import application
            from catsdogs.service.service import Models, Service

            self._service = application(Service(app_access(), Models(), prefix=API))
        return self._service


def middleware() -> list[Middleware]:
    """Return what handles requests before Streamlit does.

    A token that is too short ends the process.
    """
    try:
        configured_token()
    except ConfigError as error:
        sys.exit(str(error))
    return [Middleware(Api)]


def app_access() -> Access:
    """Return the access to the app's server, as Streamlit's options describe it."""
    # Without an address, Streamlit listens on every network.
    address = st.get_option("server.address") or _EVERY_NETWORK
    return access(address, st.get_option("server.allowedHosts") or (), configured_token())


@asynccontextmanager
async def answering_at_once(app: Any) -> AsyncIterator[None]:
    """Make the server send the end of each answer without waiting for an acknowledgement.

    Streamlit's socket names no protocol, so asyncio leaves Nagle's algorithm on: on an open
    connection, the end of each answer would wait 40 ms.
    """
    loop: Any = asyncio.get_running_loop()
    create_server = loop.create_server

    async def create(*args: Any, sock: socket.socket | None = None, **options: Any) -> Any:
        if sock is not None:
            # Connections inherit it.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return await create_server(*args, sock=sock, **options)

    loop.create_server = create
    yield
