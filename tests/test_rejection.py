from contextlib import suppress

import numpy as np
import pytest

from catsdogs.errors import RunError
from catsdogs.inference import rejection
from catsdogs.inference.rejection import References
from catsdogs.runs import layout

_NAMES = np.array([f"train/dog.{i}.jpg" for i in range(60)])


def near(direction, count, seed):
    """Vectors of any length around a direction."""
    generator = np.random.default_rng(seed)
    lengths = generator.uniform(1, 9, (count, 1))
    return ((direction + generator.normal(0, 0.05, (count, 8))) * lengths).astype(np.float32)


PETS, OTHER = np.eye(8)[0], np.eye(8)[1]


@pytest.fixture
def references():
    return References.measured(near(PETS, 60, 1), _NAMES, np.ones(60, int), near(PETS, 200, 2))


def test_the_likeness_is_the_mean_cosine_to_the_three_nearest():
    vectors = near(PETS, 60, 1)
    found = References.measured(vectors, _NAMES, np.ones(60, int), near(PETS, 5, 2))
    query = near(PETS + OTHER, 1, 3)[0]
    lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(query)
    cosines = (vectors @ query) / lengths
    likeness = found.likeness(query)
    assert likeness.similarity == pytest.approx(np.sort(cosines)[-3:].mean(), abs=4e-3)
    assert [one.path for one in likeness.nearest] == [
        _NAMES[i] for i in np.argsort(-cosines)[: rejection.SHOWN]
    ]
    assert likeness.nearest[0].similarity == pytest.approx(cosines.max(), abs=4e-3)


def test_each_floor_refuses_at_most_its_share_of_what_it_was_measured_on(references):
    held_back = [references.likeness(vector) for vector in near(PETS, 200, 2)]
    for share, refused in zip(rejection.FALSE_REFUSALS, (0, 0, 1, 3, 9), strict=True):
        assert sum(one.is_neither(share) for one in held_back) == refused


def test_too_few_validation_photos_refuse_nothing():
    few = References.measured(near(PETS, 60, 1), _NAMES, np.ones(60, int), near(PETS, 30, 2))
    refuses = [few.likeness(-PETS).is_neither(share) for share in rejection.FALSE_REFUSALS]
    assert refuses == [False, False, False, False, True]


def test_what_points_elsewhere_is_neither_at_every_floor(references):
    for vector in near(OTHER, 20, 4):
        assert [references.likeness(vector).is_neither(s) for s in (0.005, 0.01, 0.05)] == [
            True,
            True,
            True,
        ]


def test_a_file_says_the_same_as_what_was_saved(references, tmp_path):
    references.save(tmp_path)
    read = References.read(tmp_path)
    query = near(PETS + OTHER, 1, 3)[0]
    assert read.likeness(query) == references.likeness(query)


def test_fewer_references_than_neighbours_are_enough():
    few = References.measured(near(PETS, 2, 1), _NAMES[:2], np.ones(2, int), near(PETS, 1, 2))
    assert len(few.likeness(PETS).nearest) == 2


def test_a_black_pictures_empty_vector_is_no_error(references):
    assert references.likeness(np.zeros(8)).similarity == 0


def test_a_run_of_before_has_none(tmp_path):
    assert References.read(tmp_path) is None


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04 cut"])
def test_a_damaged_file_is_refused(references, tmp_path, content):
    (tmp_path / layout.REFERENCES).write_bytes(content)
    with pytest.raises(RunError, match="reference vectors"):
        References.read(tmp_path)


def test_a_flipped_byte_is_refused_or_changes_numbers_only(references, tmp_path):
    references.save(tmp_path)
    path = tmp_path / layout.REFERENCES
    content = path.read_bytes()
    for position in np.random.default_rng(0).integers(0, len(content), 300):
        damaged = bytearray(content)
        damaged[position] ^= 0xFF
        path.write_bytes(damaged)
        with suppress(RunError):
            assert References.read(tmp_path)


def test_a_file_cut_short_anywhere_is_refused(references, tmp_path):
    references.save(tmp_path)
    path = tmp_path / layout.REFERENCES
    content = path.read_bytes()
    for share in (0.1, 0.5, 0.9, 0.99):
        path.write_bytes(content[: int(share * len(content))])
        with pytest.raises(RunError):
            References.read(tmp_path)
