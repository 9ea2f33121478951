"""From bare formulas to finished weights: normalisation, cap, absent classes, last words."""

import numpy as np
import pytest

from wcetool.core.distribution import ClassCounts
from wcetool.core.schemes import parse_scheme
from wcetool.core.vocabulary import Normalization, ZeroCount
from wcetool.core.weighting import Recipe, effective_sample_size, weigh
from wcetool.errors import InputError, SchemeError, UsageError

ABCD = ClassCounts(("A", "B", "C", "D"), np.array([198, 436, 710, 272]))
WITH_ABSENT = ClassCounts(("A", "B", "Z"), np.array([30, 10, 0]))


def weights(scheme, counts=ABCD, **options):
    return weigh(counts, Recipe(scheme=parse_scheme(scheme), **options)).class_weight


@pytest.mark.parametrize("scheme", ["inverse", "power:alpha=0.3", "effective-number:beta=0.99"])
def test_every_normalisation_holds(scheme):
    n = ABCD.count
    assert weights(scheme, normalize=Normalization.SUM_1).sum() == pytest.approx(1, rel=1e-15)
    assert weights(scheme, normalize=Normalization.MEAN_1).mean() == pytest.approx(1, rel=1e-15)
    by_sample = weights(scheme, normalize=Normalization.SAMPLE_MEAN_1)
    assert (by_sample * n).sum() / n.sum() == pytest.approx(1, rel=1e-15)
    assert weights(scheme, normalize=Normalization.MIN_1).min() == 1.0
    assert weights(scheme, normalize=Normalization.MAX_1).max() == 1.0


def test_as_published_scales_effective_number_to_the_number_of_classes():
    assert weights("effective-number:beta=0.999").sum() == pytest.approx(4, rel=1e-15)


def test_as_published_leaves_inverse_with_a_sample_mean_of_one():
    assert (weights("inverse") * ABCD.count).sum() == pytest.approx(1616, rel=1e-15)


def test_none_is_the_bare_formula():
    bare = weights("effective-number:beta=0.5", normalize=Normalization.NONE)
    assert bare == pytest.approx([0.5] * 4, rel=1e-12)


def test_a_cap_bounds_the_ratio_and_says_how_many_it_lowered():
    result = weigh(ABCD, Recipe(scheme=parse_scheme("inverse"), cap=2.0))
    assert result.class_weight.max() / result.class_weight.min() == pytest.approx(2, rel=1e-15)
    assert result.capped == 2


def test_a_cap_and_a_normalisation_hold_together():
    capped = weights("inverse", cap=2.0, normalize=Normalization.MEAN_1)
    assert capped.mean() == pytest.approx(1, rel=1e-15)
    assert capped.max() / capped.min() == pytest.approx(2, rel=1e-15)


@pytest.mark.parametrize("cap", [0.5, 0.0, -1.0, float("nan"), float("inf")])
def test_a_cap_below_one_is_refused(cap):
    with pytest.raises(UsageError, match="ratio of at least 1"):
        Recipe(scheme=parse_scheme("inverse"), cap=cap)


def test_a_class_without_samples_is_an_error_by_default():
    with pytest.raises(InputError, match="1 of 3 classes have no samples") as caught:
        weights("inverse", WITH_ABSENT)
    assert "'Z'" in str(caught.value)


def test_inverse_counts_only_the_classes_present():
    found = weights("inverse", WITH_ABSENT, zero_count=ZeroCount.ZERO)
    assert found.tolist() == [40 / (2 * 30), 40 / (2 * 10), 0.0]


def test_an_absent_class_can_weigh_what_the_cap_allows():
    found = weights("inverse", WITH_ABSENT, zero_count=ZeroCount.CAP, cap=5.0)
    assert found[2] == pytest.approx(5 * found[0], rel=1e-15)


def test_the_cap_policy_needs_a_cap():
    with pytest.raises(UsageError, match="needs a cap"):
        Recipe(scheme=parse_scheme("inverse"), zero_count=ZeroCount.CAP)


def test_uniform_weighs_absent_classes_unless_told_otherwise():
    assert weights("uniform", WITH_ABSENT).tolist() == [1, 1, 1]
    assert weights("uniform", WITH_ABSENT, zero_count=ZeroCount.ZERO).tolist() == [1, 1, 0]


def test_a_mean_of_one_is_over_the_classes_with_a_weight():
    found = weights(
        "inverse", WITH_ABSENT, zero_count=ZeroCount.ZERO, normalize=Normalization.MEAN_1
    )
    assert found[:2].mean() == pytest.approx(1, rel=1e-15)


def test_a_weight_that_is_set_is_the_last_word():
    found = weights("effective-number:beta=0.999", given={"B": 7.5})
    plain = weights("effective-number:beta=0.999")
    assert found[1] == 7.5
    assert found[[0, 2, 3]].tolist() == plain[[0, 2, 3]].tolist()


def test_a_weight_that_is_set_stands_in_for_an_absent_class():
    assert weights("inverse", WITH_ABSENT, given={"Z": 3.0})[2] == 3.0


@pytest.mark.parametrize("option", [{"cap": 3.0}, {"normalize": Normalization.SUM_1}])
def test_set_weights_over_a_scheme_are_not_scaled_afterwards(option):
    with pytest.raises(UsageError, match="final"):
        Recipe(scheme=parse_scheme("inverse"), given={"A": 2.0}, **option)


def test_manual_weights_can_be_scaled_and_capped():
    given = {"A": 1.0, "B": 2.0, "C": 3.0, "D": 10.0}
    found = weights("manual", given=given, cap=4.0, normalize=Normalization.SUM_1)
    assert found == pytest.approx([0.1, 0.2, 0.3, 0.4], rel=1e-15)


def test_a_weight_for_a_class_that_is_not_there_is_refused_with_the_nearest():
    with pytest.raises(SchemeError, match="'a' is no class") as caught:
        weights("inverse", given={"a": 1.0})
    assert caught.value.hint == "--set A=1"


@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf")])
def test_a_weight_must_be_finite_and_not_negative(weight):
    with pytest.raises(UsageError):
        Recipe(scheme=parse_scheme("manual"), given={"A": weight})


def test_weights_that_are_all_zero_cannot_be_scaled():
    with pytest.raises(SchemeError, match="cannot be scaled"):
        weights("manual", given=dict.fromkeys("ABCD", 0.0), normalize=Normalization.SUM_1)


def test_the_effective_sample_size_of_the_worked_example():
    # CATALOG: balanced weights on A, B, C, D cost 329 of 1616 samples.
    assert effective_sample_size(weights("inverse"), ABCD.count) == pytest.approx(
        1287.3114838579756, rel=1e-14
    )


def test_the_effective_sample_size_does_not_depend_on_the_scale():
    base = weights("inverse")
    for scale in (1e-200, 1e200):
        assert effective_sample_size(base * scale, ABCD.count) == pytest.approx(
            1287.3114838579756, rel=1e-12
        )


def test_the_effective_sample_size_of_nothing_is_undefined():
    assert effective_sample_size(np.zeros(4), ABCD.count) is None
