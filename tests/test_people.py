"""Who may do what, and whose name is kept."""

from datetime import datetime

import pandas as pd
import pytest

from catsdogs import people
from catsdogs.background import tasks
from catsdogs.background.tasks import Kind
from catsdogs.dataset import annotations, corrections, labelling
from catsdogs.errors import NotAllowed
from catsdogs.people import Person, Roles
from catsdogs.runs import queue, store
from catsdogs.runs.config import RunConfig
from catsdogs.runs.run import Remarks

NOW = datetime(2030, 1, 1).timestamp()
ROLES = Roles(editors=["ann@example.org", "group:keepers"], viewers=["*@example.org"], hours=1)
ANN = Person("ann@example.org", is_known=True)
VIC = Person("vic@example.org", may_edit=False, is_known=True)
PHOTOS = pd.DataFrame({"path": ["a.jpg"], "digest": ["1"]})


@pytest.fixture(autouse=True)
def places(tmp_path, monkeypatch):
    for name in ("DATA", "ARTIFACTS", "CACHE"):
        monkeypatch.setenv(f"CATSDOGS_{name}", str(tmp_path / name.lower()))


@pytest.mark.parametrize(
    ("claims", "role"),
    [
        ({"email": "ann@example.org"}, "editor"),
        ({"email": "Ann@Example.org"}, "editor"),
        ({"email": "vic@example.org"}, "viewer"),
        ({"email": "eve@example.com"}, None),
        ({"email": "eve@example.org.example.com"}, None),
        # The provider has not checked that it is hers.
        ({"email": "ann@example.org", "email_verified": False}, None),
        ({"email": "eve@example.com", "groups": ["keepers"]}, "editor"),
        ({"email": "group:keepers"}, None),
        ({"groups": ["ann@example.org"]}, None),
        ({"groups": "keepers"}, None),
        ({"email": ["ann@example.org"]}, None),
        ({"name": "ann@example.org"}, None),
        ({}, None),
    ],
)
def test_a_role_follows_from_a_verified_address_or_a_group(claims, role):
    found = ROLES.person({"iat": NOW, **claims}, NOW)
    assert (found and found.role) == role


@pytest.mark.parametrize("issued_at", [NOW - 3600, None, "now"])
def test_a_sign_in_ends_after_its_hours(issued_at):
    assert ROLES.person({"email": "ann@example.org", "iat": issued_at}, NOW) is None
    assert ROLES.person({"email": "ann@example.org", "iat": NOW - 3599}, NOW) is not None


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: annotations.annotate(folder, PHOTOS, annotations.EXCLUDE),
        lambda folder: annotations.import_decisions(folder, []),
        lambda folder: labelling.save(folder, labelling.LabelMap()),
        lambda folder: corrections.keep(b"", "a.jpg", "cat"),
        lambda folder: corrections.undo(b""),
        lambda folder: queue.start(RunConfig("custom_cnn", str(folder))),
        lambda folder: queue.request_stop(None),
        lambda folder: queue.kill(None),
        lambda folder: queue.resume(None),
        lambda folder: queue.extend(None, 1),
        lambda folder: queue.delete(None),
        lambda folder: store.remark(None, Remarks("mine")),
        lambda folder: tasks.start(Kind("download", "nothing"), "x"),
        lambda folder: tasks.cancel(None),
    ],
)
def test_a_viewer_changes_nothing(change, tmp_path):
    before = sorted(tmp_path.rglob("*"))
    with people.acting(VIC), pytest.raises(NotAllowed, match=r"vic@example.org, who is a viewer"):
        change(tmp_path)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_decision_carries_the_name_of_its_person(tmp_path):
    with people.acting(ANN):
        annotations.annotate(tmp_path, PHOTOS, annotations.EXCLUDE)
    assert annotations.in_effect(tmp_path)["a.jpg"].who == "ann@example.org"


def test_without_sign_in_the_user_of_this_machine_acts():
    assert people.current().may_edit
    assert not people.current().is_known
    people.find_with(lambda: VIC)
    try:
        assert people.current() == VIC
        with people.acting(ANN):
            assert people.current() == ANN
        assert people.current() == VIC
    finally:
        people.find_with(None)
