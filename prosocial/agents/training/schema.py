"""Dataclasses to and from plain values; errors name the key, what it is, and what was expected."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from typing import Any, Literal, TypeVar, Union

from prosocial.envs.engine.errors import ConfigError, nearest

T = TypeVar("T")

_EXPECTED = {bool: "true or false", str: "a string", float: "a number", int: "a whole number"}


def to_dict(config: Any) -> dict[str, Any]:
    """Returns a dataclass as plain mappings, lists, numbers and strings, fit for YAML and JSON."""
    return {f.name: plain(getattr(config, f.name)) for f in dataclasses.fields(config)}


def plain(value: Any) -> Any:
    """Returns a value as plain mappings, lists, numbers and strings."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return to_dict(value)
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return value


def from_mapping(cls: type[T], values: Any, where: str = "") -> T:
    """Returns dataclass `cls` made from plain values; missing fields keep their defaults.

    Args:
        cls: Dataclass whose annotations are the schema: bool, int, float, str, Literal, optional
            ones, nested dataclasses, `dict[str, X]`, `tuple[X, ...]` and `list[X]`.
        values: Mapping from field to plain value.
        where: Dotted path of this part, for messages.

    Raises:
        ConfigError: A key is unknown (the nearest known one is named) or missing, or a value has
            the wrong type or is out of its range.
    """
    if not isinstance(values, Mapping):
        raise _wrong(where or "configuration", values, f"a mapping with keys of {cls.__name__}")
    fields = {f.name: f for f in dataclasses.fields(cls) if f.init}  # pyright: ignore[reportArgumentType]
    for key in values:
        if key not in fields:
            raise ConfigError(f"There is no key {_join(where, key)!r}. {nearest(str(key), fields)}")
    for name, f in fields.items():
        optional = (
            f.default is not dataclasses.MISSING or f.default_factory is not dataclasses.MISSING
        )
        if not optional and name not in values:
            raise ConfigError(f"{where or 'configuration'} lacks the key {name!r}.")
    hints = typing.get_type_hints(cls)
    converted = {k: _convert(hints[k], v, _join(where, k)) for k, v in values.items()}
    try:
        return cls(**converted)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}" if where else str(error)) from error


def _join(where: str, key: Any) -> str:
    return f"{where}.{key}" if where else str(key)


def _convert(hint: Any, value: Any, where: str) -> Any:
    """Returns `value` as type `hint`, or raises a ConfigError."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return plain(value)
    if origin is Literal:
        if not isinstance(value, str) or value not in arguments:
            raise _wrong(where, value, "one of " + ", ".join(map(str, arguments)))
        return value
    if origin in (Union, types.UnionType):  # X | None
        return None if value is None else _convert_union(arguments, value, where)
    if origin is dict:
        if not isinstance(value, Mapping):
            raise _wrong(where, value, "a mapping")
        return {str(k): _convert(arguments[1], v, _join(where, k)) for k, v in value.items()}
    if origin in (tuple, list):
        if not isinstance(value, list | tuple):
            raise _wrong(where, value, "a list")
        return origin(_convert(arguments[0], v, f"{where}[{i}]") for i, v in enumerate(value))
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return value if isinstance(value, hint) else from_mapping(hint, value, where)
    return _convert_scalar(hint, value, where)


def _convert_union(arguments: tuple[Any, ...], value: Any, where: str) -> Any:
    """Returns `value` as the first type that takes it, or raises what the last one raised."""
    *others, last = (a for a in arguments if a is not type(None))
    for option in others:
        try:
            return _convert(option, value, where)
        except ConfigError:
            continue
    return _convert(last, value, where)


def _convert_scalar(hint: Any, value: Any, where: str) -> Any:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if hint in (bool, str) and isinstance(value, hint):
        return value
    if hint is float and number:
        return float(value)
    if hint is int and number and value % 1 == 0:  # 1.2e5 is a whole number too
        return int(value)
    raise _wrong(where, value, _EXPECTED[hint])


def _wrong(where: str, value: Any, expected: str) -> ConfigError:
    return ConfigError(f"{where} is {value!r}; expected {expected}.")
