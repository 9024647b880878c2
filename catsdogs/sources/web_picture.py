"""One picture from a public web address. Somebody else may have chosen the address.

An address could make this machine fetch what only it can reach: a router, another service, the
credentials of a cloud (server-side request forgery). So each host is looked up once, all its
addresses must be public, and the connection goes to one of those that were checked. A later lookup
cannot lead elsewhere, and each redirect is checked in the same way. Proxies are not used.
"""

import ipaddress
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPResponse
from urllib.parse import SplitResult, urljoin, urlsplit

from catsdogs.errors import UnreadableImage
from catsdogs.sources import http

MOST_BYTES, MOST_S = 25 << 20, 10.0
_MOST_REDIRECTS = 5
_CHUNK_BYTES = 1 << 16
_SCHEME = re.compile(r"(?i)https?://")
_REDIRECTS = (301, 302, 303, 307, 308)
_PORTS = {"http": 80, "https": 443}
# Addresses with an IPv4 address inside: 6to4, Teredo, and NAT64 with its local prefix.
_TRANSLATED = tuple(
    map(ipaddress.ip_network, ("2002::/16", "2001::/32", "64:ff9b::/96", "64:ff9b:1::/48"))
)
IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


def resolve(host: str, port: int) -> list[str]:
    """Return the IP addresses of a host.

    Raises:
        OSError: if it has none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def connect(address: str, port: int, timeout_s: float) -> socket.socket:
    """Return a connection to an IP address.

    Raises:
        OSError: if there is none.
    """
    return socket.create_connection((address, port), timeout_s)


@dataclass(frozen=True)
class Web:
    """The network: the lookup of a host, a connection to an address, the trusted certificates."""

    resolve: Callable[[str, int], list[str]] = resolve
    connect: Callable[[str, int, float], socket.socket] = connect
    certificates: Callable[[], ssl.SSLContext] = ssl.create_default_context
    most_s: float = MOST_S


@dataclass
class _Visit:
    """A visit to an address and those that it leads to, until the time ``ends_at``."""

    web: Web
    ends_at: float
    # To end them while another thread waits for them.
    sockets: list[socket.socket] = field(default_factory=list)

    def left_s(self) -> float:
        """Return the time left.

        Raises:
            UnreadableImage: when it is over.
        """
        left_s = self.ends_at - time.monotonic()
        if left_s <= 0:
            raise _failure(f"no whole picture within {self.web.most_s:g} s")
        return left_s


def is_address(text: str) -> bool:
    """Return whether ``text`` is an address of the web rather than a path."""
    return bool(_SCHEME.match(text.strip()))


def read(url: str, *, web: Web | None = None) -> bytes:
    """Return the content at a public address.

    Raises:
        UnreadableImage: ``not_fetched`` with the reason, or ``too_large``.
    """
    web = web or Web()
    visit = _Visit(web, time.monotonic() + web.most_s)

    def require_time() -> None:
        visit.left_s()

    try:
        return http.awaited(lambda: _followed(url.strip(), visit), require_time)
    finally:
        for opened in visit.sockets:
            with suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)
            opened.close()


def is_public(text: str) -> bool:
    """Return whether an IP address is one of the public internet."""
    try:
        address: IPAddress = ipaddress.ip_address(text)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(str(address.ipv4_mapped))
        # An IPv4 address in the last bits, in the form that is no longer used.
        is_translated = any(address in network for network in _TRANSLATED)
        if is_translated or address.is_site_local or not int(address) >> 32:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _followed(url: str, visit: _Visit) -> bytes:
    for _ in range(_MOST_REDIRECTS + 1):
        try:
            found = _fetched(url, visit)
        except (OSError, HTTPException, ssl.SSLError) as error:
            visit.left_s()
            raise _failure(f"a connection that failed ({error or type(error).__name__})") from None
        if isinstance(found, bytes):
            return found
        if _scheme(url) == "https" and _scheme(found) == "http":
            raise _failure("a redirect from https to http")
        url = found
    raise _failure(f"more than {_MOST_REDIRECTS} redirects")


def _fetched(url: str, visit: _Visit) -> bytes | str:
    """Return the content at an address, or the address that it redirects to."""
    parts, host, port = _parsed(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    with closing(HTTPConnection(host, port)) as connection:
        # It connects only if it has no socket.
        connection.sock = _connected(parts.scheme, host, port, visit)
        connection.auto_open = 0
        headers = {"Host": parts.netloc, "Accept": "image/*", "Accept-Encoding": "identity"}
        connection.request("GET", target, headers={**headers, "User-Agent": "catsdogs"})
        with closing(connection.getresponse()) as response:
            location = response.headers.get("Location")
            if response.status in _REDIRECTS and location:
                return urljoin(url, location)
            if response.status != 200:
                raise _failure(f"HTTP {response.status} {response.reason}".rstrip())
            return b"".join(_chunks(response, visit))


def _parsed(url: str) -> tuple[SplitResult, str, int]:
    """Return the parts of an address, its host as ASCII, and its port."""
    try:
        if any(character <= " " or character in "\\\x7f" for character in url):
            raise ValueError("a space, a backslash or a control character")
        parts = urlsplit(url)
        if parts.scheme not in _PORTS:
            raise ValueError(f"the scheme {parts.scheme or 'none'!r}; http and https work")
        if "@" in parts.netloc:
            raise ValueError("a name or a password before the host")
        host = (parts.hostname or "").rstrip(".")
        if "%" in host or not host:
            raise ValueError("no usable host")
        ascii_host = host if ":" in host else host.encode("idna").decode()
        path_and_query = f"{parts.path}?{parts.query}"
        path_and_query.encode("ascii")
        return parts, ascii_host, parts.port or _PORTS[parts.scheme]
    except ValueError as error:
        raise _failure(f"{url[:200]!r} ({error})") from None


def _connected(scheme: str, host: str, port: int, visit: _Visit) -> socket.socket:
    """Return a connection to an address of the host that was checked."""
    try:
        found = visit.web.resolve(host, port)
    except (OSError, UnicodeError):
        raise _failure(f"no address for {host} (DNS)") from None
    if not found or not all(map(is_public, found)):
        raise _failure(f"{host}, which is not on the public internet")
    for number, address in enumerate(found, start=1):
        try:
            plain = visit.web.connect(address, port, visit.left_s())
        except OSError:
            if number == len(found):
                raise
        else:
            break
    visit.sockets.append(plain)
    if scheme == "http":
        return plain
    secure = visit.web.certificates().wrap_socket(plain, server_hostname=host)
    visit.sockets.append(secure)
    return secure


def _chunks(response: HTTPResponse, visit: _Visit) -> Iterator[bytes]:
    declared = response.headers.get("Content-Length", "")
    if declared.isdecimal() and int(declared) > MOST_BYTES:
        raise _too_large()
    size = 0
    while chunk := response.read1(_CHUNK_BYTES):
        visit.left_s()
        size += len(chunk)
        if size > MOST_BYTES:
            raise _too_large()
        yield chunk
    if declared.isdecimal() and size < int(declared):
        raise _failure("a part of a file")


def _scheme(url: str) -> str:
    return url.partition(":")[0].lower()


def _failure(received: str) -> UnreadableImage:
    return UnreadableImage(
        "not_fetched",
        f"Expected a picture at a public web address. Received: {received}. Save the picture, and "
        "give the file.",
    )


def _too_large() -> UnreadableImage:
    return UnreadableImage(
        "too_large", f"Expected at most {MOST_BYTES >> 20} MB per picture. Received: more."
    )
