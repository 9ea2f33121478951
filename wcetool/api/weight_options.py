"""What a user may say about how classes are weighted, checked once and passed on as one value."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from wcetool.api.beside import NOTHING_BESIDE
from wcetool.api.label_forms import AS_COLUMNS_SAY, LabelForm
from wcetool.core.distribution import ClassCounts
from wcetool.core.schemes import Need, SchemeCall
from wcetool.core.schemes.evidence import Evidence, GroupPresence
from wcetool.core.vocabulary import Normalization, ZeroCount, parse_word
from wcetool.core.weighting import Recipe
from wcetool.data.beside_labels import BesideLabels
from wcetool.data.cost_matrix import cost_matrix
from wcetool.data.labels import value_text
from wcetool.data.options import ReadingKeywords, ReadingOptions, number, refuse_idle
from wcetool.data.priors import class_prior
from wcetool.engine.resources import OnProgress, Resources
from wcetool.errors import InputError, SchemeError, UsageError, counted, nearest, quoted


class EvidenceKeywords(ReadingKeywords, total=False):
    """Keywords of every function that applies schemes to labels; None is the default of each.

    - prior: shares by label, a list of them, "a=0.2,b=0.8", "uniform", or a JSON file
    - cost_matrix: a file or an array, rows true, columns predicted
    - positive_class: one of two classes, by default the later one
    - group_column: of the images, files or patients that rows belong to
    - sample_weight_column: counts are then sums of these weights
    - task, label_separator, uncertain: as in `analyze`
    - jobs, memory, on_progress: as in `analyze`
    """

    prior: Any
    cost_matrix: Any
    positive_class: Any
    group_column: str | int | None
    sample_weight_column: str | int | None
    task: str | None
    label_separator: str | None
    uncertain: str | None
    jobs: int | None
    memory: str | int | None
    on_progress: OnProgress | None


class WeightKeywords(EvidenceKeywords, total=False):
    """Keywords of every function that computes class weights; None is the default of each.

    - normalize: how weights are scaled, by default as published
    - cap: how many times the smallest weight above 0 the largest one is at most
    - max_weight, min_weight: bounds of every weight above 0
    - smoothing: is added to every count first
    - zero_count: what a class without samples weighs: error, zero, rarest, exclude, cap
    - set_weights: weights by label, the last word over a scheme
    """

    normalize: str | None
    cap: float | None
    max_weight: float | None
    min_weight: float | None
    smoothing: float | None
    zero_count: str | None
    set_weights: Mapping[str, float] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightOptions:
    """Everything that decides class weights but the scheme and the data."""

    normalize: Normalization = Normalization.AS_PUBLISHED
    cap: float | None = None
    max_weight: float | None = None
    min_weight: float | None = None
    smoothing: float = 0.0
    zero_count: ZeroCount = ZeroCount.ERROR
    set_weights: Mapping[str, float] = field(default_factory=dict)
    prior: Any = None
    cost_matrix: Any = None
    positive_class: str | None = None
    beside: BesideLabels = NOTHING_BESIDE
    form: LabelForm = AS_COLUMNS_SAY
    defaults: Collection[str] = ()

    @classmethod
    def of(cls, keywords: Mapping[str, Any]) -> tuple[WeightOptions, ReadingOptions, Resources]:
        """Check keywords, and tell those of reading and running apart.

        Raises
        ------
        UsageError
            If a value makes no sense.
        """
        given = {key: value for key, value in keywords.items() if value is not None}
        own = {one.name for one in fields(cls)} - {"defaults", "beside", "form"}
        running, rows = ("jobs", "memory", "on_progress"), ("sample_weight_column", "group_column")
        labels = ("task", "label_separator", "uncertain")
        known = {*own, *running, *rows, *labels}
        reading = ReadingOptions.of(
            **{key: value for key, value in given.items() if key not in known}
        )
        resources = Resources.of(*(given.get(key) for key in running))
        found = {key: given[key] for key in own & given.keys()}
        found["beside"] = BesideLabels.of(**{key: given.get(key) for key in rows})
        found["form"] = LabelForm.of(**{key: given.get(key) for key in labels})
        for key in {"cap", "max_weight", "min_weight", "smoothing"} & found.keys():
            found[key] = number(found[key], f"--{key.replace('_', '-')}")
        for key, words, default in (
            ("normalize", Normalization, Normalization.AS_PUBLISHED),
            ("zero_count", ZeroCount, ZeroCount.ERROR),
        ):
            found[key] = parse_word(
                words, given.get(key), option=f"--{key.replace('_', '-')}", default=default
            )
        if "positive_class" in found:
            found["positive_class"] = str(value_text(found["positive_class"]))
        if not isinstance(found.get("set_weights", {}), Mapping):
            raise UsageError("takes a mapping of label to weight", where="--set")
        found["set_weights"] = {
            str(label): number(w, "--set") for label, w in found.get("set_weights", {}).items()
        }
        return cls(**found, defaults=given.get("defaults", ())), reading, resources

    def recipe(self, call: SchemeCall) -> Recipe:
        """Return what is to be done by a scheme.

        Raises
        ------
        SchemeError
            If the scheme needs what is not given; names the option.
        UsageError
            If an option has no effect on it.
        """
        call.scheme.refuse_lacking(self._given_needs())
        return Recipe(
            scheme=call,
            normalize=self.normalize,
            cap=self.cap,
            max_weight=self.max_weight,
            min_weight=self.min_weight,
            zero_count=self.zero_count,
            smoothing=self.smoothing,
            given=self.set_weights,
        )

    def refuse_idle(self, calls: Sequence[SchemeCall]) -> None:
        """Refuse what none of the schemes takes.

        Raises
        ------
        UsageError
            Names the option.
        """
        taken = {need for call in calls for need in call.scheme.needs | call.scheme.uses}
        named = ", ".join(call.scheme.name for call in calls)
        for need, value in (
            (Need.PRIOR, self.prior),
            (Need.COSTS, self.cost_matrix),
            (Need.POSITIVE, self.positive_class),
            (Need.GROUPS, self.beside.group),
        ):
            if value is not None and need not in taken:
                refuse_idle(need.value[2:], f"scheme {named} takes none", self.defaults)

    def beside_for(self, calls: Sequence[SchemeCall]) -> BesideLabels:
        """Return what stands beside labels: the groups of the format where a scheme uses any."""
        takes_groups = any(Need.GROUPS in call.scheme.uses for call in calls)
        return replace(self.beside, usual_group=takes_groups)

    def _given_needs(self) -> set[Need]:
        """List what schemes may take; the positive class has a default."""
        given: dict[Need, Any] = {
            Need.PRIOR: self.prior,
            Need.COSTS: self.cost_matrix,
            Need.GROUPS: self.beside.group,
            Need.WEIGHTS: self.set_weights or None,
            Need.POSITIVE: True,
        }
        return {need for need, value in given.items() if value is not None}

    def evidence(
        self, counts: ClassCounts, groups: GroupPresence | None, calls: Sequence[SchemeCall]
    ) -> tuple[Evidence, list[str]]:
        """Bring what is given into the order of the classes, and say what was decided.

        Raises
        ------
        SchemeError
            If a scheme is for two classes, and there are more or fewer.
        InputError, UsageError
            If what is given is for other classes.
        """
        needed = {need for call in calls for need in call.scheme.needs}
        used = {need for call in calls for need in call.scheme.uses}
        notes = [
            f"scheme {call.scheme.name!r} takes all rows together: --group-column names the "
            "images, files or patients that it is meant for"
            for call in calls
            if Need.GROUPS in call.scheme.uses and groups is None
        ]
        if groups is not None and counts.weight_sum is not None and Need.GROUPS in used:
            raise UsageError(
                "counts rows by group, which does not go with sample weights",
                where="--group-column",
                hint="one of --group-column and --sample-weight-column",
            )
        if groups is not None and Need.GROUPS in used:
            lacking = np.flatnonzero((counts.count > 0) & (groups.groups == 0)).tolist()
            if lacking:
                raise InputError(
                    f"no row of {quoted(counts.classes[k] for k in lacking)} has a group",
                    where="--group-column",
                    hint="another column, or without --group-column",
                )
        positive = None
        if Need.POSITIVE in needed:
            name = next(c.scheme.name for c in calls if Need.POSITIVE in c.scheme.needs)
            positive = self._positive(counts.classes, name)
            if self.positive_class is None:
                notes.append(
                    f"class {quoted([counts.classes[positive]])} is taken for the positive one: "
                    "the later of the two (--positive-class)"
                )
        evidence = Evidence(
            prior=class_prior(self.prior, counts.classes) if Need.PRIOR in needed else None,
            costs=cost_matrix(self.cost_matrix, counts.classes) if Need.COSTS in needed else None,
            groups=groups if Need.GROUPS in needed | used else None,
            positive=positive,
        )
        return evidence, notes

    def _positive(self, classes: Sequence[str], scheme: str) -> int:
        if len(classes) != 2:
            raise SchemeError(
                f"is for two classes, and there are {len(classes):,}",
                where=f"scheme {scheme!r}",
                details=(f"classes: {quoted(classes)}",),
                hint="--scheme max-ratio weighs any number of classes",
            )
        if self.positive_class is None:
            return 1
        if self.positive_class not in classes:
            near = nearest(self.positive_class, classes)
            raise UsageError(
                f"{self.positive_class!r} is no class of the labels",
                where="--positive-class",
                details=(f"classes: {quoted(classes)}",),
                hint=None if near is None else f"--positive-class {near}",
            )
        return list(classes).index(self.positive_class)

    def parameters(
        self, call: SchemeCall, evidence: Evidence, classes: Sequence[str]
    ) -> dict[str, str]:
        """Return every effective value that can change a number, as text."""
        found = {
            "cap": "none" if self.cap is None else repr(self.cap),
            "zero": self.zero_count.value,
        }
        for name, value in (("max-weight", self.max_weight), ("min-weight", self.min_weight)):
            if value is not None:
                found[name] = repr(value)
        if self.smoothing:
            found["smoothing"] = repr(self.smoothing)
        if self.set_weights:
            found["set"] = _by_label(self.set_weights)
        taken = call.scheme.needs | call.scheme.uses
        if evidence.prior is not None and Need.PRIOR in taken:
            found["prior"] = _by_label(dict(zip(classes, evidence.prior.tolist(), strict=True)))
        if evidence.costs is not None and Need.COSTS in taken:
            rows = (",".join(map(repr, row)) for row in evidence.costs.tolist())
            found["cost-matrix"] = ";".join(rows)
        if evidence.positive is not None and Need.POSITIVE in taken:
            found["positive-class"] = classes[evidence.positive]
        return found


def _by_label(values: Mapping[str, float]) -> str:
    return ",".join(f"{label}={value!r}" for label, value in values.items())


def stated(given: Any) -> str:
    """Name what was given: a path as such, anything else by its kind and size."""
    if isinstance(given, str | os.PathLike):
        return os.fspath(given)
    return counted(len(given), "weight") if hasattr(given, "__len__") else type(given).__name__
