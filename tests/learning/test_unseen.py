"""The floors for "neither" hold for photos unlike the references, and other things help."""

import numpy as np
import pytest

from catsdogs import paths
from catsdogs.dataset import index, labelling
from catsdogs.evaluation.metrics import DEFAULT_FALSE_REFUSAL
from catsdogs.inference.rejection import OTHER_THINGS, References
from catsdogs.learning import others, referencing, results, unseen
from catsdogs.learning.others import Others
from catsdogs.learning.unseen import Known

# A network of a run that comes with the project.
NETWORK = paths.PROJECT_ROOT / "artifacts" / "reference-mobilenet_v2-fine_tuned" / "model.tflite"
_SIZE, _BREEDS = 32, 20
_NAMES = np.array([f"{i}.jpg" for i in range(600)])


def around(centres, each, seed, spread=0.1):
    """Return ``each`` unit vectors near each of the centres, in turn."""
    generator = np.random.default_rng(seed)
    centres = np.tile(centres, (each, 1))
    vectors = centres + generator.normal(0, spread, centres.shape)
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@pytest.fixture(scope="module")
def breeds():
    """Centres of twenty breeds, which all point a little to the first axis."""
    centres = np.random.default_rng(0).normal(0, 0.2, (_BREEDS, _SIZE))
    centres[:, 0] += 0.6
    return centres


@pytest.fixture(scope="module")
def things():
    """Six kinds of other things, which all point a little to the second axis."""
    centres = np.random.default_rng(1).normal(0, 0.2, (6, _SIZE))
    centres[:, 1] += 0.8
    return Others(around(centres, 20, 2), np.tile([f"kind {i}" for i in range(6)], 20))


def measured(breeds, found, **settings):
    known = Known(around(breeds, 30, 3), _NAMES, np.arange(600) % 2)
    settings = {"count": 400, "caution": 1.0, "seed": 1, **settings}
    return unseen.references(known, around(breeds, 30, 4), found, **settings)


def refused(references, vectors):
    likeness = [references.likeness(vector) for vector in vectors]
    return np.mean([one.is_neither(DEFAULT_FALSE_REFUSAL) for one in likeness])


def test_an_unseen_cluster_is_refused_as_rarely_as_stated(breeds):
    found = measured(breeds, None)
    assert found.rates.clusters == 20
    assert found.rates.validation <= found.rates.unseen <= DEFAULT_FALSE_REFUSAL
    assert not found.knows_others


def test_other_things_are_found_of_kinds_that_were_never_seen(breeds, things):
    seen = np.isin(things.kinds, ["kind 0", "kind 1", "kind 2"])
    with_others = measured(breeds, Others(things.vectors[seen], things.kinds[seen]))
    assert with_others.knows_others
    assert with_others.rates.unseen <= DEFAULT_FALSE_REFUSAL
    unknown = things.vectors[~seen]
    without = measured(breeds, None)
    assert refused(with_others, unknown) > max(0.75, refused(without, unknown))
    assert refused(with_others, around(breeds, 10, 5)) <= 0.02


def test_pictures_beside_two_chosen_classes_are_other_things(tmp_path, photo):
    for folder in ("crab", "crayfish", "shells", "shells/pink"):
        for number in range(2):
            photo(tmp_path / folder / f"{number}.jpg", seed=len(folder) + number)
    assert results._rest(index.scan(tmp_path)).empty
    labelling.save(tmp_path, labelling.by_hand("crab", "crayfish"))
    # Photos that the user labels one by one may show either class.
    assert results._rest(index.scan(tmp_path)).empty
    labelling.save(tmp_path, labelling.of_own("crab", "crayfish"))
    rest = results._rest(index.scan(tmp_path))
    found = referencing._in_dataset(NETWORK, tmp_path, rest, np.random.default_rng(0))
    assert found.vectors.shape == (4, 1280)
    assert sorted(found.kinds) == ["shells", "shells", "shells/pink", "shells/pink"]
    assert found.source == "4 other pictures of the dataset"


def test_a_run_knows_which_pictures_its_evidence_was_found_with(breeds, things, tmp_path):
    own = Others(things.vectors[:60], things.kinds[:60], "60 other pictures of the dataset")
    measured(breeds, things.followed_by(own)).save(tmp_path)
    assert References.read(tmp_path).others == f"{OTHER_THINGS}, and {own.source}"
    measured(breeds, things).save(tmp_path)
    assert References.read(tmp_path).others == OTHER_THINGS


def test_caution_refuses_fewer(breeds, things):
    plain, cautious = (measured(breeds, things, caution=caution) for caution in (1.0, 3.0))
    assert cautious.rates.unseen < plain.rates.unseen


def test_kinds_that_the_run_is_about_are_not_other_things(breeds, things):
    """A run on aeroplanes has aeroplanes among the shipped vectors."""
    own = np.append(things.kinds, np.repeat("own", 200))
    mixed = Others(np.concatenate([things.vectors, around(breeds, 10, 6)]), own)
    kept = mixed.unlike(around(breeds, 30, 3), around(breeds, 30, 4))
    assert set(kept.kinds) == set(things.kinds)
    assert refused(measured(breeds, mixed), around(breeds, 10, 5)) <= 0.02


def test_a_run_with_few_photos_measures_no_clusters(breeds):
    known = Known(around(breeds, 2, 3), _NAMES[:40], np.arange(40) % 2)
    found = unseen.references(known, around(breeds, 1, 4), None, count=40, caution=1.0, seed=1)
    assert found.rates is None


def test_a_file_keeps_the_evidence_and_the_rates(breeds, things, tmp_path):
    found = measured(breeds, things)
    found.save(tmp_path)
    query = around(breeds, 1, 7)[0]
    read = References.read(tmp_path).likeness(query)
    assert read.rates == found.rates
    assert read.score == pytest.approx(found.likeness(query).score, abs=1e-6)
    assert read.against_others != 0


def test_a_backbone_without_shipped_vectors_has_no_others():
    assert Others.of("0" * 12) is None


def test_the_shipped_vectors_are_those_of_imagenets_backbone():
    found = Others.of("71e4c4ec4aa2")
    assert found.vectors.shape == (len(found.kinds), 1280)
    assert not {"wild_cat", "cougar_face", "cougar_body", "Leopards"} & set(found.kinds)
    assert others.file("71e4c4ec4aa2").stat().st_size < 2_000_000
