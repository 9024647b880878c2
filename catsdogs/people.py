"""The person who acts, and what they may do.

Without sign-in, this is the user of this machine, who may do everything. With it, the app says who
acts: a role comes from the roles in its settings.
"""

import getpass
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from msgspec import Struct

from catsdogs.errors import NotAllowed

EDITOR, VIEWER = "editor", "viewer"
_GROUP = "group:"


@dataclass(frozen=True)
class Person:
    """A person by name. ``expires_at`` is the time in seconds since 1970 when they sign in again.

    ``is_known`` tells whether a provider of identities vouches for them.
    """

    name: str
    may_edit: bool = True
    is_known: bool = False
    expires_at: float = float("inf")

    @property
    def role(self) -> str:
        """Their role."""
        return EDITOR if self.may_edit else VIEWER


NOBODY = Person("nobody", may_edit=False)


class Roles(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The roles of people. Nobody without one may enter.

    An entry is an e-mail address, in which * stands for any characters, or "group:" and the name of
    a group in the claim ``groups_claim``. After ``hours``, people sign in again.
    """

    editors: list[str] = []
    viewers: list[str] = []
    groups_claim: str = "groups"
    hours: float = 12.0

    def person(self, claims: Mapping[str, Any], now: float) -> Person | None:
        """Return the person with these claims of an ID token; None if they may not enter.

        ``now`` is in seconds since 1970.
        """
        issued_at = claims.get("iat")
        if not isinstance(issued_at, int | float) or now >= issued_at + self.hours * 3600:
            return None
        address, groups = _address(claims), claims.get(self.groups_claim)
        may_edit = _is_among(address, groups, self.editors)
        if not may_edit and not _is_among(address, groups, self.viewers):
            return None
        name = str(claims.get("email") or claims.get("name") or claims.get("sub") or "")
        return Person(name, may_edit, is_known=True, expires_at=issued_at + self.hours * 3600)


_acting: ContextVar[Person | None] = ContextVar("acting", default=None)
_find: Callable[[], Person] | None = None


def current() -> Person:
    """Return the person who acts in this thread."""
    acting = _acting.get()
    if acting is not None:
        return acting
    return _find() if _find else Person(_user())


def require_editor(action: str) -> None:
    """Check that the acting person may change something; ``action`` says what, like "train".

    Raises:
        NotAllowed: when they may only look.
    """
    person = current()
    if not person.may_edit:
        raise NotAllowed(
            f"Expected an editor, to {action}. Received: {person.name}, who is a viewer. Ask for "
            "the role of an editor."
        )


@contextmanager
def acting(person: Person) -> Iterator[None]:
    """Let ``person`` act until the block ends."""
    token = _acting.set(person)
    try:
        yield
    finally:
        _acting.reset(token)


def find_with(find: Callable[[], Person] | None) -> None:
    """Make ``find`` say who acts in a thread, in this process; None: the user of this machine."""
    global _find
    _find = find


def _address(claims: Mapping[str, Any]) -> str:
    """Return the e-mail address; "" without one, or if the provider says it is not verified."""
    email = claims.get("email")
    is_verified = claims.get("email_verified") not in (False, "false")
    return email.lower() if isinstance(email, str) and is_verified else ""


def _is_among(address: str, groups: Any, entries: list[str]) -> bool:
    named = {entry.removeprefix(_GROUP) for entry in entries if entry.startswith(_GROUP)}
    if isinstance(groups, list) and not named.isdisjoint(map(str, groups)):
        return True
    patterns = (entry.lower() for entry in entries if not entry.startswith(_GROUP))
    return bool(address) and any(fnmatchcase(address, pattern) for pattern in patterns)


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"
