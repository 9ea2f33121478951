"""Gates: a small grammar, parsed and never evaluated."""

import math

import pytest

from wcetool.core.gates import Gate, parse_gates
from wcetool.errors import UsageError

KNOWN = ("ratio", "min_count")


@pytest.mark.parametrize(
    ("text", "value", "fails"),
    [
        ("ratio > 100", 100.0, False),
        ("ratio>100", 100.5, True),
        ("ratio >= 1e2", 100.0, True),
        (" ratio < .5 ", 0.4, True),
        ("ratio <= 0.5", 0.6, False),
        ("ratio == 3", 3, True),
        ("ratio != 3", 3, False),
        ("ratio < inf", math.inf, False),
        ("ratio > -1", 0.0, True),
        ("min_count < 9007199254740993", 9007199254740992, False),  # the limit is a float
    ],
)
def test_a_condition_that_holds_fails(text, value, fails):
    assert Gate.parse(text, KNOWN).fails(value) is fails


def test_what_cannot_be_told_does_not_pass():
    gate = Gate.parse("ratio > 100", KNOWN)
    assert gate.fails(None)
    assert gate.says(None, "there is one class") == (
        "ratio > 100 (ratio is undefined: there is one class)"
    )


def test_a_failure_shows_the_number_in_full():
    assert Gate.parse("ratio>=1e2", KNOWN).says(312.5) == "ratio >= 100 (ratio is 312.5)"
    assert (
        Gate.parse("min_count < 5", KNOWN)
        .says(2**60 + 1)
        .endswith("(min_count is 1152921504606846977)")
    )


@pytest.mark.parametrize(
    "text",
    [
        *("", "ratio", "ratio = 3", "ratio > x", "3 < ratio", "ratio > 1 > 0", "ratio > nan"),
        *("__import__('os').system('x') > 1", "ratio > ١", "ratio > 1; 2", "ratio > 1\nratio > 2"),
    ],
)
def test_anything_else_is_no_condition(text):
    with pytest.raises(UsageError, match="is no condition"):
        Gate.parse(text, KNOWN)


def test_an_unknown_number_names_the_nearest_and_all():
    with pytest.raises(UsageError) as raised:
        Gate.parse("ratoi > 3", KNOWN)
    assert raised.value.hint == '--fail-if "ratio > 3"'
    assert raised.value.details == ("numbers: ratio, min_count",)


def test_one_text_or_several_or_none():
    assert parse_gates(None, KNOWN) == ()
    assert parse_gates("ratio > 1", KNOWN) == (Gate("ratio", ">", 1.0),)
    assert [str(one) for one in parse_gates(["ratio>1", "min_count<2"], KNOWN)] == [
        "ratio > 1",
        "min_count < 2",
    ]
