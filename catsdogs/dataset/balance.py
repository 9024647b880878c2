"""How images divide between the two classes, in numbers and in words."""

from dataclasses import dataclass

from catsdogs.labels import CAT, CLASS_NAMES, DOG
from catsdogs.text import percent

# With a larger share of one class, accuracy alone says little: 60:40.
_LARGEST_EVEN_SHARE = 0.6


@dataclass(frozen=True)
class Balance:
    """The number of cats and of dogs, of which there is at least one."""

    cats: int
    dogs: int

    @classmethod
    def of(cls, images: float, dogs: object) -> "Balance | None":
        """Return the balance of so many images and dogs; None where a number is not known."""
        if not isinstance(dogs, int) or not 0 <= dogs <= images or images < 1:
            return None
        return cls(int(images) - dogs, dogs)

    @property
    def images(self) -> int:
        """The number of images."""
        return self.cats + self.dogs

    @property
    def larger(self) -> str:
        """The name of the larger class."""
        return CLASS_NAMES[CAT if self.cats >= self.dogs else DOG]

    @property
    def smaller(self) -> str:
        """The name of the other class."""
        return CLASS_NAMES[DOG if self.cats >= self.dogs else CAT]

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
        return f"{share} {self.larger}s ({max(self.cats, self.dogs):,} of {self.images:,})"

    @property
    def baseline_words(self) -> str:
        """Return "saying cat to all of them gives 95.0 %"."""
        return f"saying {self.larger} to all of them gives {percent(self.baseline)}"
