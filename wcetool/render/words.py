"""The words of the options that decide how a result is shown; loads nothing."""

from __future__ import annotations

from enum import StrEnum


class Format(StrEnum):
    """What a result is written as."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    MD = "md"


class Sort(StrEnum):
    """Order of the rows on display."""

    INDEX = "index"
    LABEL = "label"
    COUNT = "count"


class Color(StrEnum):
    """When escape codes are used."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"
