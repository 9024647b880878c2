"""A run in words: its settings as they were in effect, and where it comes from."""

import json

import pytest

from catsdogs.runs import in_words, layout, store

CONFIG = {
    "run_id": "run-1",
    "created_at": "2026-05-04T10:30:00+00:00",
    "dataset": {"name": "photos", "fingerprint": "f"},
    "config": {"model": "custom_cnn", "data": "/photos", "epochs": 4},
}
STARTED = {"event": "started", "pid": 5, "pid_started_at": 1.0}
EPOCH = {"event": "epoch", "loss": 1.0, "accuracy": 0.5, "val_loss": 0.9, "val_accuracy": 0.6}


@pytest.fixture
def run(tmp_path):
    """Return a function that writes a run with these events, and loads it."""

    def written(*events, **config):
        folder = tmp_path / "artifacts" / "run-1"
        folder.mkdir(parents=True)
        content = {**CONFIG, "config": {**CONFIG["config"], **config}}
        (folder / layout.CONFIG).write_text(json.dumps(content))
        timed = [{"t": float(at), **event} for at, event in enumerate(events)]
        (folder / layout.EVENTS).write_text("".join(f"{json.dumps(one)}\n" for one in timed))
        return store.load(folder)

    return written


def test_settings_are_those_that_counted(run):
    words = in_words.settings(run({"event": "queued"}, dropout=0.25))
    assert words["Dropout"] == "0.25"
    assert words["Model"] == "Custom CNN"
    assert "Fine-tuned part" not in words


def test_a_resumption_is_told_from_the_next_stage_of_a_fit(run):
    resumed = {"event": "resumed", "epoch": 3, "step": 7}
    stage = {"event": "resumed", "epoch": 4, "step": 0}
    found = run({"event": "queued"}, STARTED, {**EPOCH, "epoch": 1}, STARTED, resumed, stage)
    sentences = in_words.lineage(found)
    assert sentences == [
        "Started on 04 May 2026 at 10:30, from random weights.",
        "Resumed with epoch 3, after batch 7.",
    ]


def test_an_extension_is_no_resumption(run):
    more = {"event": "queued", "extend": 2, "at": 4}
    begun = {"event": "resumed", "epoch": 5, "step": 0}
    sentences = in_words.lineage(run({"event": "queued"}, STARTED, more, STARTED, begun))
    assert sentences[1:] == ["Continued after epoch 4 for 2 more epochs."]
