"""Compares wcetool with points of a reference: `python tests/golden/reference.py FILE`.

A file is a JSON list of points with an id, a function, its input, what is expected, and a
tolerance. What each function is in wcetool stands in `FUNCTIONS`; points of other functions are
counted and named, never passed over in silence.
"""

from __future__ import annotations

import json
import math
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

import wcetool
from wcetool.core.distribution import Buckets, ClassCounts
from wcetool.core.drift import divergence, homogeneity
from wcetool.core.imbalance_degree import imbalance_degree
from wcetool.core.label_sets import LabelSets
from wcetool.core.measures import measure
from wcetool.core.multilabel import measure_labels
from wcetool.core.power_law import continuous_exponent, discrete_exponent, long_tail
from wcetool.core.profile import Excesses
from wcetool.core.schemes import parse_scheme
from wcetool.core.schemes.evidence import Evidence, GroupPresence
from wcetool.core.schemes.with_costs import consistent_weights
from wcetool.core.share_intervals import IntervalMethod, share_intervals
from wcetool.core.weighting import Recipe, effective_sample_size, weigh

DISTANCES = {
    "EU": "euclidean",
    "CH": "chebyshev",
    "KL": "kl",
    "HE": "hellinger",
    "TV": "total_variation",
    "CS": "chi_square",
}


def counts_of(n, total=None, **more):
    """Put counts into classes 0, 1, ...; with a total they are labels of rows."""
    known = None if total is None else np.full(len(n), total)
    names = tuple(map(str, range(len(n))))
    return ClassCounts(names, np.array(n, dtype=np.int64), known=known, **more)


def weights(scheme, n, total=None, evidence=None):
    return weigh(counts_of(n, total), Recipe(scheme=parse_scheme(scheme)), evidence).class_weight


def by_shares(scheme, shares):
    """Weigh shares instead of counts."""
    ones = np.ones(len(shares), dtype=np.int64)
    mass = np.array(shares, dtype=float)
    counts = counts_of([0] * len(shares))
    counts = ClassCounts(counts.classes, counts.count, weight_sum=mass, known=ones)
    return parse_scheme(scheme).bare_weights(counts)


def binary(scheme, neg, pos):
    return weights(scheme, [neg, pos], evidence=Evidence(positive=1))


def sets_of(rows):
    """Make a set of labels of each row of indices."""
    sizes = [len(row) for row in rows]
    label = np.array([i for row in rows for i in row], dtype=np.int64)
    return LabelSets(np.concatenate([[0], np.cumsum(sizes)]), label, np.ones(len(rows), np.int64))


def rows_of(y):
    return sets_of([[j for j, one in enumerate(row) if one] for row in y])


def cb_ml(Y, n, beta, mode):  # noqa: N803 - the names of the reference
    if mode == "by_class":
        return parse_scheme(f"effective-number:beta={beta}").bare_weights(counts_of(n))
    mode = mode.replace("_", "-")
    call = parse_scheme(f"class-balanced-rows:beta={beta},mode={mode}")
    return call.row_weights(counts_of(n, sum(n)), rows_of(Y))


def db_weight(Y, n, alpha, beta, gamma):  # noqa: N803
    call = parse_scheme(f"distribution-balanced:alpha={alpha},beta={beta},gamma={gamma}")
    return call.row_weights(counts_of(n, sum(n)), rows_of(Y))


def rfs_img(images, t):
    n_labels = max(max(image) for image in images if image) + 1
    n = [sum(label in image for image in images) for label in range(n_labels)]
    call = parse_scheme(f"repeat-factor:t={t}")
    return call.row_weights(counts_of(n, len(images)), sets_of(images))


def medianfreq(pix, imgpix):
    groups = GroupPresence(
        n_groups=0, groups=np.zeros(len(pix), np.int64), samples=np.array(imgpix)
    )
    return weights("median-frequency", pix, evidence=Evidence(groups=groups))


def cost_weights(C):  # noqa: N803
    found = consistent_weights(np.array(C, dtype=float))
    if found is None:
        return {"consistent": False}
    return {"consistent": True, "w": found.tolist()}


def ratio(n, skip_zero=False):
    found = measure(counts_of(n))
    absent = found.absent_classes and not skip_zero
    return math.inf if absent else found["ratio"]


def of_measure(name):
    return lambda n: measure(counts_of(n))[name]


def shots(n, rule):
    found = Buckets.parse(rule).sort(counts_of(n))
    return [found[name] for name in ("many", "medium", "few")]


def irlbl_from_counts(n, zero_as_zero=False):
    found = measure_labels(np.array(n), sum(n), None).values
    mean = found["mean_ir_mldr" if zero_as_zero else "mean_ir"]
    return {"maxIR": found["max_ir"], "meanIR": mean, "CVIR": found["cvir"]}


