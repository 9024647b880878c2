"""Serve on an address until the process is asked to end."""

import os
import socket
from collections.abc import Callable, Sequence
from ipaddress import ip_address

import uvicorn

from catsdogs.errors import CatsDogsError, ConfigError
from catsdogs.service.application import application
from catsdogs.service.guard import (
    ADVICE,
    LOCAL_NAME,
    TOKEN_VARIABLE,
    access,
    configured_token,
    is_loopback,
)
from catsdogs.service.service import Models, Service
from catsdogs.system.allocator import return_large_blocks

DEFAULT_ADDRESS, DEFAULT_PORT = "127.0.0.1", 8502
# Idle connections end after so long; the answers that are left get so long when the server ends.
_IDLE_S, _END_S = 30, 5
_MOST_CONNECTIONS, _BACKLOG = 256, 512


def serve(
    address: str,
    port: int,
    *,
    names: Sequence[str],
    runs: Sequence[str],
    say: Callable[[str], None],
) -> None:
    """Serve the runs, by default the best of each model, until the process is asked to end.

    ``port`` 0 takes a free one. ``names`` are further host names of the service. ``say`` gets the
    address once the server accepts connections, and the reason if no run can answer yet.

    Raises:
        ConfigError: for an address or a port that cannot be used, and for one that others can
            reach if there is no token.
        RunError: for one of ``runs`` that does not exist, or cannot be loaded.
    """
    token = configured_token()
    address = _required_address(address, token)
    return_large_blocks()
    # Arrow's own allocator reserves 8 MB, which it does not need for one column of a run.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    service = Service(access(address, names, token), Models(runs))
    config = uvicorn.Config(
        application(service),
        log_config=None,  # It would close the handlers that the process has.
        log_level="warning",
        access_log=False,  # The names of files are not kept.
        proxy_headers=False,  # The guard asks for the real peer.
        server_header=False,
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_keep_alive=_IDLE_S,
        timeout_graceful_shutdown=_END_S,
    )
    with _listening(address, port) as listening:
        _load(service, must_work=bool(runs), say=say)
        host = f"[{address}]" if ":" in address else address
        say(f"Serving on http://{host}:{listening.getsockname()[1]}. Press Ctrl-C to stop.")
        uvicorn.Server(config).run(sockets=[listening])


def _required_address(address: str, token: str) -> str:
    """Return the address to listen on, as a number."""
    address = DEFAULT_ADDRESS if address == LOCAL_NAME else address
    try:
        ip_address(address)
    except ValueError:
        raise ConfigError(
            f"Expected an IP address, like {DEFAULT_ADDRESS} or 0.0.0.0. Received: {address!r}."
        ) from None
    if not token and not is_loopback(address):
        raise ConfigError(
            f"Expected a token in {TOKEN_VARIABLE}, because other machines can reach {address}. "
            f"Received: none. {ADVICE}"
        )
    return address


def _listening(address: str, port: int) -> socket.socket:
    if not 0 <= port <= 65535:
        raise ConfigError(f"Expected a port from 0 to 65535. Received: {port}.")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        listening = socket.create_server((address, port), family=family, backlog=_BACKLOG)
        # Connections inherit it. asyncio sets it only for sockets that name their protocol, and
        # without it the end of each answer waits 40 ms for the client's acknowledgement.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listening
    except OSError as error:
        raise ConfigError(
            f"Expected a free port on {address}. Received: {port}, which cannot be used "
            f"({error.strerror}). Choose another one with --port."
        ) from None


def _load(service: Service, *, must_work: bool, say: Callable[[str], None]) -> None:
    """Load the runs, so that the first request does not wait."""
    try:
        service.models.panel()
    except (CatsDogsError, OSError) as error:
        if must_work:
            raise
        # Others can be trained through the service.
        say(str(error))
