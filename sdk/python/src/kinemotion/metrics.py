"""Numbers by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

#: What keys of the registry end in. `jump_height_m` is also found as `jump_height`.
UNITS = frozenset(
    ["m", "ms", "s", "m_s", "deg", "percent", "n", "n_s", "w", "w_kg", "kn_m", "steps_min", "per_min", "hz", "kg"]
)


class Metrics(Mapping[str, float]):
    """Numbers by the keys of the registry, which end in their unit: `jump_height_m`.

    The unit may be left out where that leaves no doubt: `metrics["jump_height"]`. A number that was withheld because it
    could not be trusted is not in the mapping; `withheld` has its key, and the warnings of its repetition the reason.
    """

    __slots__ = ("_numbers", "withheld")

    def __init__(self, numbers: Mapping[str, float | None]) -> None:
        self._numbers = {key: value for key, value in numbers.items() if value is not None}
        #: Keys of what was withheld.
        self.withheld = tuple(key for key, value in numbers.items() if value is None)

    def key(self, name: str) -> str | None:
        """The key of a name with or without its unit; `None` where nothing or more than one thing has it."""
        if name in self._numbers:
            return name
        found = [key for key in self._numbers if key.startswith(f"{name}_") and key[len(name) + 1 :] in UNITS]
        return found[0] if len(found) == 1 else None

    def __getitem__(self, name: str) -> float:
        key = self.key(name)
        if key is not None:
            return self._numbers[key]
        if Metrics(dict.fromkeys(self.withheld, 0.0)).key(name) is not None:
            raise KeyError(f"{name} was withheld; the warnings of the repetition say why")
        raise KeyError(f"{name} is not among {', '.join(self._numbers) or 'no numbers'}")

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.key(name) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._numbers!r})"

    @classmethod
    def from_json(cls, value: object, where: str) -> Metrics:
        """From JSON."""
        if not isinstance(value, dict) or not all(
            number is None or (isinstance(number, (int, float)) and not isinstance(number, bool))
            for number in value.values()
        ):
            raise TypeError(f"{where} is not an object of numbers")
        return cls(cast("dict[str, float | None]", value))
