"""The words that options, files and results share; no NumPy, so that help can list them."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

from wcetool.errors import UsageError, listed, nearest


class Normalization(StrEnum):
    """How class weights are scaled, over the classes with a weight above zero."""

    AS_PUBLISHED = "as-published"  # what the scheme's source does
    NONE = "none"  # the bare formula
    SUM_1 = "sum-1"
    MEAN_1 = "mean-1"  # the weights sum to the number of classes
    SAMPLE_MEAN_1 = "sample-mean-1"  # the mean weight of a sample is 1
    MIN_1 = "min-1"
    MAX_1 = "max-1"


class ZeroCount(StrEnum):
    """What a class without samples weighs, where the scheme has no value for it."""

    ERROR = "error"
    ZERO = "zero"
    CAP = "cap"  # the largest weight that the cap allows
    RAREST = "rarest"  # the weight of the rarest class that occurs
    EXCLUDE = "exclude"  # it is left out of the weights, and of K


class Absent(StrEnum):
    """What a class weighs that the weight file lacks."""

    ERROR = "error"
    ZERO = "zero"
    ONE = "one"


class MissingWeight(StrEnum):
    """What a row without a label weighs."""

    ERROR = "error"
    ZERO = "zero"
    ONE = "one"


class Combine(StrEnum):
    """How the weights that a row has by several label columns become one."""

    MEAN = "mean"
    MAX = "max"
    PRODUCT = "product"  # scikit-learn's compute_sample_weight of a matrix


class Unmatched(StrEnum):
    """What becomes of ids that only one of two files has."""

    ERROR = "error"
    SKIP = "skip"


class Duplicates(StrEnum):
    """What becomes of ids that a file has twice."""

    ERROR = "error"
    ALLOW = "allow"


class Reduction(StrEnum):
    """How the losses of the rows become one number."""

    WEIGHTED_MEAN = "weighted-mean"  # sum(w l) / sum(w): PyTorch's mean
    MEAN = "mean"  # sum(w l) / n: Keras, TensorFlow
    SUM = "sum"


class WeightBy(StrEnum):
    """Which class of a row gives it its weight."""

    TRUE = "true"
    PREDICTED = "predicted"
    PAIR = "pair"  # both: a matrix, rows true and columns predicted


class InputKind(StrEnum):
    """What a block of scores holds."""

    PROBS = "probs"
    LOGITS = "logits"
    LOG_PROBS = "log-probs"


class StoredKind(StrEnum):
    """How scores are stored: as what they are, or as percentages."""

    PROBS = "probs"
    LOGITS = "logits"
    LOG_PROBS = "log-probs"
    PERCENT = "percent"  # probabilities from 0 to 100; divided by 100 before anything else

    @property
    def read_as(self) -> InputKind:
        """What a block of them holds."""
        return InputKind.PROBS if self is StoredKind.PERCENT else InputKind(self.value)


class ConfidenceOf(StrEnum):
    """Which class the one score a row is of."""

    POSITIVE = "positive"  # the same one in every row
    PREDICTED = "predicted"  # the one that is predicted


class Task(StrEnum):
    """What a prediction file answers."""

    MULTICLASS = "multiclass"  # one score a class
    BINARY = "binary"  # one score: that of the positive class
    MULTILABEL = "multilabel"  # one score a label, any subset of them true


class LabelTask(StrEnum):
    """How many labels a row of a label file has."""

    AUTO = "auto"  # what the columns say
    MULTICLASS = "multiclass"  # one
    MULTILABEL = "multilabel"  # any number
    MULTIOUTPUT = "multioutput"  # one in each of several columns


class Uncertain(StrEnum):
    """What an uncertain label, -1 in its column, counts as."""

    ERROR = "error"
    ZERO = "zero"
    ONE = "one"
    MISSING = "missing"  # not known


class CheckName(StrEnum):
    """What is checked of class weights, in this order."""

    KIND = "kind"
    MISSING_CLASSES = "missing-classes"
    EXTRA_CLASSES = "extra-classes"
    ORDER = "order"
    ZERO_WEIGHTS = "zero-weights"
    RATIO = "ratio"
    NORMALIZATION = "normalization"
    COUNTS_HASH = "counts-hash"
    SCHEME = "scheme"
    COUNTS = "counts"


Word = TypeVar("Word", bound=StrEnum)


def parse_word(words: type[Word], value: str | None, *, option: str, default: Word) -> Word:
    """Return the member of `words` that `value` names; the default for None.

    Raises
    ------
    UsageError
        If there is none; names the option, the choices and the nearest one.
    """
    if value is None:
        return default
    try:
        return words(value)
    except ValueError:
        choices = [word.value for word in words]
        near = nearest(str(value), choices)
        raise UsageError(
            f"{value!r} is not one of {listed(choices, limit=len(choices))}",
            where=option,
            hint=f"{option} {near or choices[0]}",
        ) from None