def tcs(f, q, ls):
    # So many sets, each once, of labels that need not be told apart.
    sets = LabelSets(np.arange(ls + 1), np.arange(ls) % q, np.ones(ls, np.int64))
    return measure_labels(np.bincount(sets.label, minlength=q), ls, sets, n_features=f).values[
        "tcs"
    ]


def interval(method, level=0.95):
    def bounds(k, n):
        low, high = share_intervals(np.array([k, n - k]), method, level)
        return [float(low[0]), float(high[0])]

    return bounds


def goodman(n):
    return np.stack(share_intervals(np.array(n), IntervalMethod.GOODMAN), axis=1)


def tests(a, b):
    return homogeneity(np.array([a, b]))


def cramer(a, b, corr=False):
    found = tests(a, b)
    return found.cramers_v_corrected if corr else found.cramers_v


def scored(y, scores, kind, classes=None, **options):
    scores = np.array(scores, dtype=float)
    names = list(map(str, range(scores.shape[1])))
    return wcetool.score(
        [names[k] for k in y], scores, input=kind, classes=names, **options
    ).to_dict()


def wce(x, y, w):
    found = scored(y, x, "logits", class_weight=w)["reductions"]
    plain = scored(y, x, "logits")["loss"]["value"]
    return {
        "sum": found["sum"],
        "mean_sumw": found["weighted-mean"],
        "mean_N": found["mean"],
        "plain": plain,
    }


def logloss(Pm, y, w=None):  # noqa: N803
    return scored(y, Pm, "probs", sample_weight=w)["loss"]["value"]


def skill(Pm, y, w=None):  # noqa: N803
    return scored(y, Pm, "probs", sample_weight=w)["prior_baseline"]["skill"]


def ratio_se(l, w):  # noqa: E741 - the names of the reference
    p = np.exp(-np.array(l))
    loss = scored([0] * len(l), np.stack([p, 1 - p], axis=1), "probs", sample_weight=w)["loss"]
    n = len(l)
    return [
        loss["value"],
        loss["standard_error"],
        loss["standard_error"] * math.sqrt(n / (n - 1)),
    ]


def focal_mean(x, y, w, gamma):
    found = scored(y, x, "logits", class_weight=w, gamma=gamma)
    return found["reductions"]["mean"]


def focal_modulator(p, gamma):
    focal, plain = (
        scored([0], [[p, 1 - p]], "probs", gamma=g)["loss"]["value"] for g in (gamma, None)
    )
    return focal / plain


def bce_posw(z, t, pw):
    like = "torch.BCEWithLogitsLoss"
    found = wcetool.score(np.array(t), np.array(z), like=like, input="logits", pos_weight=pw)
    return found.to_dict()["loss"]["value"]


def margin_loss(x, y, n, max_m, s):
    margin = weights(f"ldam-margin:max_margin={max_m}", n)
    logits = np.array(x, dtype=float)
    logits[np.arange(len(y)), y] -= margin[y]
    return scored(y, s * logits, "logits")["loss"]["value"]


def adjusted_loss(x, y, n, gamma=0.0, tau=0.0, w=None):
    """Divide the logits by temperatures and add offsets, as the loss of VS does."""
    logits = np.array(x, dtype=float) / weights(f"cdt:gamma={gamma}", n)
    if tau:
        logits = logits + weights(f"logit-adjustment:tau={tau}", n)
    return scored(y, logits, "logits", class_weight=w)["loss"]["value"]


def softmax_of_counts(x, y, n):
    return scored(y, np.array(x) + weights("balanced-softmax", n), "logits")["loss"]["value"]


