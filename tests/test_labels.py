import random
import unicodedata

import pytest

from catsdogs.labels import CAT, DOG, PETS, UNLABELLED, label_of_name, label_of_path


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
        ("dogs/cats and dogs/1.jpg", DOG),
        ("Cat Images/1.jpg", CAT),
        ("train_dogs/1.jpg", DOG),
        ("0_cat/1.jpg", CAT),
        ("1-dog/1.jpg", DOG),
        ("set/train/DogImages/1.jpg", DOG),
        ("test1/17.jpg", UNLABELLED),
        ("catalogue.jpg", UNLABELLED),
        ("hotdog/1.jpg", UNLABELLED),
        ("hot_dog/1.jpg", UNLABELLED),
        ("not-cat/1.jpg", UNLABELLED),
        ("dogs-vs-cats/1.jpg", UNLABELLED),
    ],
)
def test_the_nearest_folder_with_a_class_decides_and_then_the_file_name(path, label):
    assert label_of_path(path) == label


@pytest.mark.parametrize(
    ("name", "label"),
    [
        *((f"cat{rest}.jpg", CAT) for rest in ("", "_0001", " (1)", "-1", "1", "s_7", "(2)", "+3")),
        *((f"dog{rest}.jpg", DOG) for rest in ("", "_0001", " (1)", "-1", "1", "s_7", "(2)", "+3")),
        ("Cat.1", CAT),
        ("1cat.png", CAT),
        ("flickr_cat_2.jpg", CAT),
        ("IMG_2031_dog.jpeg", DOG),
        ("my dog's ball.jpg", DOG),
        ("catPhoto.jpg", CAT),
        ("cats_not_dogs.jpg", CAT),
        ("No. 1 dog.jpg", DOG),
        ("我的cat1.jpg", CAT),
        ("\uff44\uff4f\uff47\uff081\uff09.jpg", DOG),
        *((name, UNLABELLED) for name in ("catalog.1.jpg", "hotdog_3.jpg", "HotDog.jpg")),
        *((name, UNLABELLED) for name in ("caterpillar.jpg", "dogma.1.jpg", "bobcat_1.jpg")),
        *((name, UNLABELLED) for name in ("cat_and_dog_1.jpg", "CatDog.jpg", "catdog.jpg")),
        *((name, UNLABELLED) for name in ("кcat.jpg", "cat\u0301.jpg", "CATalog.jpg", "")),
    ],
)
def test_a_class_word_labels_a_name_only_where_it_stands_alone(name, label):
    assert label_of_name(name) == label


# The grammar in the docstring of ``labels``, written down a second time, to draw names from it.
CLASS_WORDS = {CAT: ("cat", "cats"), DOG: ("dog", "dogs")}
SEPARATORS = ("_", "-", " ", ".", " (", "3", "01", "__", "猫", "+", "\uff08", " & ")
OTHER_WORDS = ("train", "img", "flickr", "catalog", "hotdog", "dogma", "scatter", "édition", "кот")
OTHER_THINGS = ("hot", "corn", "prairie", "no", "not", "non", "without")


def drawn_name(chance):
    """Return a name drawn from the grammar, and its label."""
    name, classes, may_join = "", set(), True
    for _ in range(chance.randint(1, 4)):
        separator = chance.choice(SEPARATORS if not may_join else ("", *SEPARATORS))
        word, label = drawn_word(chance)
        name, may_join = name + separator + cased(word, chance), False
        classes |= {label} - {None}
    name += chance.choice(("", ".jpg", "_2.png", " (1).jpeg"))
    return name, classes.pop() if len(classes) == 1 else UNLABELLED


def drawn_word(chance):
    kind = chance.choice(("class", "class", "other", "other thing"))
    if kind == "other":
        return chance.choice(OTHER_WORDS), None
    label = chance.choice((CAT, DOG))
    word = chance.choice(CLASS_WORDS[label])
    if kind == "class":
        return word, label
    return chance.choice(OTHER_THINGS) + chance.choice(("_", " ", "-")) + word, None


def cased(word, chance):
    return chance.choice((str.lower, str.upper, str.capitalize))(word)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_two_hundred_names_drawn_from_the_written_grammar_get_its_labels(form):
    chance = random.Random(22)
    for _ in range(200):
        name, label = drawn_name(chance)
        assert label_of_name(unicodedata.normalize(form, name)) == label, name


@pytest.mark.parametrize(
    ("p_dog", "name"), [(0.0, "cat"), (0.499, "cat"), (0.5, "dog"), (1, "dog")]
)
def test_the_threshold_itself_counts_as_dog(p_dog, name):
    assert PETS.of(p_dog) == name
