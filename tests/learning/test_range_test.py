"""The learning-rate range test as a real process, on a small drawn sample."""

import math
import time

import numpy as np
import pandas as pd
import pytest

from catsdogs import paths
from catsdogs.background import tasks
from catsdogs.background.tasks import TaskState
from catsdogs.dataset import index
from catsdogs.dataset.split import split
from catsdogs.learning import range_test
from catsdogs.runs import range_test as rates
from catsdogs.runs.config import RunConfig
from catsdogs.sources import sample

pytestmark = pytest.mark.slow


@pytest.fixture
def photos(tmp_path):
    """Forty drawings."""
    folder = tmp_path / "photos"
    sample.draw_sample(folder, images=40)
    return folder


def wait_for(subject, condition):
    deadline = time.monotonic() + 300
    while not condition(task := tasks.find(rates.KIND, subject)):
        assert time.monotonic() < deadline, task
        time.sleep(0.05)
    return task


def has_ended(task):
    return not task.is_running


def outcome(config):
    subject = rates.subject(config)
    assert tasks.start(rates.KIND, subject).is_running
    return wait_for(subject, has_ended)


@pytest.mark.parametrize(
    "model", [pytest.param("custom_cnn", marks=pytest.mark.long), "mobilenet_v2"]
)
def test_a_test_gives_a_loss_for_each_rate(model, photos, request, monkeypatch):
    if model == "mobilenet_v2":
        weights = request.getfixturevalue("imagenet_weights")
        monkeypatch.setenv("CATSDOGS_MOBILENET_WEIGHTS", str(weights))
        request.getfixturevalue("put_backbone")(weights, paths.cache_dir())
    config = RunConfig(model, str(photos), batch_size=8)
    task = outcome(config)
    assert (task.state, task.message) == (TaskState.DONE, "")
    found = task.result
    count = len(found["rates"])
    assert found["rates"] == rates.rising()[:count]
    assert len(found["losses"]) == len(found["smoothed"]) == count
    assert all(map(math.isfinite, found["losses"]))
    # It learned, and then it learned too fast.
    assert min(found["smoothed"]) < found["smoothed"][0]
    assert rates.has_exploded(found["losses"]) or count == rates.STEPS
    assert found["suggested"] == rates.suggested(found["rates"], found["losses"])
    train, validation = sides(photos, config)
    assert found["images"] == len(train)
    assert cached_digests() == set(train) - set(validation)


def test_a_stop_request_ends_it(photos):
    subject = rates.subject(RunConfig("custom_cnn", str(photos)))
    tasks.start(rates.KIND, subject)
    tasks.cancel(wait_for(subject, lambda task: task.phase == "fit"))
    task = wait_for(subject, has_ended)
    assert (task.state, task.result) == (TaskState.CANCELLED, None)


def test_a_dataset_without_photos_is_an_error(tmp_path):
    (tmp_path / "empty").mkdir()
    task = outcome(RunConfig("custom_cnn", str(tmp_path / "empty")))
    assert task.state is TaskState.FAILED
    assert task.message.startswith("Expected different photos of both classes")


def test_no_more_photos_are_drawn_than_the_test_needs_and_of_each_class_some():
    labels = np.r_[np.zeros(1000, int), np.ones(3, int)]
    groups = [f"picture {number}" for number in range(len(labels))]
    records = pd.DataFrame({"label": labels, "group": groups})
    config = RunConfig("custom_cnn", "/photos", batch_size=1, validation=0.4)
    drawn = range_test._drawn(records, config)
    assert rates.STEPS - 2 <= len(drawn) <= rates.STEPS
    assert set(drawn["label"]) == {0, 1}
    train = split(records, config.split_rule).train
    assert set(drawn["group"]) <= set(records["group"].iloc[train])
    pd.testing.assert_frame_equal(drawn, range_test._drawn(records, config))


def sides(photos, config):
    """Return the digests of the training and of the validation photos."""
    usable = index.scan(photos).usable
    found = split(usable, config.split_rule)
    return [list(usable["digest"].iloc[side]) for side in (found.train, found.validation)]


def cached_digests():
    """Return the digests of all photos that were decoded or embedded on this machine."""
    shards = [*paths.cache_dir().glob("pixels/*/*.npy"), *paths.cache_dir().glob("embed*/*/*.npy")]
    return {digest.decode() for shard in shards for digest in np.load(shard)["digest"]}
