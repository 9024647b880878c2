"""Access: only to this service's own host names, not from other web pages, and with a token.

A web page that somebody visits can send requests to this machine. Its ``Origin`` is foreign, or,
if its own name leads to this machine (DNS rebinding), its ``Host`` is. Programs send no origin.
"""

import hmac
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from catsdogs import people
from catsdogs.errors import ConfigError
from catsdogs.people import Person
from catsdogs.service.metrics import Metrics
from catsdogs.service.refusals import Refused, response

TOKEN_VARIABLE = "CATSDOGS_API_TOKEN"
LOCAL_NAME = "localhost"
ADVICE = (
    f"Set one: export {TOKEN_VARIABLE}=$(python -c 'import secrets; print(secrets.token_hex())')"
)
_SHORTEST_TOKEN = 16
_PROGRAM = Person("a program with the token", is_known=True)
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")


@dataclass(frozen=True)
class Access:
    """The address that the service listens on, its further names, and its token ("" for none).

    Where people sign in, ``identify`` finds the one whose request has these headers.
    """

    address: str
    names: frozenset[str] = frozenset()
    token: str = ""
    identify: Callable[[Headers], Person | None] | None = None

    @property
    def is_local(self) -> bool:
        """Whether only this machine can connect."""
        return is_loopback(self.address)

    def require(self, headers: Headers, peer: str) -> Person:
        """Check a request from the address ``peer``, and return who sent it.

        Raises:
            Refused: 403 for a foreign host or origin, 401 without the right token.
        """
        self.require_own_name(headers)
        given = headers.get("authorization")
        if given is not None:
            if not self.accepts(given):
                raise _unauthorized("another one")
            return _PROGRAM if self.identify else people.current()
        if self.identify:
            person = self.identify(headers)
            if person is None:
                raise _unauthorized("none, and nobody has signed in")
            return person
        is_here = self.is_local and is_loopback(_host(headers))
        if not (is_here and _is_direct(headers, peer)):
            raise _unauthorized("none")
        return people.current()

    def require_page(self, headers: Headers) -> None:
        """Check that a page of this server sent a request, after signing in where people do that.

        Raises:
            Refused: 403 for a foreign host or origin, 401 if nobody has signed in.
        """
        self.require_own_name(headers)
        if self.identify and self.identify(headers) is None:
            raise _unauthorized("none, and nobody has signed in")

    def require_own_name(self, headers: Headers) -> None:
        """Check that a request is to this server, and not from a page of another one.

        Raises:
            Refused: 403 for a foreign host or origin.
        """
        self._require_host(_host(headers))
        _require_origin(headers)

    def accepts(self, authorization: str) -> bool:
        """Return whether the value of an ``Authorization`` header has the token."""
        scheme, _, given = authorization.partition(" ")
        is_same = hmac.compare_digest(given.strip().encode(), self.token.encode())
        return is_same and bool(self.token) and scheme.lower() == "bearer"

    def require_token(self, headers: Headers) -> None:
        """Check that a request has the token, wherever it comes from, unless people sign in.

        Raises:
            Refused: 403 if the service has none, 401 if the request has not.
        """
        if self.identify:
            return
        if not self.token:
            raise Refused(
                403,
                "no_token",
                f"Expected a token. Received: a service without one. Set {TOKEN_VARIABLE} and "
                "start it again.",
            )
        if not self.accepts(headers.get("authorization", "")):
            raise _unauthorized("none, or another one")

    def _require_host(self, host: str) -> None:
        # No name leads to an address, so a web page cannot pretend to be one.
        own = is_loopback(host) or host in self.names or (not self.is_local and _is_address(host))
        if not own:
            raise Refused(
                403,
                "foreign_host",
                f"Expected the name of this service as Host. Received: {host[:100]!r}. Give "
                "it this name: serve --allowed-host, or server.allowedHosts of the app.",
            )


class Guard:
    """Passes the requests on that ``access`` allows."""

    def __init__(self, app: ASGIApp, access: Access, metrics: Metrics) -> None:
        self._app, self._access, self._metrics = app, access, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        if scope["type"] == "http":
            peer = (scope.get("client") or ("",))[0]
            try:
                person = self._access.require(Headers(scope=scope), peer)
            except Refused as refused:
                self._metrics.count_refusal(refused.code)
                await response(refused, scope["path"])(scope, receive, send)
                return
            with people.acting(person):
                await self._app(scope, receive, send)
            return
        await self._app(scope, receive, send)


def access(
    address: str,
    names: Iterable[str],
    token: str,
    *,
    identify: Callable[[Headers], Person | None] | None = None,
) -> Access:
    """Return the access to a service on ``address``; ``names`` are compared in lower case."""
    return Access(address, frozenset(name.lower() for name in names), token, identify)


def configured_token() -> str:
    """Return the token that programs need; "" if there is none.

    Raises:
        ConfigError: when it is too short.
    """
    token = os.environ.get(TOKEN_VARIABLE, "").strip()
    if token and len(token) < _SHORTEST_TOKEN:
        raise ConfigError(
            f"Expected a token of at least {_SHORTEST_TOKEN} characters in {TOKEN_VARIABLE}. "
            f"Received: one of {len(token)}. {ADVICE}"
        )
    return token


def is_loopback(host: str) -> bool:
    """Return whether a name or an address means this machine, as seen from itself."""
    if not _is_address(host):
        return host == LOCAL_NAME
    address = ip_address(host)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_direct(headers: Headers, peer: str) -> bool:
    """Return whether a program on this machine asks, and no proxy on behalf of others."""
    return is_loopback(peer) and not any(name in headers for name in _FORWARDED)


def _require_origin(headers: Headers) -> None:
    origin = headers.get("origin")
    if origin is None:
        return
    _, _, place = origin.lower().partition("://")
    if place != headers.get("host", "").lower():
        raise Refused(
            403,
            "foreign_origin",
            f"Expected a request from a program. Received: one from the web page of "
            f"{origin[:100]!r}. Other pages may not use this service.",
        )


def _host(headers: Headers) -> str:
    return _name(f"//{headers.get('host', '')}")


def _name(address: str) -> str:
    """Return the name of "//name:port" in lower case; "" if it has none."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _unauthorized(received: str) -> Refused:
    return Refused(
        401,
        "token",
        f"Expected the header Authorization: Bearer, with the token in {TOKEN_VARIABLE} of the "
        f"service. Received: {received}.",
        headers={"WWW-Authenticate": "Bearer"},
    )
