"""Which columns hold the scores, and which class each belongs to."""

import pytest

from wcetool.core.vocabulary import InputKind
from wcetool.data.affixes import AFFIXES
from wcetool.data.class_columns import match_classes
from wcetool.data.formats.table import Column, Holds, Table
from wcetool.data.options import LabelRules
from wcetool.data.registry import CSV
from wcetool.data.score_columns import Clues, choose_score_columns
from wcetool.data.source import InputFile
from wcetool.errors import InputError


def table(*names, lists=()):
    columns = tuple(
        Column(name, place, Holds.NUMBER_LISTS if name in lists else Holds.NUMBERS)
        for place, name in enumerate(names)
    )
    return Table(InputFile("preds", CSV), columns, has_rows=True)


def clues_of(found, *, seen=(), classes=None, adds_up=lambda columns: False):
    labels = frozenset(seen)
    return Clues(found.columns[:1], classes, LabelRules(), labels, lambda: labels, adds_up)


def choose(*names, seen=(), classes=None, wanted=None, lists=(), adds_up=lambda columns: False):
    found = table(*names, lists=lists)
    clues = clues_of(found, seen=seen, classes=classes, adds_up=adds_up)
    return choose_score_columns(found, clues, wanted)


def names_of(chosen):
    return dict(zip((column.name for column in chosen.columns), chosen.class_names, strict=True))


def test_the_longest_affix_wins_where_both_fit():
    assert names_of(choose("y", "prob_0", "prob_1")) == {"prob_0": "0", "prob_1": "1"}


def test_the_labels_decide_between_affixes():
    chosen = choose("y", "class_0_prob", "class_1_prob", seen=["class_0"])
    assert names_of(chosen) == {"class_0_prob": "class_0", "class_1_prob": "class_1"}
    chosen = choose("y", "class_0_prob", "class_1_prob", seen=["0"])
    assert names_of(chosen) == {"class_0_prob": "0", "class_1_prob": "1"}


def test_one_family_covers_the_labels_and_the_other_does_not():
    chosen = choose("y", "p_a", "p_b", "logit_x", "logit_y", seen=["a"])
    assert set(names_of(chosen)) == {"p_a", "p_b"}


def test_outcome_columns_beside_scores_are_no_scores():
    chosen = choose("y", "prob1", "prob1_outcome", "prob2", "prob2_outcome")
    assert names_of(chosen) == {"prob1": "1", "prob2": "2"}


def test_index_columns_are_no_scores():
    chosen = choose("y", "Unnamed: 0", "p_a", "p_b", "__index_level_0__")
    assert set(names_of(chosen)) == {"p_a", "p_b"}


@pytest.mark.parametrize("affix", AFFIXES, ids=str)
def test_every_affix_is_found_and_says_what_it_says(affix):
    names = [f"{affix.prefix}{label}{affix.suffix}" for label in ("ant", "bee")]
    chosen = choose("y", *names, seen=["ant", "bee"])
    assert chosen.class_names == ("ant", "bee")
    assert chosen.kind is affix.kind


def test_log_probabilities_are_not_taken_for_probabilities():
    assert choose("y", "log_prob_a", "log_prob_b").kind is InputKind.LOG_PROBS


def test_columns_named_like_the_declared_classes():
    chosen = choose("y", "a", "b", "c", "height", classes=("c", "a"))
    assert names_of(chosen) == {"a": "a", "c": "c"}


def test_bare_columns_that_may_not_be_all_are_refused():
    with pytest.raises(InputError, match="but so are perhaps others"):
        choose("y", "a", "b", "height", seen=["a", "b"])


def test_the_one_column_of_lists():
    chosen = choose("y", "age", "probs", lists=["probs"])
    assert chosen.is_list
    assert chosen.kind is InputKind.PROBS


def test_two_columns_of_lists_need_a_word():
    with pytest.raises(InputError):
        choose("y", "one", "two", lists=["one", "two"])


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("nope_*", "no column matches 'nope_\\*'"),
        ("p*_*", "more than one \\*"),
        ("y,p_a", "column 'y' is the label"),
        ("p_a,p_a", "named twice"),
        ("p_a,p_z", "column 'p_z' not found"),
    ],
)
def test_score_columns_that_cannot_be_are_refused(wanted, message):
    with pytest.raises(InputError, match=message):
        choose("y", "p_a", "p_b", wanted=wanted)


def test_a_star_in_a_column_name_is_no_pattern():
    chosen = choose("y", "p*", "q", wanted="p*")
    assert [column.name for column in chosen.columns] == ["p*"]


def test_a_pattern_is_no_regular_expression():
    chosen = choose("y", "p(a)", "p(b)", "pxa)", wanted="p(*)")
    assert names_of(chosen) == {"p(a)": "a", "p(b)": "b"}


def test_numbered_columns_start_at_zero_or_one():
    for names in (("p_0", "p_1"), ("p_1", "p_2")):
        found = table("y", *names)
        clues = clues_of(found, classes=("cat", "dog"))
        chosen = choose_score_columns(found, clues, None)
        classes, order, _ = match_classes(chosen, clues, None, "preds")
        assert (classes, order) == (("cat", "dog"), (0, 1))


def test_class_order_is_by_number_whatever_the_columns_say():
    found = table("y", "p_10", "p_2", "p_1")
    clues = clues_of(found)
    chosen = choose_score_columns(found, clues, None)
    assert match_classes(chosen, clues, None, "preds")[:2] == (("1", "2", "10"), (2, 1, 0))
