"""The engine ``ray``, on two real nodes with a core each."""

import json
import os
import platform
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import PROJECT
from ray_work import Noted, rows

from catsdogs.background import job
from catsdogs.background.tasks import TaskState
from catsdogs.cli.parser import main
from catsdogs.dataset import index
from catsdogs.distributed.ray_engine import RayEngine, opened
from catsdogs.distributed.versions import TRAINS_WITH, difference, versions
from catsdogs.errors import EngineError, UnreadableImage, WeightsUnavailable
from catsdogs.features.embeddings import ModelOutput
from catsdogs.health import checkup
from catsdogs.health.measures import Measures
from catsdogs.images import picture
from catsdogs.images.parallel import FromFile, OnThreads
from catsdogs.inference.answers import see_all
from catsdogs.inference.elsewhere import Answers, Probability, see_by
from catsdogs.inference.panel import Decision, Panel, judge
from catsdogs.inference.predictor import Predictor
from catsdogs.learning import on_node
from catsdogs.runs import layout, model_files, queue, search, store
from catsdogs.runs.config import RunConfig
from catsdogs.runs.events import State
from catsdogs.runs.narration import narrate
from catsdogs.runs.search import SearchSettings
from catsdogs.searching import driver
from catsdogs.system import locks, processes

ray = pytest.importorskip("ray", reason="the engine ray needs: pip install -r requirements-ray.txt")
pytestmark = pytest.mark.slow

TESTS = Path(__file__).parent
EMBEDDING = ModelOutput(
    PROJECT / "artifacts" / "reference-custom_cnn" / layout.LITERT_MODEL, "embedding"
)


