"""Values that need no conversion are taken as they are.

Typer converts every value with pydantic, and loading that takes a third of the time that the whole
program needs to start. Most values are texts for options that take a text, the exact names of
choices, or defaults.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, get_args

from typer.core import TyperGroup


class LazyConversion:
    """Stands in for Typer's conversion of one parameter, and asks it only where there is need.

    Parameters
    ----------
    param : typer option or argument
        Its `get_runtime_param` makes the conversion.
    """

    def __init__(self, param: Any) -> None:
        self._kind = param.type_descriptor.annotation
        self._make = param.get_runtime_param

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """Return the value in the type of the parameter."""
        if value is None:
            return () if param.multiple or param.nargs == -1 else None
        if isinstance(value, list | tuple):
            kinds = get_args(self._kind)
            if len(kinds) == 1 and all(type(one) is kinds[0] for one in value):
                return list(value)
        elif type(value) is self._kind:
            return value
        elif isinstance(self._kind, type) and issubclass(self._kind, Enum):
            member = next((one for one in self._kind if one.value == value), None)
            if member is not None:
                return member
        return self._make().coerce(value, param=param, ctx=ctx)


class LazyValues:
    """A command, mixed in: Typer converts only what needs it, where it can be told so."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse a command line."""
        for param in self.get_params(ctx):  # type: ignore[attr-defined]
            if hasattr(param, "get_runtime_param") and hasattr(param, "type_descriptor"):
                conversion = LazyConversion(param)
                param.get_runtime_param = lambda conversion=conversion: conversion
                if param.name == "label_column":  # may hold spaces, which would separate several
                    param.split_envvar_value = lambda text: [text]
        rest: list[str] = super().parse_args(ctx, args)  # type: ignore[misc]
        return rest


class LazyGroup(LazyValues, TyperGroup):
    """The program itself."""
