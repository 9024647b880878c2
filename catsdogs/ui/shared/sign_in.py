"""Signing in with a provider of identities (OpenID Connect), if the app's settings name one.

``.streamlit/secrets.toml`` holds the provider in ``[auth]``, as Streamlit documents it, and the
people in ``[roles]``.
"""

import sys
import time
from collections.abc import Mapping
from functools import cache
from typing import Any

import msgspec
import streamlit as st

from catsdogs import people
from catsdogs.people import Person, Roles
from catsdogs.text import literal
from catsdogs.ui.shared import streamlit_internals

_AUTH, _ROLES = "auth", "roles"


def is_on() -> bool:
    """Return whether people have to sign in."""
    return bool(st.secrets.load_if_toml_exists()) and _AUTH in st.secrets


def prepare() -> None:
    """Let the app know who acts. Settings that let nobody in end the process."""
    if not is_on():
        return
    if not streamlit_internals.can_sign_in():
        sys.exit(
            "Expected the packages of the extra auth, because secrets.toml has [auth]. Received: "
            "no Authlib. Run: pip install -r requirements-auth.txt"
        )
    _roles()
    people.find_with(_acting)


def person(claims: Mapping[str, Any]) -> Person | None:
    """Return the person with these claims; None if they may not enter, or not any longer."""
    return _roles().person(claims, time.time())


def require() -> None:
    """Show a button to sign in, and end the page, unless somebody with a role has signed in."""
    if not is_on() or person(st.user.to_dict()) is not None:
        return
    st.title("Cats vs Dogs", anchor=False)
    if st.user.is_logged_in and _is_fresh():
        st.error(
            f"{literal(_name())} may not use this app. Ask its owner for a role, then sign in "
            "again."
        )
    else:
        st.caption("Sign in to see the photos and the models.")
    st.button("Sign in", key="sign_in", type="primary", icon=":material/login:", on_click=st.login)
    st.stop()


def account() -> None:
    """Show who has signed in, with which role, and a button to sign out."""
    if not is_on():
        return
    who = people.current()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f":material/person: {literal(who.name)}, {who.role}", width="stretch")
        st.button("Sign out", key="sign_out", type="tertiary", on_click=st.logout)


def _acting() -> Person:
    return person(st.user.to_dict()) or people.NOBODY


def _is_fresh() -> bool:
    """Return whether the sign-in has not expired, so that the role is what is missing."""
    everyone = msgspec.structs.replace(_roles(), viewers=["*"])
    return everyone.person({**st.user.to_dict(), "email": "anyone"}, time.time()) is not None


def _name() -> str:
    claims = st.user.to_dict()
    return str(claims.get("email") or claims.get("name") or claims.get("sub") or "This account")


@cache
def _roles() -> Roles:
    """Return the roles in the settings, read once."""
    given = st.secrets.get(_ROLES, {})
    try:
        roles = msgspec.convert(given.to_dict() if given else {}, Roles)
    except msgspec.ValidationError as error:
        sys.exit(f"Expected editors and viewers in [roles] of secrets.toml. Received: {error}.")
    if not roles.editors and not roles.viewers:
        sys.exit(
            "Expected editors or viewers in [roles] of secrets.toml, because it has [auth]. "
            'Received: nobody. Add for example: editors = ["ann@example.org"]'
        )
    return roles
