"""A real search on drawn photos: killed, continued, judged; and the command line around it."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import pytest
from conftest import PROJECT, command_line, seal

from catsdogs.background import job
from catsdogs.background.tasks import TaskState
from catsdogs.cli.parser import main
from catsdogs.runs import layout, looks, queue, search, store
from catsdogs.runs.config import RunConfig
from catsdogs.runs.events import State
from catsdogs.runs.search import SearchSettings
from catsdogs.searching import driver, journal, proposals, space, winner
from catsdogs.searching.proposals import End
from catsdogs.system import processes

pytestmark = pytest.mark.slow
SPACE = ("learning_rate=0.0001..0.01", "dropout=0..0.6")


def base(machine, **changes):
    given = {"epochs": 1, "batch_size": 8} | changes
    return RunConfig("custom_cnn", str(machine / "data" / "sample"), **given)


def created(machine, *, trials, test=0.0, **changes):
    config = base(machine, test=test)
    settings = SearchSettings(base=config.to_json(), space=SPACE, trials=trials, **changes)
    return driver.create(config, settings)


def wait(holds, seconds=240):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.1)


def trials(of):
    return of.trials(store.list_runs()[0])


def done(of):
    wait(lambda: not driver.find(of).is_running)
    task = driver.find(of)
    assert task.state is TaskState.DONE, task.message
    return search.load(of.name)


def check_proposals(of):
    """The settings of each trial are those that the trials before it lead to."""
    searched, ended = space.parsed(of.settings.space, of.base), journal.read(of)
    for number, run in trials(of).items():
        expected = proposals.proposed(
            searched, of.settings, ended[: max(0, number - of.settings.at_once)], number=number
        )
        assert {name: getattr(run.config, name) for name in searched} == expected
        assert run.about.search.name == of.name


def test_a_search_that_was_killed_with_its_run_goes_on_with_both(trained_machine):
    of = created(trained_machine, trials=1, sampler="random")
    driver.start(of)
    wait(lambda: trials(of) and trials(of)[1].state is State.RUNNING)
    driving = processes.Identity.from_json(job_process(of))
    os.kill(driving.pid, signal.SIGKILL)
    processes.kill(trials(of)[1].worker)
    wait(lambda: driver.find(of).state is TaskState.LOST)
    assert driver.create(of.base, of.settings) == of
    driver.start(of)
    of = done(of)
    assert list(trials(of)) == [1]
    assert trials(of)[1].state is State.FINISHED
    assert of.is_complete
    check_proposals(of)


def job_process(of):
    return next(event for event in job.read_events(driver.find(of).folder) if "pid" in event)


@pytest.mark.long
@pytest.mark.parametrize("at_once", [1, 2])
def test_a_search_killed_in_the_middle_tries_the_same_settings_and_looks_once(
    trained_machine, monkeypatch, at_once
):
    monkeypatch.setenv("CATSDOGS_WORKERS", str(at_once))
    of = created(trained_machine, trials=3, test=0.2, at_once=at_once)
    driver.start(of)
    wait(lambda: 2 in trials(of))
    os.kill(job_process(of)["pid"], signal.SIGKILL)
    wait(lambda: driver.find(of).state is TaskState.LOST)
    driver.start(of)
    of = done(of)
    assert list(trials(of)) == [1, 2, 3]
    assert [trial.end for trial in journal.read(of)] == [End.COMPLETE] * 3
    check_proposals(of)
    best = store.find(of.result.run)
    assert best.result.val_loss == min(run.result.val_loss for run in trials(of).values())
    assert [one.by for one in looks.read(best)] == [f"search {of.name}"]
    # The same once more: nothing is left to do, and nobody looks again.
    driver.start(of)
    done(of)
    assert len(looks.read(best)) == 1
    others = [run for run in trials(of).values() if run.run_id != best.run_id]
    assert not any(looks.read(run) for run in others)


@pytest.fixture
def searched(trained_machine):
    """A search whose two trials are the two trained runs, moved in."""
    of = created(trained_machine, trials=2, sampler="random")
    for number, run in enumerate(store.list_runs()[0], 1):
        config = run.folder / layout.CONFIG
        about = config.read_text("utf-8")
        name = f'"search": {{"name": "{of.name}", "trial": {number}}},'
        config.write_text(about.replace("{", "{" + name, 1), "utf-8")
    searched_space = space.parsed(of.settings.space, of.base)
    for number, run in trials(of).items():
        values = proposals.proposed(searched_space, of.settings, journal.read(of), number=number)
        loss = run.result.val_loss
        journal.append(of, searched_space, proposals.Trial(values, End.COMPLETE, loss, (loss,)))
        assert number == len(journal.read(of))
    winner.judge(of, searched_space, journal.read(of), is_final=True)
    return search.load(of.name)


def test_the_lowest_validation_loss_wins_and_its_luck_is_said(searched):
    runs = trials(searched)
    best = min(runs.values(), key=lambda run: run.result.val_loss)
    assert searched.result.run == best.run_id
    assert searched.result.accuracy == pytest.approx(best.result.val_accuracy)
    assert searched.result.loss == pytest.approx(best.result.val_loss, abs=1e-4)
    assert searched.result.expected_accuracy <= searched.result.accuracy
    assert "The best of 2 looks" in searched.result.optimism
    assert "expected on new photos" in searched.result.optimism
    assert searched.result.tested == ""


def test_commands_list_and_show_a_search(searched):
    status, [listed] = command_line("runs", "searches")
    assert status == 0
    assert listed["search"] == searched.name
    assert (listed["state"], listed["ended"], listed["trials"]) == ("finished", 2, 2)
    status, shown = command_line("runs", "search", searched.name[:12])
    assert status == 0
    assert [one["trial"] for one in shown["runs"]] == [1, 2]
    assert shown["best"]["run"] == searched.result.run
    assert "The best of 2 looks" in shown["optimism"]
    text = subprocess.run(
        [sys.executable, "-m", "catsdogs", "runs", "search", searched.name],
        capture_output=True,
        text=True,
        cwd=PROJECT,
        check=True,
    ).stdout
    assert searched.result.run in text
    assert "★ best" in text


def test_a_trial_that_was_deleted_is_no_longer_a_candidate(searched):
    best = store.find(searched.result.run)
    queue.delete(best)
    searched_space = space.parsed(searched.settings.space, searched.base)
    result = winner.judge(searched, searched_space, journal.read(searched), is_final=False)
    assert result.run != best.run_id
    assert result.candidates == 1
    status, shown = command_line("runs", "search", searched.name)
    assert (status, len(shown["runs"])) == (0, 1)


def test_predictions_for_other_photos_are_not_compared(searched):
    worst = max(trials(searched).values(), key=lambda run: run.result.val_loss)
    table = pd.read_parquet(worst.folder / layout.PREDICTIONS)
    table["digest"] = np.roll(table["digest"], 1)
    table.to_parquet(worst.folder / layout.PREDICTIONS)
    seal(worst.folder)
    searched_space = space.parsed(searched.settings.space, searched.base)
    result = winner.judge(searched, searched_space, journal.read(searched), is_final=False)
    assert result.candidates == 1


def test_a_search_of_changed_photos_is_refused(trained_machine, photo):
    of = created(trained_machine, trials=1)
    photo(trained_machine / "data" / "sample" / "cat.9999.jpg")
    driver.start(of)
    wait(lambda: not driver.find(of).is_running)
    assert driver.find(of).state is TaskState.FAILED
    assert "Start a new search" in driver.find(of).message
    # The same command is a new search: it is made for the photos as they are.
    assert created(trained_machine, trials=1).name != of.name


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--search", "rate=0..1"), "a number above 0"),
        (("--search", "colour=1..2"), "NAME=LOW..HIGH"),
        (("--search", "rate=1e-4..1e-3", "--trials", "0"), "trials: 1 to"),
        (("--search", "rate=1e-4..1e-3", "--sampler", "grid", "--trials", "1"), "2 or more"),
        (("--search", "rate=1e-4..1e-3", "--at-once", "2"), "Set CATSDOGS_WORKERS=2"),
        (("--search", "rate=1e-4..1e-3", "--at-once", "0"), "trials at once: 1 to"),
        (("--at-once", "2"), "together with --search"),
        (("--trials", "3"), "together with --search"),
        (("--prune",), "together with --search"),
    ],
)
def test_a_command_that_cannot_search_says_why(kaggle_folder, capsys, options, said):
    words = ("train", "--model", "custom_cnn", "--data", str(kaggle_folder), *options, "--json")
    assert main(words) == 1
    assert said in json.loads(capsys.readouterr().out)["error"]


@pytest.mark.long
def test_a_request_to_stop_can_say_why(trained_machine):
    run = queue.start(base(trained_machine, epochs=40))
    wait(lambda: store.load(run.folder).view.epochs)
    queue.request_stop(run, "Others were better.")
    wait(lambda: not store.load(run.folder).state.is_active)
    ended = store.load(run.folder)
    assert (ended.state, ended.message) == (State.STOPPED, "Others were better.")
    assert ended.is_usable


def test_the_reason_of_a_request_to_stop_is_one_printable_line(tmp_path):
    job.request_stop(tmp_path, "Others\nwere \x1b better.")
    assert job.is_stop_requested(tmp_path)
    assert "\n" not in job.stop_reason(tmp_path)
    job.request_stop(tmp_path)
    assert job.stop_reason(tmp_path).startswith("Others were")
    job.withdraw_stop(tmp_path)
    assert job.stop_reason(tmp_path) == ""
