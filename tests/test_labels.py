import pytest

from catsdogs.labels import CAT, DOG, UNLABELLED, class_name, label_of_path


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("cat.0.jpg", CAT),
        ("train/dog.12.jpg", DOG),
        ("PetImages/Cat/0.jpg", CAT),
        ("a/dogs/b/1.png", DOG),
        ("dogs-vs-cats/cat.1.jpg", CAT),
        ("DOG.7.JPG", DOG),
        ("cats/dog.7.jpg", CAT),
        ("dogs/cats/1.jpg", CAT),
        ("test1/17.jpg", UNLABELLED),
        ("catalogue.jpg", UNLABELLED),
        ("hotdog/1.jpg", UNLABELLED),
    ],
)
def test_the_nearest_class_folder_decides_and_then_the_file_name(path, label):
    assert label_of_path(path) == label


@pytest.mark.parametrize(
    ("p_dog", "name"), [(0.0, "cat"), (0.499, "cat"), (0.5, "dog"), (1, "dog")]
)
def test_the_threshold_itself_counts_as_dog(p_dog, name):
    assert class_name(p_dog) == name
