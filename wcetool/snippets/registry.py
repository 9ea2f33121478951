"""What a snippet is, and which there are: a framework, a kind of weights, its code.

The modules beside this one register them. Nothing here loads NumPy or a framework, so that help can
list the frameworks.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from wcetool.core.schemes.registry import Kind
from wcetool.core.vocabulary import parse_word
from wcetool.errors import UsageError, listed

OPTION = "--snippet"


class Framework(StrEnum):
    """What the code is for."""

    TORCH = "torch"
    KERAS = "keras"
    TENSORFLOW = "tensorflow"
    JAX = "jax"
    SKLEARN = "sklearn"
    XGBOOST = "xgboost"
    LIGHTGBM = "lightgbm"
    CATBOOST = "catboost"
    HF = "hf"

    @property
    def title(self) -> str:  # type: ignore[override]
        """How the framework calls itself."""
        return _TITLES[self]


_TITLES = {
    Framework.TORCH: "PyTorch",
    Framework.KERAS: "Keras",
    Framework.TENSORFLOW: "TensorFlow",
    Framework.JAX: "JAX and optax",
    Framework.SKLEARN: "scikit-learn",
    Framework.XGBOOST: "XGBoost",
    Framework.LIGHTGBM: "LightGBM",
    Framework.CATBOOST: "CatBoost",
    Framework.HF: "the Trainer of Hugging Face",
}


class Form(StrEnum):
    """What the code has to do with the numbers: mostly their kind."""

    CLASS = "class"
    TWO_CLASSES = "two-classes"
    LABEL = "label"
    POSITIVE = "positive"  # labels whose negative terms all weigh 1
    MARGIN = "margin"
    LOGIT_OFFSET = "logit-offset"
    LOGIT_TEMPERATURE = "logit-temperature"
    SAMPLING_PROBABILITY = "sampling-probability"
    REPEAT_FACTOR = "repeat-factor"

    @property
    def plainer(self) -> Form | None:
        """The form whose code does as well, where a framework has none for this one."""
        return {Form.TWO_CLASSES: Form.CLASS, Form.POSITIVE: Form.LABEL}.get(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snippet:
    """The code of a framework for numbers of a form.

    Attributes
    ----------
    imports : str
        Import statements, a line each.
    body : str
        What follows the numbers: ``weights`` (for labels ``positive_weights`` and
        ``negative_weights``), ``classes`` and ``index``; of two classes ``positive`` and
        ``negative``.
    divides : str
        What its loss divides by, a sentence; empty where it has no loss.
    score : str
        The options of `wcetool score` that give the same number, after the weight file; empty where
        there are none.
    """

    imports: str
    body: str
    divides: str = ""
    score: str = ""


SNIPPETS: dict[tuple[Framework, Form], Snippet] = {}


def register(framework: Framework, form: Form, snippet: Snippet) -> None:
    """Enter a snippet."""
    SNIPPETS[framework, form] = snippet


def find_snippet(framework: str, form: Form, *, kind: Kind) -> tuple[Framework, Snippet]:
    """Return the snippet of a framework.

    Raises
    ------
    UsageError
        If there is no such framework, or it has no code for such numbers; names those that have.
    """
    named = parse_word(Framework, framework, option=OPTION, default=Framework.TORCH)
    wanted: Form | None = form
    while wanted is not None:
        if (named, wanted) in SNIPPETS:
            return named, SNIPPETS[named, wanted]
        wanted = wanted.plainer
    raise _no_snippet(named, kind, frameworks_for(form))


def frameworks_for(form: Form) -> list[Framework]:
    """List the frameworks that have code for a form."""
    forms = {form, form.plainer}
    return [one for one in Framework if any((one, two) in SNIPPETS for two in forms)]


def refuse_kind(framework: str, kind: Kind) -> None:
    """Refuse a framework before anything is read: it does not exist, or has no code for a kind.

    Raises
    ------
    UsageError
        Names the frameworks that have code for the kind.
    """
    named = parse_word(Framework, framework, option=OPTION, default=Framework.TORCH)
    if kind.is_of_sets:
        raise UsageError(
            "the weights are of rows, by the set of their labels: they are data, not code",
            where=OPTION,
            hint="--sample-weights with a file",
        )
    form = Form(kind.value)
    if named not in frameworks_for(form):
        raise _no_snippet(named, kind, frameworks_for(form))


def _no_snippet(framework: Framework, kind: Kind, others: list[Framework]) -> UsageError:
    return UsageError(
        f"there is no code for {framework.value} with numbers of the kind {kind.value}",
        where=OPTION,
        details=(f"frameworks: {listed(others, limit=len(others))}",),
        hint=f"{OPTION} {others[0].value}",
    )