class Nodes:
    """Two nodes, until ``stop``."""

    def __init__(self):
        path = os.pathsep.join([str(PROJECT), str(TESTS)])
        self.process = subprocess.Popen(
            [sys.executable, TESTS / "ray_nodes.py"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            # At Ray's own low priority, workers would starve beside other tests.
            env={**os.environ, "PYTHONPATH": path, "RAY_worker_niceness": "0"},
        )
        self.address = self.process.stdout.readline().strip()

    def kill_one(self):
        print("kill", file=self.process.stdin, flush=True)
        assert self.process.stdout.readline().strip() == "killed"

    def stop(self):
        self.process.communicate()


@pytest.fixture(scope="module", autouse=True)
def without_tokens():
    """Ray would write a token into the home folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_AUTH_MODE", "disabled")
        yield


@pytest.fixture(scope="module")
def nodes(without_tokens):
    started = Nodes()
    yield started
    started.stop()


@pytest.fixture
def photos(tmp_path, photo):
    """A folder of 200 photos. The last one is damaged, which only decoding finds."""
    folder = tmp_path / "photos"
    for number in range(199):
        photo(folder / f"{'cat' if number % 2 else 'dog'}.{number:03}.jpg", seed=number)
    whole = photo(folder / "dog.999.jpg", size=(400, 300)).read_bytes()
    (folder / "dog.999.jpg").write_bytes(whole[:3000] + whole[-1000:])
    return folder


def reads(folder):
    return [FromFile(path) for path in sorted(folder.iterdir())]


def equal(one, other):
    if isinstance(one, UnreadableImage):
        return isinstance(other, UnreadableImage) and (one.code, str(one)) == (
            other.code,
            str(other),
        )
    return one.tobytes() == other.tobytes()


@pytest.mark.parametrize(
    ("work", "is_sent"),
    [
        pytest.param(Measures(), False, id="measures of paths"),
        pytest.param(EMBEDDING, True, id="embeddings of contents"),
        pytest.param(Measures(), True, id="measures of contents", marks=pytest.mark.long),
        pytest.param(EMBEDDING, False, id="embeddings of paths", marks=pytest.mark.long),
    ],
)
def test_every_outcome_is_that_of_this_machine_in_order(nodes, photos, work, is_sent):
    asked = reads(photos)
    with opened("ray", nodes.address) as engine:
        assert (engine.nodes, engine.cores) == (2, 2)
        here = list(OnThreads().outcomes(asked, work))
        given = [lambda read=read: read() for read in asked] if is_sent else asked
        there = list(engine.outcomes(given, work))
        assert list(map(equal, here, there)) == [True] * 200
        assert [isinstance(one, UnreadableImage) for one in there] == [False] * 199 + [True]


def test_runs_answer_alike(nodes, photos, monkeypatch):
    monkeypatch.setenv("CATSDOGS_ARTIFACTS", str(PROJECT / "artifacts"))
    usable = [run for run in store.list_runs()[0] if run.can_classify]
    runs = [run for run in usable if run.config.model == "custom_cnn"]
    assert len({judge(run, usable).run_id for run in runs} | {run.run_id for run in runs}) > 1
    sources = [(read.path.name, read) for read in reads(photos)[-40:]]
    here = [one.without_heatmaps() for one in see_all(sources, Panel(runs, usable, Predictor))]
    with opened("ray", nodes.address) as engine:
        there = list(see_by(engine, sources, Answers.of(runs, usable)))
        found = list(engine.outcomes([read for _, read in sources], Probability(runs[0])))
    assert [timeless(one) for one in there] == [timeless(one) for one in here]
    assert found[:-1] == [one.answers[0].p_dog for one in here[:-1]]
    assert found[-1].code == here[-1].error.code == there[-1].error.code


def timeless(seen):
    document = seen.to_json(Decision())
    for result in document["results"]:
        del result["latency_ms"]
    return document


def test_a_health_check_finds_the_same(nodes, photos, monkeypatch, tmp_path):
    def no_weights():
        raise WeightsUnavailable("None here.")

    dataset, found = index.scan(photos), []
    with opened("ray", nodes.address) as engine:
        for where in (None, engine):
            monkeypatch.setenv("CATSDOGS_CACHE", str(tmp_path / f"cache-{len(found)}"))
            findings = checkup.run(
                dataset, backbone=no_weights, report=lambda *_: None, engine=where
            )
            found.append(checkup.report(dataset, findings))
    assert found[0] == found[1]
    assert len(found[0]["unreadable"]) == 1


@pytest.mark.long
def test_a_run_computes_its_frozen_part_there_and_is_measured_on_its_test_set(
    nodes, photos, imagenet_weights, monkeypatch, capsys, tmp_path
):
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")  # --address is the stronger one.
    there = ["--address", nodes.address]
    found = {}
    for engine, cluster in (("litert", None), ("ray", "2 nodes with 2 cores")):
        for name in ("CACHE", "ARTIFACTS"):
            monkeypatch.setenv(f"CATSDOGS_{name}", str(tmp_path / engine / name))
        settings = ["--model", "mobilenet_v2", "--fine-tune", "1", "--fine-tune-from", "block_16"]
        where = ["--engine", engine, *(there if engine == "ray" else [])]
        assert main(["train", "--data", str(photos), "--test", "0.2", *settings, *where]) == 2
        (run,) = (one for one in store.list_runs()[0] if not one.is_reference)
        assert run.view.resolved["engine"] == engine
        assert run.view.resolved.get("cluster") == cluster
        found[engine] = stored(tmp_path / engine / "CACHE")
    assert found["litert"] == found["ray"]
    assert len(found["ray"]) == 4 * (199 - 40)
    looked = []
    for where in ([], ["--engine", "ray", *there]):
        capsys.readouterr()
        assert main(["evaluate", run.run_id, "--test", "--json", *where]) == 0
        looked.append(json.loads(capsys.readouterr().out))
    assert [one.pop("looks") for one in looked] == [1, 2]
    assert [len(one.pop("looked_at")) for one in looked] == [1, 2]
    assert looked[0] == looked[1]


def stored(cache):
    """Return the content of each row in a cache, by its store and the photo's digest."""
    return {
        (shard.parent.name, row["digest"]): row["row"].tobytes()
        for shard in cache.rglob("[!.]*.npy")
        for row in np.load(shard)
    }


def test_a_node_that_dies_costs_at_most_its_batches(tmp_path, photos):
    work, alone = Noted(tmp_path / "notes", takes_s=0.05), Noted(tmp_path / "alone")
    nodes = Nodes()
    try:
        with opened("ray", nodes.address) as engine:
            outcomes = engine.outcomes(reads(photos), work)
            found = [next(outcomes) for _ in range(60)]
            nodes.kill_one()
            found.extend(outcomes)
    finally:
        nodes.stop()
    here = list(OnThreads().outcomes(reads(photos), alone))
    assert list(map(equal, here, found)) == [True] * 200
    assert set(work.noted()) == set(alone.noted())
    # Two batches of the dead worker.
    assert len(work.noted()) - 200 <= 2 * 16


def test_after_the_death_of_its_driver_only_what_is_missing_is_computed(nodes, tmp_path, photos):
    # Workers of the dead driver may live a moment longer, and note another photo.
    work, kept_in = Noted(tmp_path / "notes"), tmp_path / "store"
    before = tmp_path / "before"
    driver = subprocess.Popen(
        [sys.executable, TESTS / "ray_work.py", photos, nodes.address, before, kept_in],
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
    )
    shards = "[!.]*.npy"  # Others are unfinished.
    while not any(kept_in.glob(shards)):
        assert driver.poll() is None
        time.sleep(0.05)
    driver.kill()
    driver.wait()
    kept = sum(len(np.load(shard)) for shard in kept_in.glob(shards))
    assert 0 < kept < 199
    found = rows(photos, nodes.address, work, kept_in)
    assert len(work.noted()) == 200 - kept
    assert list(found.missing) == ["dog.999.jpg"]


def test_a_photo_that_kills_its_process_is_one_entry(nodes, tmp_path, photos, capsys):
    deadly = picture.digest((photos / "dog.050.jpg").read_bytes())
    asked = reads(photos)
    with opened("ray", nodes.address) as engine:
        found = list(engine.outcomes(asked, Noted(tmp_path / "notes", deadly=deadly)))
    here = list(OnThreads().outcomes(asked, Noted(tmp_path / "alone")))
    place = asked.index(FromFile(photos / "dog.050.jpg"))
    assert (found[place].code, "3 processes ended" in str(found[place])) == ("damaged", True)
    # Ray says there that workers could not start, which would break a command's JSON.
    assert capsys.readouterr().out == ""
    del found[place], here[place]
    assert all(map(equal, here, found))


def test_a_cluster_without_a_free_core_is_refused(nodes, monkeypatch):
    monkeypatch.setattr("catsdogs.distributed.ray_engine._SETTLES_S", 1)
    with opened("ray", nodes.address) as engine:
        assert isinstance(engine, RayEngine)
        taken = [ray.remote(num_cpus=1)(Holder).remote() for _ in range(2)]
        ray.get([one.hold.remote() for one in taken])
        with pytest.raises(
            EngineError, match=r"a free core in the cluster\. Received: 2, all taken"
        ):
            engine.outcomes([], Measures())


class Holder:
    def hold(self):
        pass


def test_nobody_at_an_address_is_told_at_once():
    with (
        pytest.raises(EngineError, match=r"a Ray cluster at 127\.0\.0\.1:1\. Received: .*refused"),
        opened("ray", "127.0.0.1:1"),
    ):
        pass


def test_a_machine_with_another_version_is_described():
    here = {"catsdogs": "a1", "numpy": "2.4.6", "pillow": "13.0"}
    assert difference(here, dict(here)) == ""
    assert difference(here, {"catsdogs": "a1", "pillow": "12.0"}) == (
        "numpy missing instead of 2.4.6, pillow 12.0 instead of 13.0"
    )


def until(holds, seconds=200):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.1)


