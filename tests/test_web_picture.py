"""Pictures from addresses that somebody else chose: only from the public internet, within bounds.

A local server stands in for the internet: an injected lookup names public addresses for it, and an
injected connection leads there.
"""

import datetime
import ipaddress
import socket
import ssl
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hostile import photo

from catsdogs.errors import UnreadableImage
from catsdogs.sources import web_picture
from catsdogs.sources.web_picture import MOST_BYTES, Web, is_public

PUBLIC, OTHER = "93.184.215.14", "8.8.8.8"
PICTURE = photo()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.seen.append((self.path, self.headers["Host"]))
        name, _, rest = self.path.lstrip("/").partition("/")
        getattr(self, f"send_{name.partition('?')[0]}", self.send_nothing)(rest)

    def send_picture(self, _):
        self.send_all(200, PICTURE)

    def send_nothing(self, _):
        self.send_all(404, b"")

    def send_to(self, where):
        self.send_all(302, b"", Location=where)

    def send_chain(self, number):
        if int(number):
            self.send_all(307, b"", Location=f"/chain/{int(number) - 1}")
        else:
            self.send_picture("")

    def send_declared(self, size):
        self.send_response(200)
        self.send_header("Content-Length", size)
        self.end_headers()
        self.wfile.write(b"x" * 10)
        self.close_connection = True

    def send_endless(self, _):
        self.send_response(200)
        self.end_headers()
        self.close_connection = True
        with_bytes = b"x" * (1 << 20)
        try:
            for _ in range(40):
                self.wfile.write(with_bytes)
        except OSError:
            return

    def send_drip(self, _):
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        try:
            for _ in range(100):
                self.wfile.write(b"x")
                time.sleep(0.1)
        except OSError:
            return

    def send_all(self, status, content, **headers):
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@contextmanager
def serving(context=None):
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.seen, server.daemon_threads, server.block_on_close = [], True, False
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def server():
    with serving() as server:
        yield server


@pytest.fixture
def internet(server):
    return Internet(server)


class Internet:
    """Leads every public address to the local server; remembers lookups and connections."""

    def __init__(self, server, **hosts):
        server.seen.clear()
        self.server, self.hosts, self.looked_up, self.connected = server, hosts, [], []

    def resolve(self, host, port):
        self.looked_up.append(host)
        found = self.hosts.get(host)
        if callable(found):
            return found()
        try:
            # As the system's own: it understands 127.1, 0x7f.1 and 2130706433.
            return found or [ipaddress.ip_address(host).exploded]
        except ValueError:
            pass
        try:
            return [socket.inet_ntoa(socket.inet_aton(host))]
        except OSError:
            return [PUBLIC]

    def connect(self, address, port, timeout_s):
        self.connected.append(address)
        return socket.create_connection(self.server.server_address[:2], timeout_s)

    def web(self, **more):
        return Web(self.resolve, self.connect, **more)

    def read(self, url, **more):
        return web_picture.read(url, web=self.web(**more))


def refusal(internet, url, **more):
    with pytest.raises(UnreadableImage) as caught:
        internet.read(url, **more)
    return caught.value


def test_a_picture_is_read_with_one_lookup(internet):
    assert internet.read("http://pets.example/picture/a.jpg?size=2#top") == PICTURE
    assert internet.looked_up == ["pets.example"]
    assert internet.connected == [PUBLIC]
    assert internet.server.seen == [("/picture/a.jpg?size=2", "pets.example")]


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.1", "0x7f.1", "0x7f000001", "2130706433", "017700000001", "0177.0.0.1"),
        *("0.0.0.0", "0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
        *("192.0.2.1", "198.18.0.1", "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
        *("[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:10.0.0.1]"),
        *("[::127.0.0.1]", "[64:ff9b::7f00:1]", "[64:ff9b:1::a00:1]", "[2002:7f00:1::]"),
        *("[2001:0:53aa:64c:0:fbff:80ff:fffe]", "[fe80::1]", "[fe80::1%25eth0]", "[fec0::1]"),
        *("[fc00::1]", "[ff02::1]", "[2001:db8::1]", "127.0.0.1.", "①②⑦.⓪.⓪.①"),
    ],
)
def test_an_address_that_is_not_public_is_refused_before_a_connection(internet, host):
    for scheme in ("http", "https"):
        assert refusal(internet, f"{scheme}://{host}:80/picture").code == "not_fetched"
    assert internet.connected == []


@pytest.mark.parametrize(
    "host", ["127.1", "0x7f000001", "2130706433", "017700000001", "localhost", "localhost.", "0"]
)
def test_the_systems_own_lookup_leads_nowhere_private(server, host):
    server.seen.clear()
    with pytest.raises(UnreadableImage, match="not on the public internet"):
        web_picture.read(f"http://{host}:{server.server_address[1]}/picture")
    assert server.seen == []


@pytest.mark.parametrize(
    "found", [["127.0.0.1"], [PUBLIC, "127.0.0.1"], ["::1", PUBLIC], ["fe80::1%eth0"], ["x"], []]
)
def test_a_name_with_any_address_that_is_not_public_is_refused(server, found):
    internet = Internet(server, **{"pets.example": lambda: found})
    assert "not on the public internet" in str(refusal(internet, "http://pets.example/picture"))
    assert internet.connected == []


