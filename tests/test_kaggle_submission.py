"""A submission to Kaggle: its rows, its probabilities, and the loss that it promises."""

import csv
import io
import shutil

import numpy as np
import pytest
from conftest import command_line
from sklearn.metrics import log_loss

from catsdogs.errors import ConfigError, UnreadableImage
from catsdogs.evaluation.clipping import clip
from catsdogs.inference.answers import Seen
from catsdogs.inference.kaggle import are_numbered, clip_of, submission
from catsdogs.inference.panel import Answer
from catsdogs.runs import store


def answers(count, *, seed, wrong=0.02):
    """Labels and confident probabilities, of which a few are wrong."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 2, count)
    sure = 1 - 10.0 ** -generator.uniform(1, 7, count)
    is_right = generator.random(count) >= wrong
    return labels, np.where(labels == is_right, sure, 1 - sure)


def test_the_clip_lowers_the_loss_on_new_photos_and_promises_it():
    bounds = clip(*answers(4000, seed=1))
    labels, p_dog = answers(20_000, seed=2)
    clipped = np.array([bounds(p) for p in p_dog])
    found = log_loss(labels, clipped)
    assert found < log_loss(labels, p_dog) - 0.05
    assert bounds.expected.low < found < bounds.expected.high
    assert bounds.unclipped == pytest.approx(log_loss(*answers(4000, seed=1)))


def test_probabilities_that_are_never_wrong_are_hardly_clipped():
    bounds = clip(*answers(4000, seed=1, wrong=0))
    assert bounds.least < 1e-5


def test_probabilities_that_are_right_as_they_are_are_not_clipped():
    generator = np.random.default_rng(5)

    def least():
        # As calibrated as can be: each label has its probability.
        p_dog = 1 / (1 + np.exp(-generator.normal(0, 6, 2000)))
        return clip((generator.random(2000) < p_dog).astype(int), p_dog).least

    assert max(least() for _ in range(12)) < 1e-5


def test_the_clip_that_is_chosen_is_the_best_one():
    labels, p_dog = answers(3000, seed=4)
    bounds = clip(labels, p_dog)

    def loss(least):
        return log_loss(labels, np.clip(p_dog, least, 1 - least))

    assert loss(bounds.least) < min(loss(bounds.least / 1.5), loss(bounds.least * 1.5))


class Run:
    run_id = "a"


def seen(name, p_dog):
    return Seen(name, (Answer("a", p_dog, p_dog, np.zeros((1, 1)), 1.0, None),))


def rows(text):
    return list(csv.reader(io.StringIO(text)))


def test_rows_are_in_the_order_of_the_numbers():
    bounds = clip(*answers(1000, seed=3))
    given = [
        seen("test1/10.jpg", 0.75),
        seen("test1/9.jpg", 1.0),
        Seen("test1/100.jpg", error=UnreadableImage("empty", "The file is empty.")),
    ]
    header, *found = rows(submission(given, Run, bounds))
    assert header == ["id", "label"]
    assert [row[0] for row in found] == ["9", "10", "100"]
    assert float(found[0][1]) == pytest.approx(1 - bounds.least, abs=1e-6)
    assert [row[1] for row in found[1:]] == ["0.750000", "0.500000"]


@pytest.mark.parametrize("names", [["1.jpg", "cat.2.jpg"], ["1.jpg", "a/1.png"], ["٣.jpg"]])
def test_other_names_are_refused(names):
    bounds = clip(*answers(100, seed=3))
    assert not are_numbered(names)
    with pytest.raises(ConfigError, match="whose names are different numbers"):
        submission([seen(name, 0.5) for name in names], Run, bounds)


def test_numbers_can_be_submitted():
    assert are_numbered(["test1/1.jpg", "2.png"])
    assert not are_numbered([])


@pytest.mark.slow
class TestCommandLine:
    @pytest.fixture
    def photos(self, trained_machine):
        folder = trained_machine / "test1"
        folder.mkdir()
        sample = sorted((trained_machine / "data" / "sample").glob("*.jpg"))[:12]
        for number, photo in enumerate(sample, start=1):
            shutil.copy(photo, folder / f"{number}.jpg")
        return folder

    def test_a_folder_becomes_a_submission(self, photos, trained_machine):
        run, out = store.best_usable()[0], trained_machine / "out.csv"
        _, found = command_line("classify", photos, "--run", run.run_id, "--kaggle", out)
        header, *lines = rows(out.read_text("utf-8"))
        assert header == ["id", "label"]
        assert [int(number) for number, _ in lines] == list(range(1, 13))
        bounds = clip_of(run)
        by_name = {one["file"].rpartition("/")[2]: one for one in found}
        for number, label in lines:
            one = by_name[f"{number}.jpg"]
            p_dog = 0.5 if one["error"] else one["results"][0]["calibrated_p_dog"]
            assert float(label) == pytest.approx(bounds(p_dog), abs=1e-6)

    def test_it_needs_one_run_and_numbers(self, photos, trained_machine):
        out = trained_machine / "out.csv"
        runs = [run.run_id for run in store.list_runs()[0]]
        status, found = command_line("classify", photos, "--run", *runs, "--kaggle", out)
        assert (status, found["error"][:33]) == (1, "Expected one run for --kaggle. Re")
        sample = trained_machine / "data" / "sample"
        status, found = command_line("classify", sample, "--run", runs[0], "--kaggle", out)
        assert status == 1
        assert "different numbers" in found["error"]
        assert not out.exists()
