"""The registry: parsing, printing, and the numbers of each scheme."""

import math

import numpy as np
import pytest
from sklearn.utils.class_weight import compute_class_weight

from wcetool.core.distribution import ClassCounts
from wcetool.core.schemes import SCHEMES, parse_scheme
from wcetool.core.schemes.evidence import Evidence
from wcetool.errors import SchemeError

ABCD = ClassCounts(("A", "B", "C", "D"), np.array([198, 436, 710, 272]))


def bare(text, counts=ABCD):
    return parse_scheme(text).bare_weights(counts)


def test_inverse_is_scikit_learns_balanced_to_the_bit():
    labels = np.repeat(["A", "B", "C", "D"], ABCD.count)
    expected = compute_class_weight("balanced", classes=np.array(["A", "B", "C", "D"]), y=labels)
    assert bare("inverse").tolist() == expected.tolist()


def test_inverse_weights_of_the_worked_example():
    assert bare("inverse") == pytest.approx([2.040404, 0.926606, 0.569014, 1.485294], abs=5e-7)


def test_uniform_weighs_all_alike():
    assert bare("uniform").tolist() == [1.0] * 4


def test_max_ratio_is_catboosts_balanced():
    assert bare("max-ratio") == pytest.approx([3.585859, 1.628440, 1, 2.610294], abs=5e-7)


def test_sqrt_max_ratio_is_catboosts_sqrt_balanced():
    # CatBoost 1.2.10 keeps its weights in float32.
    expected = [1.8936363458633425, 1.2761036157608032, 1, 1.6156405210494995]
    assert bare("sqrt-max-ratio") == pytest.approx(expected, rel=1e-7)


def test_power_meets_its_named_cases():
    assert bare("power:alpha=0").tolist() == [1.0] * 4
    assert bare("power:alpha=0.5") == pytest.approx(bare("inverse-sqrt"), rel=1e-15)
    assert bare("power:alpha=1") * 1616 / 4 == pytest.approx(bare("inverse"), rel=1e-15)


@pytest.mark.parametrize(
    ("beta", "expected"),
    [
        (0.9, [1.0000000006531584, 0.999999999782161, 0.999999999782161, 0.9999999997825191]),
        (0.999, [1.5290303527517872, 0.7772732213828744, 0.5403495926419667, 1.1533468332233714]),
        (0.9999, [1.6153687265936547, 0.7423204541996544, 0.4620754302776380, 1.1802353889290529]),
    ],
)
def test_effective_numbers_scaled_as_published(beta, expected):
    weights = bare(f"effective-number:beta={beta}")
    assert weights * 4 / weights.sum() == pytest.approx(expected, rel=1e-12)


def test_effective_number_keeps_its_digits_as_beta_approaches_one():
    # In float64 1 - beta**n is off by 1e-5 here.
    beta, n = 1 - 1e-12, 5
    exact = math.fsum([1.0]) / math.fsum(beta**i for i in range(n))
    one = ClassCounts(("a",), np.array([n]))
    assert bare(f"effective-number:beta={beta!r}", one)[0] == pytest.approx(exact, rel=1e-12)


def test_effective_number_with_beta_zero_is_uniform():
    assert bare("effective-number:beta=0").tolist() == [1.0] * 4


def test_an_alias_prints_as_the_scheme_it_names():
    assert str(parse_scheme("balanced")) == "inverse"


@pytest.mark.parametrize("name", SCHEMES)
def test_every_scheme_prints_in_a_form_that_reads_back(name):
    call = parse_scheme(name)
    assert parse_scheme(str(call)) == call


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("invers", "unknown scheme 'invers'"),
        ("", "unknown scheme ''"),
        ("inverse:alpha=1", "no parameter 'alpha'"),
        ("power:alpha", "not of the form key=value"),
        ("power:", "not of the form key=value"),
        ("power:alpha=x", "alpha=x"),
        ("power:alpha=-1", "alpha=-1"),
        ("power:alpha=nan", "alpha=nan"),
        ("power:alpha=inf", "alpha=inf"),
        ("power:alpha=1,alpha=2", "twice"),
        ("effective-number:beta=1", "beta=1"),
        ("effective-number:beta=-0.1", "beta=-0.1"),
    ],
)
def test_a_wrong_scheme_is_refused_with_what_to_type(text, message):
    with pytest.raises(SchemeError, match=message) as caught:
        parse_scheme(text)
    assert caught.value.exit_code == 2


def test_a_misspelt_scheme_gets_the_nearest_name():
    with pytest.raises(SchemeError) as caught:
        parse_scheme("efective-number:beta=0.9")
    assert caught.value.hint == "--scheme effective-number"


def test_manual_weights_must_cover_the_classes():
    call = parse_scheme("manual")
    weights = Evidence(weights={"A": 1, "B": 2, "C": 3, "D": 4})
    assert call.bare_weights(ABCD, weights).tolist() == [1, 2, 3, 4]
    with pytest.raises(SchemeError, match="1 of 4 classes have no weight"):
        call.bare_weights(ABCD, Evidence(weights={"A": 1, "B": 2, "C": 3}))


@pytest.mark.parametrize("entry", SCHEMES.values(), ids=SCHEMES.keys())
def test_every_scheme_says_what_there_is_to_know(entry):
    assert all((entry.summary, entry.formula, entry.source, entry.caution))
    assert entry.summary.endswith(".")
    assert entry.caution.endswith(".")
