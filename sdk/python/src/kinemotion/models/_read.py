"""From JSON to the classes of this package.

Members that a class does not have are left out, so that a newer server does not disturb; a member that a class cannot do
without is an error that names it.
"""

from __future__ import annotations

import dataclasses
import functools
import types
from collections.abc import Callable, Hashable
from datetime import datetime
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")

_PLAIN: dict[type, tuple[type, ...]] = {str: (str,), bool: (bool,), int: (int,), float: (int, float)}


def read(kind: type[T], value: object, where: str = "the answer") -> T:
    """A value of this type.

    Raises `TypeError` where the JSON is another; it names the member.
    """
    return cast(T, _reader(cast(Hashable, kind))(value, where))


@functools.cache
def _reader(kind: Any) -> Callable[[object, str], object]:
    if kind in (Any, object) or isinstance(kind, TypeVar):
        return lambda value, where: value
    if kind in _PLAIN:
        return functools.partial(_plain, kind)
    if kind is datetime:
        return _moment
    if hasattr(kind, "from_json"):
        return cast(Callable[[object, str], object], kind.from_json)
    if dataclasses.is_dataclass(kind):
        return functools.partial(_members, kind)
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        (some,) = (argument for argument in arguments if argument is not types.NoneType)
        inner = _reader(some)
        return lambda value, where: None if value is None else inner(value, where)
    if origin is tuple:
        return functools.partial(_list, _reader(arguments[0]))
    if origin is dict:
        return functools.partial(_object, _reader(arguments[1]))
    raise NotImplementedError(f"{kind} is nothing that JSON is read into")


def _plain(kind: type, value: object, where: str) -> object:
    if not isinstance(value, _PLAIN[kind]) or (isinstance(value, bool) and kind is not bool):
        raise TypeError(f"{where} is {value!r:.80}, not {kind.__name__}")
    return kind(value)


def _moment(value: object, where: str) -> datetime:
    try:
        return datetime.fromisoformat(cast(str, value))
    except (TypeError, ValueError):
        raise TypeError(f"{where} is {value!r:.80}, not a moment") from None


def _list(element: Callable[[object, str], object], value: object, where: str) -> tuple[object, ...]:
    if not isinstance(value, list):
        raise TypeError(f"{where} is {value!r:.80}, not a list")
    return tuple(element(one, f"{where}[{n}]") for n, one in enumerate(value))


def _object(member: Callable[[object, str], object], value: object, where: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise TypeError(f"{where} is {value!r:.80}, not an object")
    return {key: member(one, f"{where}.{key}") for key, one in value.items()}


@functools.cache
def _fields(kind: Any) -> list[tuple[str, str, bool, Callable[[object, str], object]]]:
    hints = get_type_hints(kind)
    needed = (dataclasses.MISSING, dataclasses.MISSING)
    return [
        # `from_` is `from` in JSON, which is a word of Python.
        (field.name, field.name.rstrip("_"), (field.default, field.default_factory) == needed, _reader(hints[field.name]))
        for field in dataclasses.fields(kind)
    ]


def _members(kind: Any, value: object, where: str) -> object:
    if not isinstance(value, dict):
        raise TypeError(f"{where} is {value!r:.80}, not an object")
    members = {}
    for name, member, needed, reader in _fields(kind):
        if member in value:
            members[name] = reader(value[member], f"{where}.{member}")
        elif needed:
            raise TypeError(f"{where}.{member} is missing")
    return kind(**members)
