"""The configuration file: the nearest `wcetool.toml`, or `[tool.wcetool]` of a pyproject.toml.

A key is the long name of an option without its dashes. At the top level it holds for every command
that has the option; in a table named like a command, for that command. `labels` at the top level
names the label files that `weights` takes when it is given none.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wcetool.errors import ConfigError, listed, nearest

FILE_NAME = "wcetool.toml"
LABELS_KEY = "labels"
_FILES = ("labels", "names", "output")  # always paths
_MAYBE_FILES = ("classes", "weights")  # paths if they look like one


@dataclass(frozen=True, slots=True)
class Config:
    """What a configuration file says.

    Attributes
    ----------
    path : Path or None
        The file; None where there is none.
    values : mapping
        Its keys, paths made relative to the file.
    """

    path: Path | None = None
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def labels(self) -> list[str]:
        """The label files that `weights` takes when it is given none."""
        found = self.values.get(LABELS_KEY, [])
        return [found] if isinstance(found, str) else list(found)

    def for_command(self, command: str, options: Mapping[str, str]) -> dict[str, Any]:
        """Return the defaults of one command, by the parameter of each option."""
        shared = {
            key: value
            for key, value in self.values.items()
            if key in options and key != LABELS_KEY and not isinstance(value, dict)
        }
        own = self.values.get(command, {})
        return {options[key]: value for key, value in (shared | own).items()}


def load_config(path: str | None, options: Mapping[str, Mapping[str, str]]) -> Config:
    """Read the file that is named, or the nearest one.

    Parameters
    ----------
    path : str or None
        The file; None for the nearest one.
    options : mapping of str to mapping of str to str
        For every command, its long option names and the parameter of each.

    Raises
    ------
    ConfigError
        If the file is not TOML, a key does not exist, or a value has no use.
    """
    if path is not None:
        found = Path(path)
        values = _parsed(found)
        if found.name == "pyproject.toml":
            values = values.get("tool", {}).get("wcetool", {})
        return _checked(found, values, options)
    for candidate in _candidates(Path.cwd()):
        values = _parsed(candidate)
        if candidate.name == FILE_NAME:
            return _checked(candidate, values, options)
        tool = values.get("tool", {})
        if isinstance(tool, dict) and "wcetool" in tool:
            return _checked(candidate, tool["wcetool"], options)
    return Config()


def _candidates(start: Path) -> Iterator[Path]:
    for folder in (start, *start.parents):
        for name in (FILE_NAME, "pyproject.toml"):
            if (folder / name).is_file():
                yield folder / name


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        reason = "no such file" if isinstance(error, FileNotFoundError) else str(error.strerror)
        raise ConfigError(reason.lower(), where=str(path)) from None
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"is not TOML: {error}", where=str(path)) from None


def _checked(path: Path, values: Any, options: Mapping[str, Mapping[str, str]]) -> Config:
    if not isinstance(values, dict):
        raise ConfigError("[tool.wcetool] is not a table", where=str(path))
    everywhere = set().union(*options.values()) | {LABELS_KEY}
    checked: dict[str, Any] = {}
    for key, value in values.items():
        if key in options and isinstance(value, dict):
            checked[key] = {
                inner: _value(path, inner, given, options[key], f"[{key}] ")
                for inner, given in value.items()
            }
        else:
            checked[key] = _value(path, key, value, everywhere, "")
    return Config(path, checked)


def _value(path: Path, key: str, value: Any, known: Collection[str], table: str) -> Any:
    """Check one key, and make its value what an option takes."""
    if key not in known:
        near = nearest(key, known)
        raise ConfigError(
            f"{table}{key!r} is no option",
            where=str(path),
            details=() if near else (f"options: {listed(sorted(known))}",),
            hint=f"{near}" if near else None,
        )
    if key == "set" and isinstance(value, dict):
        value = [f"{label}={weight}" for label, weight in value.items()]
    if isinstance(value, bool):
        return value
    if isinstance(value, list):
        return [_relative(path, key, str(item)) for item in value]
    if not isinstance(value, str | int | float):
        raise ConfigError(
            f"{table}{key!r} is not a text, number, yes/no or list of texts", where=str(path)
        )
    return _relative(path, key, str(value))


def _relative(path: Path, key: str, text: str) -> str:
    """Make a path relative to the folder of the configuration file."""
    looks_like_a_path = "/" in text or Path(text).suffix in (
        ".json",
        ".csv",
        ".parquet",
        ".npy",
        ".txt",
    )
    if key in _FILES or (key in _MAYBE_FILES and looks_like_a_path):
        joined = path.parent / text
        try:
            return str(joined.relative_to(Path.cwd()))
        except ValueError:
            return str(joined)
    return text
