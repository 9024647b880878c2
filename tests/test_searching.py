"""A search with a stand-in for training: its space, its proposals, its kills and its judgement."""

import itertools
import json
from threading import Event

import pytest

from catsdogs.errors import ConfigError, RunError
from catsdogs.runs import search as searches
from catsdogs.runs.config import RunConfig
from catsdogs.runs.search import SearchSettings
from catsdogs.searching import engine, journal, proposals, space
from catsdogs.searching.proposals import End, Trial
from catsdogs.searching.space import Range, Values

BASE = RunConfig("custom_cnn", "/photos", epochs=6)
SPACE = space.parsed(["rate=1e-4..1e-2", "dropout=0..0.6", "schedule=cosine,constant"], BASE)


def settings(**changes):
    given = {"base": BASE.to_json(), "space": space.described(SPACE), "trials": 12} | changes
    return SearchSettings(**given)


def losses(values, epochs=6):
    """The validation losses of a trial: best at a rate of 0.001, without dropout."""
    worst = abs(values["learning_rate"] / 1e-3 - 1) / 10 + values["dropout"]
    return tuple(0.3 + worst / epoch for epoch in range(1, epochs + 1))


def train(number, values, prunes):
    found = losses(values)
    for epoch in range(1, len(found) + 1):
        if prunes(found[:epoch]):
            return Trial(values, End.PRUNED, found[epoch - 1], found[:epoch])
    return Trial(values, End.COMPLETE, found[-1], found)


def carried_on(of, *, train=train, record=lambda trial: None, ended=()):
    return engine.carry_on(
        SPACE, of, ended=ended, epochs=lambda values: 6, train=train, record=record
    )


def test_a_range_of_a_rate_is_logarithmic_because_its_declaration_says_so():
    assert SPACE["learning_rate"] == Range(1e-4, 1e-2, is_logarithmic=True)
    assert SPACE["dropout"] == Range(0, 0.6)
    assert SPACE["schedule"] == Values(("cosine", "constant"))


def test_a_space_is_read_as_it_is_described():
    texts = ["batch=16..128", "augment=yes,no", "fine-tune=0,2", "fine-tune-rate=1e-5..1e-4"]
    found = space.parsed(texts, RunConfig("mobilenet_v2", "/photos"))
    assert space.parsed(space.described(found), RunConfig("mobilenet_v2", "/photos")) == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rate", "NAME=LOW..HIGH"),
        ("colour=1..2", "learning_rate"),
        ("seed=1..5", "NAME=LOW..HIGH"),
        ("fine_tune=1..5", "Settings of a custom_cnn"),
        ("rate=0..1", "a number above 0, at most 10"),
        ("rate=1e-2..1e-4", "from low to high"),
        ("rate=fast..slow", "a number above 0"),
        ("dropout=0..1", "from 0 to below 1"),
        ("dropout=0.5", "two or more different values"),
        ("dropout=0.5,0.5", "two or more different values"),
        ("epochs=1.5..3", "1 to 1000"),
        ("schedule=cosine..constant", "a list for schedule"),
        ("schedule=cosine,linear", "one of"),
        ("augment=perhaps,no", "yes or no"),
        ("repeats=1,101", "1 to 100"),
    ],
)
def test_a_search_that_cannot_be_is_refused_and_says_what_is_accepted(text, said):
    with pytest.raises(ConfigError, match="Expected") as raised:
        space.parsed([text], BASE)
    assert said in str(raised.value)


def test_a_setting_without_effect_is_refused():
    frozen = RunConfig("mobilenet_v2", "/photos")
    with pytest.raises(ConfigError, match="make a difference"):
        space.parsed(["fine_tune_rate=1e-5..1e-4"], frozen)


def test_the_same_setting_twice_is_refused():
    with pytest.raises(ConfigError, match="twice"):
        space.parsed(["rate=1e-4..1e-2", "learning_rate=1e-4..1e-3"], BASE)


@pytest.mark.parametrize("sampler", searches.SAMPLERS)
def test_a_killed_search_proposes_what_an_uninterrupted_one_would(sampler):
    of = settings(sampler=sampler, prune=True)
    whole = carried_on(of)
    for killed_after in (0, 1, 5, 11):
        assert carried_on(of, ended=whole[:killed_after]) == whole


@pytest.mark.parametrize("sampler", searches.SAMPLERS)
def test_trials_that_train_at_once_are_the_same_whichever_ends_first(sampler):
    of = settings(sampler=sampler, prune=True, at_once=3)
    last = proposals.planned_trials(SPACE, of)
    ended = [Event() for _ in range(last + 1)]

    def train_backwards(number, values, prunes):
        """End after the next trial, if that trains at the same time."""
        if number % 3 and number < last:
            assert ended[number + 1].wait(60)
        ended[number].set()
        return train(number, values, prunes)

    recorded = []
    whole = carried_on(of, train=train_backwards, record=recorded.append)
    assert recorded == whole == carried_on(of)
    for killed_after in (1, 2, 3, 7):
        assert carried_on(of, ended=whole[:killed_after]) == whole


def test_a_trial_learns_only_from_those_that_do_not_train_beside_it():
    one, three = (carried_on(settings(at_once=n, trials=8)) for n in (1, 3))
    for number, trial in enumerate(three, 1):
        known = three[: max(0, number - 3)]
        assert proposals.proposed(SPACE, settings(), known, number=number) == trial.values
    # TPE learns from four trials or more.
    assert [t.values for t in one][:4] == [t.values for t in three][:4]
    assert one[4].values != three[4].values


