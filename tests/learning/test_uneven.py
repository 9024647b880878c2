"""A real run on 190 cats and 10 dogs: every place says what its accuracy is worth."""

import numpy as np
import pytest
from conftest import command_line
from PIL import Image

from catsdogs.cli import parser
from catsdogs.runs import layout, store

pytestmark = pytest.mark.long

CATS, DOGS = 190, 10


@pytest.fixture
def uneven_folder(tmp_path):
    """Noise in which cats are reddish and dogs bluish; one photo in twenty shows a dog."""
    folder, generator = tmp_path / "uneven", np.random.default_rng(5)
    folder.mkdir()
    for label, count, tint in (("cat", CATS, (150, 90, 80)), ("dog", DOGS, (80, 90, 150))):
        for number in range(count):
            pixels = np.clip(generator.normal(tint, 45, (9, 12, 3)), 0, 255).astype(np.uint8)
            image = Image.fromarray(pixels).resize((96, 72), Image.Resampling.BICUBIC)
            image.save(folder / f"{label}.{number}.jpg")
    return folder


def test_a_run_on_one_dog_in_twenty_says_what_its_accuracy_is_worth(uneven_folder, capsys):
    options = ("--epochs", 1, "--recipe", "plain", "--learning-rate", 1e-6)
    status, result = command_line(
        "train", "--model", "custom_cnn", "--data", uneven_folder, *options
    )
    assert status == 0, result
    assert (result["train_dogs"], result["train_images"]) == (8, 160)
    assert (result["val_dogs"], result["val_images"]) == (2, 40)
    assert result["val_majority_baseline"] == 0.95
    run = store.find(result["run"])
    parser.main(["runs", "show", run.run_id])
    shown = " ".join(capsys.readouterr().out.split())
    card = " ".join((run.folder / layout.MODEL_CARD).read_text("utf-8").split())
    for text in (shown, card):
        assert "95 % cats (152 of 160)" in text
        assert "95 % cats (38 of 40)" in text
        assert "saying cat to all of them gives 95.0 %" in text
        assert "Learned nothing" in text
    evaluated = command_line("evaluate", run.run_id, "--data", uneven_folder)[1]
    assert evaluated["majority_baseline"] == CATS / (CATS + DOGS)
    assert evaluated["balanced_accuracy"] == pytest.approx(0.5, abs=0.05)
