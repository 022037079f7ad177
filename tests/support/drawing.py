"""Random values by rules: the few combinators that expressions need, drawn from a `random.Random` and so very quickly.

`as_strategy` makes a hypothesis strategy of a rule: an example is a seed, which is drawn again to the same value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Generic, TypeVar

from hypothesis import strategies

T = TypeVar("T")
U = TypeVar("U")
_TRIES = 100


class Drawn(Generic[T]):
    """A rule that draws values."""

    def __init__(self, draw: Callable[[Random], T]) -> None:
        self.draw = draw

    def map(self, change: Callable[[T], U]) -> Drawn[U]:
        """Change what is drawn."""
        return Drawn(lambda chance: change(self.draw(chance)))

    def filter(self, keep: Callable[[T], bool]) -> Drawn[T]:
        """Draw until a value may be kept."""

        def draw(chance: Random) -> T:
            value = self.draw(chance)
            for _ in range(_TRIES):
                if keep(value):
                    break
                value = self.draw(chance)
            return value

        return Drawn(draw)


def sampled_from(values: Sequence[T]) -> Drawn[T]:
    """Draw one of the values."""
    return Drawn(lambda chance: chance.choice(values))


def just(value: T) -> Drawn[T]:
    """Draw always the same."""
    return Drawn(lambda chance: value)


def integers(least: int, most: int) -> Drawn[int]:
    """Draw a whole number."""
    return Drawn(lambda chance: chance.randint(least, most))


def one_of(*rules: Drawn[Any]) -> Drawn[Any]:
    """Draw from one of the rules."""
    return Drawn(lambda chance: chance.choice(rules).draw(chance))


def tuples(*rules: Drawn[Any]) -> Drawn[tuple[Any, ...]]:
    """Draw one value from each rule."""
    return Drawn(lambda chance: tuple(rule.draw(chance) for rule in rules))


def lists(rule: Drawn[T], *, min_size: int, max_size: int) -> Drawn[list[T]]:
    """Draw several values from a rule."""
    return Drawn(lambda chance: [rule.draw(chance) for _ in range(chance.randint(min_size, max_size))])


def as_strategy(rule: Drawn[T]) -> strategies.SearchStrategy[T]:
    """Give the rule as a hypothesis strategy."""
    return strategies.integers(0, 2**64 - 1).map(lambda seed: rule.draw(Random(seed)))