def test_an_error_of_a_trial_ends_the_search_after_the_trials_beside_it():
    left, recorded = [], []

    def failing(number, values, prunes):
        if number == 2:
            raise RunError("Expected photos.")
        left.append(number)
        return train(number, values, prunes)

    with pytest.raises(RunError, match="Expected photos"):
        carried_on(settings(at_once=3), train=failing, record=recorded.append)
    assert len(recorded) == 1
    assert sorted(left) in ([1, 3], [1, 3, 4])


@pytest.mark.parametrize("sampler", searches.SAMPLERS)
def test_the_seed_decides_the_settings(sampler):
    one, same, other = (
        [trial.values for trial in carried_on(settings(sampler=sampler, seed=seed))]
        for seed in (1, 1, 2)
    )
    assert one == same != other


def test_values_stay_in_their_ranges_and_are_short():
    for trial in carried_on(settings(trials=40)):
        assert 1e-4 <= trial.values["learning_rate"] <= 1e-2
        assert 0 <= trial.values["dropout"] <= 0.6
        assert len(f"{trial.values['dropout']:g}") <= 9


def test_tpe_learns_from_the_trials_before():
    found = carried_on(settings(sampler="tpe", trials=40))
    early, late = ([trial.loss for trial in part] for part in (found[:10], found[-10:]))
    assert sum(late) < sum(early)


def test_a_grid_has_every_combination_once():
    points = proposals.grid(SPACE, 18)
    assert len(points) == 18  # 3 rates, 3 dropouts, 2 schedules
    assert sorted({point["learning_rate"] for point in points}) == [1e-4, 1e-3, 1e-2]
    of = settings(sampler="grid", trials=18)
    key = json.dumps
    assert sorted(key(t.values) for t in carried_on(of)) == sorted(map(key, points))


def test_a_grid_that_needs_more_trials_says_how_many():
    with pytest.raises(ConfigError, match="8 or more"):
        proposals.grid(SPACE, 7)


def test_pruning_ends_only_trials_that_are_worse_than_the_median():
    found = carried_on(settings(sampler="random", prune=True, trials=20))
    ended = [trial for trial in found if trial.end is End.PRUNED]
    assert ended
    assert all(trial.end is End.COMPLETE for trial in found[:4])
    best = min(trial.loss for trial in found)
    assert all(trial.loss > best for trial in ended)
    assert all(2 <= len(trial.losses) < 6 for trial in ended)


def test_nothing_is_pruned_unless_asked_for():
    assert all(t.end is End.COMPLETE for t in carried_on(settings(sampler="random", trials=20)))


def test_the_setting_that_decides_is_the_important_one():
    found = carried_on(settings(sampler="random", trials=30))
    shares, trials = proposals.importance(SPACE, found)
    assert trials == 30
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["schedule"] < 0.05
    assert proposals.importance(SPACE, found[:5]) == ({}, 5)


def test_equal_losses_have_no_important_setting():
    found = [Trial(trial.values, End.COMPLETE, 0.5) for trial in carried_on(settings())]
    assert proposals.importance(SPACE, found)[0] == {}


def test_the_journal_keeps_all_that_the_next_proposal_needs():
    of = searches.create(settings(prune=True))
    whole = carried_on(of.settings, record=lambda trial: journal.append(of, SPACE, trial))
    journal.append(of, SPACE, Trial(whole[0].values, End.FAILED))
    *kept, failed = journal.read(of)
    assert kept == whole
    assert failed.end is End.FAILED
    assert all(json.loads(line) for line in (of.folder / "journal.log").read_text().splitlines())


@pytest.mark.parametrize("left", [b"", b"{", b'{"op_code": 4, "x'])
def test_a_line_that_a_kill_cut_is_dropped(left):
    of = searches.create(settings())
    first, second = itertools.islice(carried_on(of.settings), 2)
    journal.append(of, SPACE, first)
    with (of.folder / "journal.log").open("ab") as stream:
        stream.write(left)
    journal.append(of, SPACE, second)
    assert journal.read(of) == [first, second]


def test_the_journal_has_no_snapshots_which_optuna_would_unpickle():
    from optuna.storages.journal import JournalFileBackend

    assert not hasattr(JournalFileBackend, "save_snapshot")


def test_the_same_settings_are_the_same_search():
    one = searches.create(settings())
    assert searches.create(settings()) == one
    assert searches.create(settings(seed=2)).name != one.name
    assert searches.create(settings(at_once=2)).name != one.name
    assert {found.settings.at_once for found in searches.list_searches()[0]} == {1, 2}
    assert len(searches.list_searches()[0]) == 3
    assert searches.find(one.name) == one


@pytest.mark.parametrize(
    "damage",
    [
        {"base": 3},
        {"space": ["colour=1..2"]},
        {"space": []} | {"trials": 10**9},
        {"sampler": "by heart"},
        {"base": {"model": "custom_cnn"}},
    ],
)
def test_damaged_settings_are_reported(damage):
    of = searches.create(settings())
    path = of.folder / "search.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | damage))
    assert searches.list_searches()[0] == []
    with pytest.raises(RunError, match="Restore its files"):
        searches.load(of.name)


def test_a_damaged_search_is_named_and_the_others_are_listed():
    good, bad = searches.create(settings()), searches.create(settings(seed=2))
    (bad.folder / "search.json").write_text('{"base": 3}')
    found, broken = searches.list_searches()
    assert found == [good]
    assert bad.name in str(broken)