def started(photos, *, on="ray", **changes):
    given = {"epochs": 1, "batch_size": 16} | changes
    return queue.start(RunConfig("custom_cnn", str(photos), **given), on=on)


def ended(run):
    until(lambda: not store.load(run.folder).state.is_active)
    return store.load(run.folder)


def trains(run):
    return bool(store.load(run.folder).view.batches)


@pytest.fixture
def cluster(nodes, monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", nodes.address)


def test_two_runs_train_at_once_as_they_would_here_and_a_third_waits(cluster, photos):
    """The longer one is stopped, resumed and killed."""
    short, long = started(photos, seed=1), started(photos, seed=2, epochs=100)
    until(lambda: trains(short) and trains(long))
    assert {store.load(run.folder).state for run in (short, long)} == {State.RUNNING}
    third = started(photos)
    view = store.load(third.folder).view
    assert narrate(view, third.config) == "Waiting for a free machine of the cluster."
    queue.request_stop(store.load(third.folder))
    third = ended(third)
    assert (third.state, third.is_usable) == (State.STOPPED, False)

    short = ended(short)
    assert short.about.machine.host == platform.node()
    there = model_files.read_predictions(short)
    queue.request_stop(store.load(long.folder))
    long = ended(long)
    assert (long.state, long.is_usable) == (State.STOPPED, True)
    here = ended(started(photos, seed=1, on="local"))
    assert there.equals(model_files.read_predictions(here))
    assert not there.equals(model_files.read_predictions(long))

    # A resumed run stays on its cluster. If its process here is killed, it ends there.
    queue.resume(long)
    until(lambda: store.load(long.folder).view.resumptions)
    assert store.load(long.folder).view.cluster == os.environ["RAY_ADDRESS"]
    assert not is_free(long.folder / layout.LOCK)
    queue.kill(store.load(long.folder))
    assert not store.load(long.folder).state.is_active
    until(lambda: is_free(long.folder / layout.LOCK), 30)


def is_free(lock):
    """Whether no process holds a lock, on any machine."""
    try:
        with locks.exclusive(lock, wait=refuse):
            return True
    except TimeoutError:
        return False


def refuse():
    raise TimeoutError


@pytest.mark.long
def test_the_death_of_its_machine_leaves_a_run_that_can_be_resumed(photos, monkeypatch):
    nodes = Nodes()
    monkeypatch.setenv("RAY_ADDRESS", nodes.address)
    try:
        # One for each node, and one of the nodes dies.
        runs = [started(photos, epochs=2, seed=seed) for seed in (1, 2)]
        until(lambda: all(store.load(run.folder).view.saved for run in runs))
        nodes.kill_one()
        states = [ended(run).state for run in runs]
        assert sorted(states) == [State.FINISHED, State.LOST]
        run = ended(queue.resume(runs[states.index(State.LOST)]))
        assert (run.state, len(run.view.resumptions)) == (State.FINISHED, 1)
    finally:
        nodes.stop()


def test_a_machine_without_the_run_or_with_other_packages_says_what_it_lacks(tmp_path):
    here = versions(*TRAINS_WITH)
    process = processes.identity_of(os.getpid())
    order = on_node.Order(tmp_path / "run", process, here, {})
    assert on_node.train(order) == f"no folder {tmp_path / 'run'}"
    other = replace(order, versions=here | {"keras": "2.0"})
    assert "instead of 2.0" in on_node.train(other)


def test_a_run_on_a_cluster_needs_one(photos, monkeypatch):
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    with pytest.raises(EngineError, match=r"--address or RAY_ADDRESS\. Received: none"):
        started(photos)
    assert store.list_runs()[0] == []
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    run = ended(started(photos))
    assert run.state is State.FAILED
    assert "a Ray cluster at 127.0.0.1:1" in run.message


@pytest.mark.long
def test_a_search_tries_the_same_on_a_cluster_also_after_a_kill(
    cluster, photos, monkeypatch, tmp_path
):
    monkeypatch.setenv("CATSDOGS_WORKERS", "2")
    base = RunConfig("custom_cnn", str(photos), epochs=1, batch_size=16)
    found = {}
    for on in ("local", "ray"):
        monkeypatch.setenv("CATSDOGS_ARTIFACTS", str(tmp_path / on))
        settings = SearchSettings(
            base=base.to_json(), space=("rate=1e-4..1e-2",), trials=4, at_once=2, on=on
        )
        of = driver.create(base, settings)
        driver.start(of)
        if on == "ray":
            until(lambda of=of: len(of.trials(store.list_runs()[0])) == 2)
            event = next(e for e in job.read_events(driver.find(of).folder) if "pid" in e)
            processes.kill(processes.Identity.from_json(event))
            driver.start(of)
        until(lambda of=of: not driver.find(of).is_running)
        assert driver.find(of).state is TaskState.DONE
        trials = search.load(of.name).trials(store.list_runs()[0])
        found[on] = [
            (number, run.config.learning_rate, run.result.val_loss)
            for number, run in trials.items()
        ]
    assert found["local"] == found["ray"]
    assert [number for number, _, _ in found["ray"]] == [1, 2, 3, 4]
