"""Splits and the drift between them, in the documents of results."""

from __future__ import annotations

from wcetool.core.drift import Drift, SplitCounts
from wcetool.results.document import Row


def classes_by_split(splits: SplitCounts) -> list[Row]:
    """Return count and share of each class in each split, as `count:train`, `share:train`."""
    labelled = splits.labelled.tolist()
    rows = []
    for of_class in splits.count.T.tolist():
        row: Row = {}
        for name, count, total in zip(splits.splits, of_class, labelled, strict=True):
            row[f"count:{name}"] = count
            row[f"share:{name}"] = count / total if total else None
        rows.append(row)
    return rows


def split_rows(splits: SplitCounts, drift: Drift) -> list[Row]:
    """Return one row per split: its rows, and how far it is from the reference."""
    far = {one.split: one for one in drift.divergences}
    total = int(splits.labelled.sum())
    found = []
    for place, name in enumerate(splits.splits):
        labels = int(splits.labelled[place])
        one = far.get(name)
        row: Row = {
            "split": name,
            "rows": labels + int(splits.missing[place]),
            "missing": int(splits.missing[place]),
            "labels": labels,
            "share": labels / total,
            "classes": int((splits.count[place] > 0).sum()),
            "js_bits": None if one is None else one.js_bits,
            "psi": None if one is None else one.psi,
            "psi_scaled": None if one is None else one.psi_scaled,
        }
        if drift.leaks is not None:
            row["leaked_groups"] = int(drift.leaks.in_split[place])
        found.append(row)
    return found


def drift_document(splits: SplitCounts | None, drift: Drift | None) -> Row:
    """Return the keys that a document has of splits; none where there are none."""
    if splits is None or drift is None:
        return {}
    tests = drift.homogeneity
    found: Row = {
        "reference": drift.reference,
        "rows_without_split": splits.unassigned,
        **drift.figures(),
        "degrees_of_freedom": tests.degrees_of_freedom,
        "expected_below_5": tests.expected_below_5,
        "half_added": [one.split for one in drift.divergences if one.half_added],
        "gaps": [
            {"label": gap.label, "split": gap.split, "chance": gap.chance} for gap in drift.gaps
        ],
    }
    if drift.leaks is not None:
        found["groups"] = drift.leaks.groups
        found["leaks"] = [
            {"group": name, "splits": list(where)} for name, where in drift.leaks.examples
        ]
    return {"splits": split_rows(splits, drift), "drift": found}


def undefined_drift(drift: Drift) -> dict[str, str]:
    """Say which numbers of the drift are None, and why."""
    reason = "the reference is not compared with itself"
    if drift.empty:
        reason += ", nor a split without labels with it"
    found = {f"splits.{name}": reason for name in ("js_bits", "psi", "psi_scaled")}
    if drift.homogeneity.chi2 is None:
        for name in ("chi2", "chi2_p", "g", "g_p", "cramers_v", "cramers_v_corrected"):
            found[f"drift.{name}"] = "with one class there are no shares to differ"
        found["drift.psi_scaled"] = "with one class the PSI of any split is 0"
    elif drift.homogeneity.cramers_v_corrected is None:
        found["drift.cramers_v_corrected"] = "there are too few rows for the correction"
    if drift.leaks is None:
        found["drift.leaked_groups"] = "no --group-column"
    if drift.empty:
        for name in drift.empty:
            found[f"classes.share:{name}"] = "the split has no labels"
    return found
