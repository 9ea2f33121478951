"""The configuration file: the nearest `wcetool.toml`, or `[tool.wcetool]` of a pyproject.toml.

A key is the long name of an option without its dashes. At the top level it holds for every command
that has the option; in a table named like a command, for that command. `labels` at the top level
names the label files that `weights` takes when it is given none.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wcetool.errors import ConfigError, listed, nearest

FILE_NAME = "wcetool.toml"
LABELS_KEY = "labels"
_FILES = (LABELS_KEY, "names", "output", "cost-matrix", "sample-weights")  # always paths
_JOINED = ("missing", "classes", "scores", "buckets")  # a list may stand for a,b,c


@dataclass(frozen=True, slots=True)
class ConfigKey:
    """An option that the configuration may set."""

    parameter: str
    is_flag: bool
    is_list: bool  # may be given several times


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

    def for_command(self, command: str, options: Mapping[str, ConfigKey]) -> dict[str, Any]:
        """Return the defaults of one command, by the parameter of each option."""
        shared = {
            key: value
            for key, value in self.values.items()
            if key in options and key != LABELS_KEY and not isinstance(value, dict)
        }
        own = self.values.get(command, {})
        own = own if isinstance(own, dict) else {}  # weights is an option, too
        return {options[key].parameter: value for key, value in (shared | own).items()}


def check_environment(known: Iterable[str]) -> None:
    """Refuse environment variables that look like ours and set nothing.

    Raises
    ------
    ConfigError
        A misspelt variable would otherwise be passed over in silence.
    """
    allowed = {"WCETOOL_LABELS", "WCETOOL_CONFIG", "WCETOOL_NO_CONFIG", *known}
    for name in os.environ:
        if name.startswith("WCETOOL_") and name not in allowed:
            raise ConfigError(
                "is no option",
                where=f"environment variable {name}",
                hint=nearest(name, allowed) or f"unset {name}",
            )


def load_config(path: str | None, options: Mapping[str, Mapping[str, ConfigKey]]) -> Config:
    """Read the file that is named, or the nearest one.

    Parameters
    ----------
    path : str or None
        The file; None for the nearest one.
    options : mapping of str to mapping of str to ConfigKey
        For every command, its long option names and what each takes.

    Raises
    ------
    ConfigError
        If the file is not TOML, a key does not exist, or a value has no use.
    """
    if path is not None:
        found = Path(path)
        if not path or found.is_dir():
            raise ConfigError(f"{path!r} is no file", where="--config")
        values = _parsed(found)
        is_project = found.name == "pyproject.toml"
        return _checked(found, _tool(found, values) if is_project else values, options)
    for candidate in _candidates(Path.cwd()):
        values = _parsed(candidate)
        if candidate.name == FILE_NAME:
            return _checked(candidate, values, options)
        if isinstance(values.get("tool"), dict) and "wcetool" in values["tool"]:
            return _checked(candidate, _tool(candidate, values), options)
    return Config()


def _tool(path: Path, values: dict[str, Any]) -> dict[str, Any]:
    """Return the table [tool.wcetool] of a pyproject.toml."""
    for key in ("tool", "wcetool"):
        values = values.get(key, {})
        if not isinstance(values, dict):
            raise ConfigError(f"{key!r} of [tool.wcetool] is not a table", where=str(path))
    return values


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


def _checked(
    path: Path, values: dict[str, Any], options: Mapping[str, Mapping[str, ConfigKey]]
) -> Config:
    everywhere = {key: known for keys in options.values() for key, known in keys.items()}
    everywhere[LABELS_KEY] = ConfigKey(LABELS_KEY, is_flag=False, is_list=True)
    checked: dict[str, Any] = {}
    for key, value in values.items():
        if key in options and isinstance(value, dict):
            checked[key] = {
                inner: _value(path, inner, given, options[key], f"[{key}] ")
                for inner, given in value.items()
            }
        elif key in options and key not in everywhere:
            raise ConfigError(f"{key!r} is a table of options: [{key}]", where=str(path))
        else:
            checked[key] = _value(path, key, value, everywhere, "")
    return Config(path, checked)


def _value(path: Path, key: str, value: Any, known: Mapping[str, ConfigKey], table: str) -> Any:
    """Check one key, and make its value what an option takes."""
    if key not in known:
        near = nearest(key, known)
        raise ConfigError(
            f"{table}{key!r} is no option",
            where=str(path),
            details=() if near else (f"options: {listed(sorted(known))}",),
            hint=f"{near}" if near else None,
        )
    if known[key].is_flag:
        if not isinstance(value, bool):
            raise ConfigError(f"{table}{key!r} takes true or false", where=str(path))
        return value
    if key == "set" and isinstance(value, dict):
        value = [f"{label}={weight}" for label, weight in value.items()]
    items = value if isinstance(value, list) else [value]
    if not all(isinstance(item, str | int | float) and item is not True for item in items) or (
        isinstance(value, list) and not (known[key].is_list or key in _JOINED)
    ):
        several = ", or a list of them" if known[key].is_list or key in _JOINED else ""
        raise ConfigError(f"{table}{key!r} takes a text or a number{several}", where=str(path))
    texts = [str(item) for item in items]
    if known[key].is_list:
        return [_relative(path, key, text) for text in texts]
    if isinstance(value, list):
        if any("," in text for text in texts):
            raise ConfigError(f"{table}{key!r}: a comma separates the texts", where=str(path))
        return ",".join(texts)
    return _relative(path, key, texts[0])


def _relative(path: Path, key: str, text: str) -> str:
    """Make a path relative to the folder of the configuration file."""
    joined = path.parent / text
    if not (key in _FILES or (key in _MAYBE_FILES and _MAYBE_FILES[key](joined, text))):
        return text
    return os.path.relpath(joined)


def _is_names_file(joined: Path, text: str) -> bool:
    from wcetool.data.options import names_file

    return joined.is_file() or names_file(text)


def _is_weight_file(joined: Path, text: str) -> bool:
    from wcetool.core.schemes import is_scheme
    from wcetool.data.weightfile import names_weight_file

    return not is_scheme(text) and (joined.is_file() or names_weight_file(text))


def _is_there(joined: Path, _: str) -> bool:
    return joined.is_file()


def _is_prior_file(joined: Path, text: str) -> bool:
    return joined.is_file() or text.lower().endswith(".json")


_MAYBE_FILES = {
    "classes": _is_names_file,
    "weights": _is_weight_file,
    "prior": _is_prior_file,
    "identify": _is_there,
}
