"""Every file operation of every flow fails, one after the other: ``make torture``.

In slower flows, one operation of each kind on each file fails. In training, whose hundreds of
operations mostly add a line of events or a piece of a file, only some of those fail.
"""

import random

import pytest
from faulty import Machine
from test_fault_sweep import FLOWS, Flow, distinct, draw, faults, machine, sweep, trained

__all__ = ["faults", "machine"]  # fixtures
_SLOWER = {
    "classify": Flow(
        ("classify", "photos", "--run", "run", "--csv", "out/a.csv", "--force"), trained
    ),
    "upload": Flow((), trained, function="fault_pages:correct"),
    "exclude": Flow((), lambda made: _chosen(made), function="fault_pages:exclude"),
}
_TRAININGS = 14
_KEPT = ("state", "val_accuracy", "val_loss", "parameters", "train_images", "val_images")


def _chosen(made: Machine) -> None:
    """Draw, and choose these photos as the dataset of the pages."""
    draw(made)
    (made.root / "data").mkdir()
    (made.root / "data" / "current.txt").write_text(f"{made.root / 'photos'}\n")


def _drawn(made: Machine) -> None:
    assert made.call("catsdogs.cli.parser:main", ["data", "sample", "--images", "24"]).status == 0


@pytest.fixture(scope="module")
def pages(tmp_path_factory, faults):
    folder = tmp_path_factory.mktemp("pages") / "machine"
    made = Machine(
        folder, faults, imports=("catsdogs.cli.run_options", "fault_pages", "catsdogs.ui.frame")
    )
    yield made
    made.close()


@pytest.fixture(scope="module")
def trainer(tmp_path_factory, faults):
    folder = tmp_path_factory.mktemp("trainer") / "machine"
    imports = ("catsdogs.cli.run_options", "catsdogs.learning.worker", "catsdogs.learning.training")
    made = Machine(folder, faults, imports=imports)
    yield made
    made.close()


@pytest.mark.parametrize("name", FLOWS)
def test_every_operation(name, machine):
    print(f"\n{name}: {sweep(FLOWS[name], machine)} operations", end=" ")


@pytest.mark.parametrize("name", _SLOWER)
def test_every_operation_of_what_takes_longer(name, pages):
    print(f"\n{name}: {sweep(_SLOWER[name], pages, distinct)} operations", end=" ")


def test_operations_of_a_training(trainer):
    words = ("train", "--model", "custom_cnn", "--recipe", "plain", "--data", "data/sample")
    flow = Flow((*words, "--epochs", "1", "--batch-size", "8", "--precision", "float32"), _drawn)
    met = sweep(
        flow,
        trainer,
        lambda found: random.Random(5).sample(distinct(found), _TRAININGS),
        same=lambda document: [document[name] for name in _KEPT],
        # If no file can be written, a run cannot record why it ended.
        for_good=False,
    )
    print(f"\ntrain: {met} operations", end=" ")