FUNCTIONS: dict[str, Any] = {
    "balanced": lambda n: weights("inverse", n),
    "logsmooth": lambda n, mu: weights(f"log-smoothed:mu={mu!r}", n),
    "enet": lambda p, c: by_shares(f"enet:c={c}", p),
    "medianfreq": medianfreq,
    "effnum": lambda n, beta: weights(f"effective-number:beta={beta!r}", n),
    "maxn": lambda n: weights("max-ratio", n),
    "sqrtmaxn": lambda n: weights("sqrt-max-ratio", n),
    "lgb_unbalance": lambda neg, pos: binary("is-unbalance", neg, pos),
    "scale_pos_weight": lambda neg, pos: binary("scale-pos-weight", neg, pos)[1],
    "posweight": lambda pos, N: weights("pos-weight", pos, N),  # noqa: N803
    "chexnet": lambda pos, N: weights("chexnet", pos, N),  # noqa: N803
    "ldam_m": lambda n, max_m: weights(f"ldam-margin:max_margin={max_m}", n),
    "ldam_loss": margin_loss,
    "cdt_delta": lambda n, gamma: weights(f"cdt:gamma={gamma}", n),
    "vs": adjusted_loss,
    "la_loss": adjusted_loss,
    "balanced_softmax": softmax_of_counts,
    "db_weight": db_weight,
    "cb_ml": cb_ml,
    "inv_propensity": lambda n, N: weights("inverse-propensity", n, N),  # noqa: N803
    "target_prior": lambda n, t: weights("target-prior", n, evidence=Evidence(prior=np.array(t))),
    "rfs_cat": lambda f, t: by_shares(f"repeat-factor:t={t}", f),
    "rfs_img": rfs_img,
    "cifar_lt": lambda K, nmax, mu: long_tail(K, nmax, mu),  # noqa: N803, PLW0108 - by keyword
    "consistent_weights": cost_weights,
    "breiman_row": lambda C: weights(  # noqa: N803
        "cost-row-sum", [1] * len(C), evidence=Evidence(costs=np.array(C, dtype=float))
    ),
    "kish": lambda n, w: effective_sample_size(np.array(w), np.array(n)),
    "ir": ratio,
    "evenness": of_measure("evenness"),
    "gini": of_measure("gini"),
    "ecol_c2": of_measure("ecol_c2"),
    "lrid": of_measure("lrid"),
    "hill": lambda n, q: measure(counts_of(n))[{2: "effective_classes"}.get(q, f"hill_{q}")],
    "imb_degree": lambda n, dist: imbalance_degree(Excesses.of(n), DISTANCES[dist]),
    "shots": shots,
    "powerlaw_cont": lambda n, xmin: continuous_exponent(n, xmin),  # noqa: PLW0108
    "powerlaw_disc": lambda n, xmin: discrete_exponent(n, xmin),  # noqa: PLW0108
    "irlbl_from_counts": irlbl_from_counts,
    "tcs": tcs,
    "chi2": lambda a, b: [
        (found := tests(a, b)).chi2,
        found.chi2_p,
        float(found.degrees_of_freedom),
    ],
    "gtest": lambda a, b: [tests(a, b).g, tests(a, b).g_p],
    "cramer": cramer,
    "jsd_bits": lambda a, b: divergence(np.array(a), np.array(b), "b").js_bits,
    "psi": lambda a, b: divergence(np.array(a), np.array(b), "b").psi,
    "wilson": interval(IntervalMethod.WILSON),
    "clopper": interval(IntervalMethod.CLOPPER_PEARSON),
    "jeffreys": interval(IntervalMethod.JEFFREYS),
    "goodman": goodman,
    "wce": wce,
    "bce_posw": bce_posw,
    "logloss": logloss,
    "skill": skill,
    "ratio_se": ratio_se,
    "focal_mean": focal_mean,
    "focal_modulator": focal_modulator,
}


def found_by(point: dict[str, Any]) -> Any:
    """Return what wcetool gives for a point.

    Raises
    ------
    KeyError
        If it has no such function.
    """
    return FUNCTIONS[point["fn"]](**point["input"])


def deviation(found: Any, expected: Any) -> float:
    """Return the largest difference, relative where more than 1 is expected."""
    if isinstance(expected, dict):
        return max(deviation(found[key], value) for key, value in expected.items())
    if isinstance(expected, str):
        expected = float(expected)
    ours, theirs = np.asarray(found, dtype=float), np.asarray(expected, dtype=float)
    if ours.shape != theirs.shape:
        return math.inf
    same = ours == theirs  # infinities included
    with np.errstate(invalid="ignore"):
        difference = np.abs(ours - theirs) / np.maximum(np.abs(theirs), 1.0)
    return float(np.where(same, 0.0, difference).max(initial=0.0))


def is_covered(point: dict[str, Any]) -> bool:
    """Tell whether wcetool has the function of a point."""
    return point.get("fn") in FUNCTIONS


def main(path: str) -> int:
    """Compare with every point of a file, and say what differs or is not covered."""
    points = json.loads(Path(path).read_text(encoding="utf-8"))
    left_out: Counter[str] = Counter()
    n_agree, n_differ = 0, 0
    for point in points:
        if not is_covered(point):
            left_out[point.get("fn") or "no function"] += 1
            continue
        try:
            off = deviation(found_by(point), point["expected"])
        except (wcetool.WceError, TypeError, KeyError, ValueError) as error:
            n_differ += 1
            print(f"fails: {point['id']}: {error!r}")
            continue
        if off <= point["tol"]:
            n_agree += 1
        else:
            n_differ += 1
            print(f"differs: {point['id']}: by {off:.3g}, tolerance {point['tol']:g}")
    print(f"{n_agree} points agree, {n_differ} differ, {left_out.total()} are not covered")
    if left_out:
        print("not covered:", ", ".join(f"{name} ({n})" for name, n in sorted(left_out.items())))
    return 1 if n_differ else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
