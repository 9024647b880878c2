"""How images divide between the two classes, in numbers and in words."""

from dataclasses import dataclass

from catsdogs.labels import CAT, DOG, PETS, Classes
from catsdogs.text import percent

# With a larger share of one class, accuracy alone says little: 60:40.
_LARGEST_EVEN_SHARE = 0.6


@dataclass(frozen=True)
class Balance:
    """The number of images of the negative class (cats) and of the positive one (dogs).

    There is at least one.
    """

    cats: int
    dogs: int
    classes: Classes = PETS

    @classmethod
    def of(cls, images: float, dogs: object, classes: Classes = PETS) -> "Balance | None":
        """Return the balance of so many images and dogs; None where a number is not known."""
        if not isinstance(dogs, int) or not 0 <= dogs <= images or images < 1:
            return None
        return cls(int(images) - dogs, dogs, classes)

    @property
    def images(self) -> int:
        """The number of images."""
        return self.cats + self.dogs

    @property
    def larger(self) -> str:
        """The name of the larger class."""
        return self.classes.name(self._larger)

    @property
    def smaller(self) -> str:
        """The name of the other class."""
        return self.classes.name(CAT + DOG - self._larger)

    @property
    def larger_plural(self) -> str:
        """The plural of the larger class: "cats"."""
        return self.classes.plural(self._larger)

    @property
    def smaller_plural(self) -> str:
        """The plural of the other class."""
        return self.classes.plural(CAT + DOG - self._larger)

    @property
    def baseline(self) -> float:
        """The accuracy of always naming the larger class, which is that class's share."""
        return max(self.cats, self.dogs) / self.images

    @property
    def is_uneven(self) -> bool:
        """Whether the classes differ by more than 60:40."""
        return self.baseline > _LARGEST_EVEN_SHARE

    @property
    def words(self) -> str:
        """Return "95 % cats (190 of 200)"."""
        share = percent(self.baseline).replace(".0\u00a0", "\u00a0")
        of_all = f"{max(self.cats, self.dogs):,} of {self.images:,}"
        return f"{share} {self.larger_plural} ({of_all})"

    @property
    def baseline_words(self) -> str:
        """Return "saying cat to all of them gives 95.0 %"."""
        return f"saying {self.larger} to all of them gives {percent(self.baseline)}"

    @property
    def _larger(self) -> int:
        return CAT if self.cats >= self.dogs else DOG
