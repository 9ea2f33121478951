"""Every registered scheme keeps the laws it declares, and those that all schemes keep."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wcetool.core.distribution import ClassCounts
from wcetool.core.identification import identify
from wcetool.core.label_sets import LabelSets
from wcetool.core.schemes import SCHEMES, Kind, Law, Need, SchemeCall, parse_scheme
from wcetool.core.schemes.evidence import Evidence, GroupPresence
from wcetool.core.vocabulary import Normalization, Task, ZeroCount
from wcetool.core.weighting import Recipe, effective_sample_size, weigh
from wcetool.errors import SchemeError, UsageError

ABCD = [198, 436, 710, 272]
CASES = [
    (name, task)
    for name, entry in SCHEMES.items()
    for task in sorted(entry.tasks)
    if not entry.kind.is_of_sets
]


def cases(kinds=None, law=None):
    found = [
        pytest.param(name, task, id=f"{name}-{task}")
        for name, task in CASES
        if (kinds is None or SCHEMES[name].kind in kinds) and law in {None, *SCHEMES[name].laws}
    ]
    return pytest.mark.parametrize(("name", "task"), found)


every_scheme = cases()
every_class_weight = cases({Kind.CLASS})
every_factor = cases({Kind.CLASS, Kind.LABEL})

count_lists = st.lists(st.integers(1, 10**7), min_size=1, max_size=8).filter(lambda n: sum(n) > 2)


def fitting(name, n):
    """Give a scheme for two classes two."""
    return [*n, 5][:2] if Need.POSITIVE in SCHEMES[name].needs else n


def counts_of(n, task=Task.MULTICLASS):
    count = np.array(n, dtype=np.int64)
    known = np.full(len(n), 3 * max(n)) if task is Task.MULTILABEL else None
    return ClassCounts(tuple(f"c{i}" for i in range(len(n))), count, known=known)


def evidence_for(n):
    """Return what any scheme may need."""
    size = 1.0 + np.arange(len(n))
    return Evidence(
        prior=size / size.sum(),
        costs=np.tile(size[:, None], (1, len(n))) * (1.0 - np.eye(len(n))),
        positive=1 if len(n) == 2 else None,
    )


def given_for(name, n):
    """Return the weights that a user sets, where a scheme consists of them."""
    return {f"c{i}": 1.0 + i for i in range(len(n))} if SCHEMES[name].takes_weights else {}


def weighed(name, task, n, **options):
    n = fitting(name, n)
    recipe = Recipe(scheme=parse_scheme(name), given=given_for(name, n), **options)
    return weigh(counts_of(n, task), recipe, evidence_for(n))


def weights_of(name, task, n, **options):
    return weighed(name, task, n, **options).class_weight


@every_scheme
@given(n=count_lists)
def test_numbers_are_finite_and_factors_are_not_negative(name, task, n):
    found = weighed(name, task, n)
    assert np.isfinite(found.class_weight).all()
    if SCHEMES[name].kind is not Kind.LOGIT_OFFSET:
        assert (found.class_weight >= 0).all()
    assert (found.negative_weight is not None) is (SCHEMES[name].kind is Kind.LABEL)
    if found.negative_weight is not None:
        assert np.isfinite(found.negative_weight).all()
        assert (found.negative_weight >= 0).all()


@every_class_weight
@given(n=count_lists, how=st.sampled_from(list(Normalization)))
def test_the_stated_normalisation_holds(name, task, n, how):
    n = fitting(name, n)
    evidence = evidence_for(n)
    given = Evidence(
        prior=evidence.prior,
        costs=evidence.costs,
        positive=evidence.positive,
        weights=given_for(name, n) or None,
    )
    bare = parse_scheme(name).bare_weights(counts_of(n, task), given)
    if not bare.any():  # the shares of one class, or the costs: nothing can be scaled
        assert len(n) == 1
        return
    weights = weights_of(name, task, n, normalize=how)
    # A normalisation scales: the ratios stay those of the formula.
    ratios, expected = weights / weights.max(), bare / bare.max()
    assert ratios.tolist() == pytest.approx(expected.tolist(), rel=1e-14)
    if how is Normalization.AS_PUBLISHED:
        how = SCHEMES[name].published
    if how is Normalization.NONE:
        assert weights.tolist() == bare.tolist()
        return
    positive = weights[weights > 0]
    found = {
        Normalization.SUM_1: math.fsum(weights),
        Normalization.MEAN_1: math.fsum(weights) / len(positive),
        Normalization.SAMPLE_MEAN_1: math.fsum(weights * np.array(n)) / sum(n),
        Normalization.MIN_1: positive.min(),
        Normalization.MAX_1: weights.max(),
    }[how]
    assert found == pytest.approx(1, rel=1e-14)


@every_scheme
def test_what_multiplies_no_loss_of_a_class_is_not_scaled(name, task):
    if SCHEMES[name].kind is not Kind.CLASS:
        for how in set(Normalization) - {Normalization.AS_PUBLISHED, Normalization.NONE}:
            with pytest.raises(UsageError, match="has no effect"):
                weighed(name, task, ABCD, normalize=how)
        with pytest.raises(UsageError, match="has no effect"):
            weighed(name, task, ABCD, cap=10.0)


@cases({Kind.SAMPLING_PROBABILITY})
@given(n=count_lists)
def test_probabilities_sum_to_one(name, task, n):
    assert math.fsum(weights_of(name, task, n)) == pytest.approx(1, rel=1e-14)


@every_class_weight
@given(n=count_lists, cap=st.floats(1, 1e6))
def test_a_cap_holds_and_changes_no_order(name, task, n, cap):
    capped, free = weights_of(name, task, n, cap=cap), weights_of(name, task, n)
    positive = capped[capped > 0]
    assert capped.max() <= positive.min(initial=np.inf) * cap * (1 + 1e-14)
    assert (np.diff(capped[np.argsort(free, kind="stable")]) >= -1e-15 * capped.max()).all()


@every_factor
@given(n=count_lists, low=st.floats(0.01, 1), span=st.floats(1, 1e4))
def test_bounds_hold_together_with_the_normalisation(name, task, n, low, span):
    high = low * span
    bounds = {"min_weight": low, "max_weight": high}
    is_class = SCHEMES[name].kind is Kind.CLASS
    how = {"normalize": Normalization.SAMPLE_MEAN_1} if is_class else {}
    if SCHEMES[name].takes_weights is False or is_class:
        try:
            found = weighed(name, task, n, **bounds, **how)
        except SchemeError as error:
            assert error.where == "--normalize"  # noqa: PT017 - no scale may meet both
            return
        weights = found.class_weight[found.class_weight > 0]
        assert (weights >= low).all()
        assert (weights <= high).all()
        if how:
            n = np.array(fitting(name, n))
            mean = math.fsum(found.class_weight * n) / n.sum()
            assert mean == pytest.approx(1, rel=1e-12)


@every_class_weight
@given(n=count_lists)
def test_the_effective_sample_size_lies_between_the_rarest_class_and_all(name, task, n):
    weights, n = weights_of(name, task, n), fitting(name, n)
    size = effective_sample_size(weights, np.array(n))
    if size is None:
        assert not weights.any()
        return
    assert min(n) * (1 - 1e-12) <= size <= sum(n) * (1 + 1e-12)


@cases(law=Law.SYMMETRIC)
@given(n=count_lists, seed=st.integers(0, 2**32))
def test_symmetric_schemes_follow_a_permutation(name, task, n, seed):
    n = fitting(name, n)
    order = np.random.default_rng(seed).permutation(len(n))
    permuted = weights_of(name, task, [n[i] for i in order])
    assert permuted.tolist() == pytest.approx(weights_of(name, task, n)[order].tolist(), rel=1e-13)


@cases(law=Law.SCALE_FREE)
@given(n=count_lists, factor=st.integers(2, 100))
def test_scale_free_schemes_do_not_see_the_total(name, task, n, factor):
    scaled = weights_of(name, task, [factor * count for count in fitting(name, n)])
    # ln(N / n) near N = n keeps the digits of 1, not of the difference.
    expected = pytest.approx(weights_of(name, task, n).tolist(), rel=1e-13, abs=1e-15)
    assert scaled.tolist() == expected


@cases(law=Law.MONOTONE)
@given(n=count_lists)
def test_monotone_schemes_never_weigh_a_rarer_class_less(name, task, n):
    weights = weights_of(name, task, sorted(fitting(name, n), reverse=True))
    assert (np.diff(weights) >= 0).all()


@cases(law=Law.SYMMETRIC)
@given(n=count_lists)
def test_two_classes_of_one_size_weigh_the_same(name, task, n):
    n = [n[0]] * 2 if Need.POSITIVE in SCHEMES[name].needs else [*n, n[0]]
    weights = weights_of(name, task, n)
    assert weights[0] == weights[-1]


@every_scheme
def test_what_a_scheme_needs_is_refused_by_name_where_it_is_not_given(name, task):
    for need in SCHEMES[name].needs:
        n = fitting(name, ABCD)
        full = evidence_for(n)
        lacking = {
            "prior": None if need is Need.PRIOR else full.prior,
            "costs": None if need is Need.COSTS else full.costs,
            "positive": None if need is Need.POSITIVE else full.positive,
        }
        with pytest.raises(SchemeError, match=need.value) as caught:
            weigh(counts_of(n, task), Recipe(scheme=parse_scheme(name)), Evidence(**lacking))
        assert need.value in caught.value.hint


@every_scheme
def test_labels_that_a_scheme_is_not_for_are_refused(name, task):
    other = ({*Task} - {task, Task.BINARY}).pop()
    if other not in SCHEMES[name].tasks:
        with pytest.raises(SchemeError, match="is for rows"):
            weighed(name, other, ABCD)


@every_factor
@given(n=count_lists, place=st.integers(0, 8))
def test_a_policy_for_classes_without_samples_touches_no_other_class(name, task, n, place):
    if SCHEMES[name].takes_weights or Need.POSITIVE in SCHEMES[name].needs:
        return
    place = min(place, len(n))
    # One class more changes what a mean over all classes is, and what a prior says.
    if SCHEMES[name].needs or SCHEMES[name].published is not Normalization.NONE:
        return
    with_absent = [*n[:place], 0, *n[place:]]
    without = weights_of(name, task, n)
    excluded = weighed(name, task, with_absent, zero_count=ZeroCount.EXCLUDE)
    assert excluded.counts.n_classes == len(n)
    assert excluded.class_weight.tolist() == without.tolist()
    zeroed = weights_of(name, task, with_absent, zero_count=ZeroCount.ZERO)
    assert zeroed[place] == 0
    rarest = weights_of(name, task, with_absent, zero_count=ZeroCount.RAREST)
    if not SCHEMES[name].defined_at_zero:
        assert np.delete(zeroed, place).tolist() == without.tolist()
        assert np.delete(rarest, place).tolist() == without.tolist()
    assert rarest[place] == np.delete(rarest, place)[n.index(min(n))]


def settings():
    """List every scheme of class weights, with every setting that publications use."""
    for entry in SCHEMES.values():
        if entry.kind is Kind.CLASS and not entry.takes_weights:
            default = {key: one.default for key, one in entry.parameters.items()}
            yield SchemeCall(entry, default)
            for setting in entry.settings:
                yield SchemeCall(entry, default | dict(setting))
            for one in entry.parameters.values():
                yield from (SchemeCall(entry, default | {one.name: w}) for w in one.range.words)


@pytest.mark.parametrize("call", list(settings()), ids=str)
@pytest.mark.parametrize(
    ("how", "rounding"),
    [
        (Normalization.MIN_1, None),
        (Normalization.AS_PUBLISHED, np.float32),
        (Normalization.SAMPLE_MEAN_1, 3),
    ],
)
def test_the_scheme_of_weights_is_found_again(call, how, rounding):
    n = fitting(call.scheme.name, ABCD)
    if not call.scheme.tasks & {Task.MULTICLASS}:
        pytest.skip("weighs labels")
    counts, evidence = counts_of(n), evidence_for(n)
    weight = weigh(counts, Recipe(scheme=call, normalize=how), evidence).class_weight
    if isinstance(rounding, int):
        given = np.round(weight, rounding)
    else:
        given = weight if rounding is None else weight.astype(rounding).astype(float)
    if not given.any():
        pytest.skip("rounded to nothing")
    matches = identify(given, counts, evidence)
    assert call.scheme.name in [one.scheme.scheme.name for one in matches if one.reproduces]
    assert all(one.deviation < 0.5 for one in matches if one.reproduces)


@pytest.mark.parametrize("name", [s.name for s in SCHEMES.values() if s.kind.is_of_sets])
@given(seed=st.integers(0, 2**32), n_labels=st.integers(1, 6))
def test_the_weight_of_a_row_does_not_depend_on_the_order_of_labels_and_sets(name, seed, n_labels):
    rng = np.random.default_rng(seed)
    rows = rng.random((12, n_labels)) < 0.4
    rows[0] = True
    order, labels = rng.permutation(len(rows)), rng.permutation(n_labels)
    counts, sets = _of_rows(rows)
    shuffled_counts, shuffled = _of_rows(rows[order][:, labels])
    call = parse_scheme(name)
    weight, other = call.row_weights(counts, sets), call.row_weights(shuffled_counts, shuffled)
    assert np.isfinite(weight).all()
    assert (weight > 0).all()
    expected = weight[order] if weight.ndim == 1 else weight[order][:, labels]
    assert other == pytest.approx(expected, rel=1e-14)


def _of_rows(rows):
    count = rows.sum(axis=0)
    counts = ClassCounts(
        tuple(f"c{i}" for i in range(rows.shape[1])), count, known=np.full(len(count), len(rows))
    )
    sizes = rows.sum(axis=1)
    start = np.concatenate([[0], np.cumsum(sizes)])
    return counts, LabelSets(start, np.nonzero(rows)[1], np.ones(len(rows), dtype=np.int64))


def test_groups_take_the_place_of_all_rows_in_schemes_that_use_them():
    counts = counts_of([600, 300, 100])
    groups = GroupPresence(
        n_groups=10, groups=np.array([10, 5, 2]), samples=np.array([1000, 1000, 500])
    )
    for entry in SCHEMES.values():
        if Need.GROUPS in entry.uses and entry.kind is Kind.CLASS:
            recipe = Recipe(scheme=parse_scheme(entry.name))
            alone, grouped = weigh(counts, recipe), weigh(counts, recipe, Evidence(groups=groups))
            assert grouped.class_weight.tolist() != alone.class_weight.tolist()
