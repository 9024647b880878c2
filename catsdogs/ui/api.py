"""The routes of the service inside the app, its thumbnails, and who may reach its other routes.

Streamlit checks neither the host, the origin nor the sign-in of requests to such routes. The
service's own guard does.
"""

import asyncio
import socket
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from catsdogs.dataset import index, rescan
from catsdogs.errors import ConfigError
from catsdogs.people import Person
from catsdogs.runs import webhook
from catsdogs.service.guard import Access, access, configured_token
from catsdogs.service.refusals import API, Refused
from catsdogs.sources import current
from catsdogs.text import printable
from catsdogs.ui.shared import sign_in, streamlit_internals, thumbnail_lists

_EVERY_NETWORK = "0.0.0.0"
# Pictures and uploads of pages. Streamlit serves them to anyone who knows their addresses.
_OF_PAGES = ("/media/", "/_stcore/upload_file/")
_POLICY_VIOLATION = 1008


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


class Thumbnails:
    """Answers requests for single thumbnails, and hands all others to the app."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        parts = scope.get("path", "").split("/")[-3:]
        if scope["type"] == "http" and parts[0] == thumbnail_lists.PLACE and len(parts) == 3:
            await (await _thumbnail(Headers(scope=scope), *parts[1:]))(scope, receive, send)
        else:
            await self._app(scope, receive, send)


async def _thumbnail(headers: Headers, token: str, number: str) -> Response:
    try:
        app_access().require_page(headers)
    except Refused as refused:
        return PlainTextResponse(refused.detail, refused.status_code)
    found = await run_in_threadpool(thumbnail_lists.thumbnail, token, number)
    if found is None:
        return PlainTextResponse("There is no such photo.", 404)
    path, jpeg = found
    name = quote(printable(path.rpartition("/")[2]))
    headers_of = {"X-Photo-Name": name, "Cache-Control": "private, max-age=3600"}
    return Response(jpeg, media_type="image/jpeg", headers=headers_of)


class SignedIn:
    """Keeps the pictures of pages for people who have signed in, and ends pages that expire."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request or a page's connection."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        person = _signed_in(HTTPConnection(scope))
        if scope["type"] == "websocket" and person is not None:
            await self._app(scope, _ending(receive, person.expires_at), send)
        elif scope["type"] == "http" and scope["path"].startswith(_OF_PAGES) and person is None:
            await PlainTextResponse("Sign in first.", 401)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def middleware() -> list[Middleware]:
    """Return what handles requests before Streamlit does.

    Settings that cannot be meant, like a token that is too short, end the process.
    """
    try:
        configured_token()
    except ConfigError as error:
        sys.exit(str(error))
    sign_in.prepare()
    ours = [Middleware(Api), Middleware(Thumbnails)]
    return [*ours, *([Middleware(SignedIn)] if sign_in.is_on() else [])]


def app_access() -> Access:
    """Return the access to the app's server, as Streamlit's options describe it."""
    # Without an address, Streamlit listens on every network.
    address = st.get_option("server.address") or _EVERY_NETWORK
    return access(
        address,
        st.get_option("server.allowedHosts") or (),
        configured_token(),
        identify=_identified if sign_in.is_on() else None,
    )


@asynccontextmanager
async def running(app: Any) -> AsyncIterator[None]:
    """Prepare the server; while it runs, call the webhook for runs that end."""
    answer_at_once()
    streamlit_internals.skip_use_warning()
    end = webhook.start_calling()
    threading.Thread(target=read_ahead, daemon=True).start()
    yield
    end()


def read_ahead() -> None:
    """Open the app's dataset if it is large: the first page would wait a second for it."""
    root = current.path()
    if root is not None and index.last_scan_size(root) >= rescan.MANY:
        # Its imports take a while, and others do not need them yet.
        from catsdogs.ui.shared import cache

        cache.prepare(root)


def answer_at_once() -> None:
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


def _identified(headers: Headers) -> Person | None:
    return _signed_in(HTTPConnection({"type": "http", "headers": headers.raw}))


def _signed_in(connection: HTTPConnection) -> Person | None:
    claims = streamlit_internals.signed_claims(connection.cookies)
    return sign_in.person(claims) if claims else None


def _ending(receive: Receive, at: float) -> Receive:
    """Return ``receive``, which disconnects at the time ``at``: the page then signs in again."""

    async def receive_until() -> Message:
        try:
            async with asyncio.timeout(max(0.0, at - time.time())):
                return await receive()
        except TimeoutError:
            return {"type": "websocket.disconnect", "code": _POLICY_VIOLATION}

    return receive_until
