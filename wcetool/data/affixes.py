"""The written lists of what score columns are called, from files and code found in the wild."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from wcetool.core.vocabulary import InputKind

_PROBS, _LOGITS, _LOG_PROBS = InputKind.PROBS, InputKind.LOGITS, InputKind.LOG_PROBS


@dataclass(frozen=True, slots=True)
class Affix:
    """What stands around a class name in the name of its column, and what the column then holds."""

    prefix: str
    suffix: str
    kind: InputKind | None

    def class_name(self, column: str) -> str | None:
        """Return the class that a column name holds, None where the affix does not fit."""
        name = column.casefold()
        if len(name) <= len(self):
            return None
        if not (name.startswith(self.prefix) and name.endswith(self.suffix)):
            return None
        return column[len(self.prefix) : len(column) - len(self.suffix)]

    def __len__(self) -> int:
        return len(self.prefix) + len(self.suffix)

    def __str__(self) -> str:
        return f"{self.prefix}*{self.suffix}"


CONFIDENCE_NAMES = (
    "confidence",
    "confidence_score",
    "conf",
    "certainty",
    *(
        f"{first}_{last}"
        for first in ("max", "top", "top1", "pred", "predicted", "prediction")
        for last in ("prob", "proba", "probability", "conf", "confidence", "score")
    ),
)
"""What the one column is called that may be of the positive class, or of the predicted one."""

SINGLE_NAMES: Mapping[str, InputKind | None] = {
    **dict.fromkeys(("prob", "proba", "probability", "p", "y_prob", "y_proba"), _PROBS),
    **dict.fromkeys(("probs", "probas", "probabilities"), _PROBS),
    **dict.fromkeys(("logit", "logits", "y_logit"), _LOGITS),
    **dict.fromkeys(("log_prob", "logprob", "logp", "log_probs"), _LOG_PROBS),
    **dict.fromkeys(("score", "scores", "y_score"), None),
    **dict.fromkeys(CONFIDENCE_NAMES, None),
}
# Objects of scores in JSON, a class a key: their fields are columns with a dotted name.
_OBJECT_NAMES: Mapping[str, InputKind | None] = {
    **{name: kind for name, kind in SINGLE_NAMES.items() if name not in CONFIDENCE_NAMES},
    **dict.fromkeys(("class_probs", "class_probabilities", "softmax"), _PROBS),
    **dict.fromkeys(("prediction", "predictions"), None),
}

P_AFFIX = Affix("p_", "", _PROBS)
AFFIXES = (
    *(Affix(prefix, "", _LOG_PROBS) for prefix in ("log_prob_", "log_proba_", "logprob_", "logp_")),
    *(Affix(prefix, "", _LOGITS) for prefix in ("logits_", "logit_", "logit")),
    *(
        Affix(prefix, "", _PROBS)
        for prefix in ("probability_", "proba_", "probs_", "prob_", "prob")
    ),
    P_AFFIX,
    Affix("class_", "_prob", _PROBS),
    Affix("class_", "_logit", _LOGITS),
    *(Affix("", suffix, _LOG_PROBS) for suffix in ("_log_prob", "_logprob", "_logp")),
    *(Affix("", suffix, _LOGITS) for suffix in ("_logits", "_logit")),
    *(Affix("", suffix, _PROBS) for suffix in ("_probability", "_proba", "_prob")),
    *(Affix(f"{name}.", "", kind) for name, kind in _OBJECT_NAMES.items()),
    Affix("score_", "", None),
    Affix("", "_score", None),
)


def is_confidence_name(name: str) -> bool:
    """Tell whether a column is called as confidences are, whosever they may be."""
    return name.strip().casefold() in CONFIDENCE_NAMES