def test_a_name_that_changes_after_the_check_leads_nowhere_else(server):
    answers = iter([[PUBLIC], ["127.0.0.1"], ["127.0.0.1"]])
    internet = Internet(server, **{"rebinding.example": lambda: next(answers)})
    assert internet.read("http://rebinding.example/picture") == PICTURE
    assert internet.connected == [PUBLIC]
    # It has changed: a new request, and a redirect to the same name, are checked again.
    assert refusal(internet, "http://rebinding.example/picture").code == "not_fetched"
    answers = iter([[PUBLIC], ["127.0.0.1"]])
    internet = Internet(server, **{"rebinding.example": lambda: next(answers)})
    assert refusal(internet, "http://rebinding.example/to/http://rebinding.example/picture")
    assert internet.connected == [PUBLIC]


@pytest.mark.parametrize(
    "where",
    [
        *("http://127.0.0.1/picture", "http://[::ffff:10.0.0.1]/picture", "//127.0.0.1/picture"),
        *(
            "http://0x7f.1/picture",
            "file:///etc/passwd",
            "ftp://pets.example/picture",
            "gopher://x",
        ),
        *(
            "http://user@pets.example/picture",
            "data:image/png;base64,AA",
            "http://169.254.169.254/",
        ),
    ],
)
def test_a_redirect_is_checked_like_the_first_address(internet, where):
    assert refusal(internet, f"http://pets.example/to/{where}").code == "not_fetched"
    assert [path for path, _ in internet.server.seen] == [f"/to/{where}"]


def test_a_few_redirects_are_followed(internet):
    assert internet.read("http://pets.example/chain/5") == PICTURE
    assert "redirects" in str(refusal(internet, "http://pets.example/chain/6"))


@pytest.mark.parametrize(
    "url",
    [
        *(
            "file:///etc/passwd",
            "ftp://pets.example/a.jpg",
            "gopher://pets.example",
            "//pets.example",
        ),
        *("http:///a.jpg", "http://", "pets.example/a.jpg", "jar:http://pets.example!/a.jpg", ""),
        *(
            "http://pets.example@127.0.0.1/",
            "http://127.0.0.1@pets.example/",
            "http://a:b@x.example",
        ),
        *(
            "http://pets.example\\@127.0.0.1/",
            "http://pets.example/a b",
            "http://pets.example/\r\nX: 1",
        ),
        *(
            "http://pets.example:99999/",
            "http://pets.example:x/",
            "http://[::1/",
            "http://é%00.example/",
        ),
        *("http://%31%32%37.0.0.1/", "http://..example/", f"http://{'a' * 64}.example/"),
    ],
)
def test_an_address_that_can_be_read_in_two_ways_is_refused(internet, url):
    assert refusal(internet, url).code == "not_fetched"
    assert internet.connected == []


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("nothing", "not_fetched"),
        (f"declared/{MOST_BYTES + 1}", "too_large"),
        ("declared/100", "not_fetched"),
        ("endless", "too_large"),
    ],
)
def test_a_bad_answer_has_its_reason(internet, path, code):
    assert refusal(internet, f"http://pets.example/{path}").code == code


def test_a_slow_server_is_left_in_time(internet):
    assert "within 0.5 s" in str(refusal(internet, "http://pets.example/drip", most_s=0.5))


def test_a_slow_lookup_is_left_in_time(server):
    is_over = threading.Event()
    internet = Internet(server, **{"slow.example": lambda: is_over.wait(60) and [PUBLIC]})
    assert "within 0.2 s" in str(refusal(internet, "http://slow.example/picture", most_s=0.2))
    is_over.set()


def test_a_dead_address_leads_to_the_next_one(server):
    internet = Internet(server, **{"pets.example": lambda: [OTHER, PUBLIC]})

    def connect(address, port, timeout_s):
        if address == OTHER:
            raise ConnectionRefusedError
        return internet.connect(address, port, timeout_s)

    web = Web(internet.resolve, connect)
    assert web_picture.read("http://pets.example/picture", web=web) == PICTURE


def test_https_needs_a_certificate_of_the_name(tmp_path):
    pytest.importorskip("cryptography", reason="cannot make a certificate without it")
    trusted, own = certificate("pets.example", tmp_path)
    with serving(own) as server:
        internet = Internet(server)
        assert (
            internet.read("https://pets.example/picture", certificates=lambda: trusted) == PICTURE
        )
        wrong = refusal(internet, "https://other.example/picture", certificates=lambda: trusted)
        unknown = refusal(internet, "https://pets.example/picture")
        down = "https://pets.example/to/http://pets.example/picture"
        lower = refusal(internet, down, certificates=lambda: trusted)
    assert "certificate" in str(wrong)
    assert "certificate" in str(unknown)
    assert "from https to http" in str(lower)


def certificate(host, folder):
    """Return two contexts: one that trusts a new certificate of ``host``, one that shows it."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = made.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file = folder / "both.pem"
    file.write_bytes(private + pem)
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own.load_cert_chain(file)
    return ssl.create_default_context(cadata=pem.decode()), own


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700:4700::1111", "::ffff:1.1.1.1"])
def test_a_public_address_is_public(address):
    assert is_public(address)
