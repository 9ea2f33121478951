"""Class imbalance, class weights and weighted cross-entropy, exactly.

The public functions and results are loaded when they are first used: importing costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from wcetool.api.analysis import analyze
    from wcetool.api.checking import check
    from wcetool.api.conventions import FrameworkLoss, framework_loss, framework_weights
    from wcetool.api.identification import identify_weights
    from wcetool.api.multi_output import head_weights, read_head_weights, write_head_weights
    from wcetool.api.sample_weights import sample_weights, write_sample_weights
    from wcetool.api.scoring import explain_file, score, score_file
    from wcetool.api.snippets import snippet
    from wcetool.api.weighting import (
        class_weights,
        compare_weights,
        read_weights,
        write_weights,
    )
    from wcetool.errors import (
        ConfigError,
        InputError,
        MergeError,
        OutputError,
        SchemeError,
        UsageError,
        WceError,
        WeightFileError,
    )
    from wcetool.results.analysis import Analysis
    from wcetool.results.check import CheckReport
    from wcetool.results.comparison import Comparison
    from wcetool.results.head_weights import HeadWeights
    from wcetool.results.label_analysis import MultiLabelAnalysis
    from wcetool.results.model_scores import ModelScores
    from wcetool.results.scheme_comparison import Identification, SchemeComparison
    from wcetool.results.score import ScoreReport
    from wcetool.results.score_plan import ScorePlan
    from wcetool.results.weights import ClassWeights

__all__ = [
    "Analysis",
    "CheckReport",
    "ClassWeights",
    "Comparison",
    "ConfigError",
    "FrameworkLoss",
    "HeadWeights",
    "Identification",
    "InputError",
    "MergeError",
    "ModelScores",
    "MultiLabelAnalysis",
    "OutputError",
    "SchemeComparison",
    "SchemeError",
    "ScorePlan",
    "ScoreReport",
    "UsageError",
    "WceError",
    "WeightFileError",
    "analyze",
    "check",
    "class_weights",
    "compare_weights",
    "explain_file",
    "framework_loss",
    "framework_weights",
    "head_weights",
    "identify_weights",
    "read_head_weights",
    "read_weights",
    "sample_weights",
    "score",
    "score_file",
    "snippet",
    "write_head_weights",
    "write_sample_weights",
    "write_weights",
]

_HOMES = {
    "FrameworkLoss": "api.conventions",
    "analyze": "api.analysis",
    "check": "api.checking",
    "framework_loss": "api.conventions",
    "framework_weights": "api.conventions",
    "explain_file": "api.scoring",
    "score": "api.scoring",
    "score_file": "api.scoring",
    "snippet": "api.snippets",
    "class_weights": "api.weighting",
    "compare_weights": "api.weighting",
    "identify_weights": "api.identification",
    "read_weights": "api.weighting",
    "head_weights": "api.multi_output",
    "read_head_weights": "api.multi_output",
    "write_head_weights": "api.multi_output",
    "sample_weights": "api.sample_weights",
    "write_sample_weights": "api.sample_weights",
    "write_weights": "api.weighting",
    "Analysis": "results.analysis",
    "CheckReport": "results.check",
    "Comparison": "results.comparison",
    "HeadWeights": "results.head_weights",
    "Identification": "results.scheme_comparison",
    "SchemeComparison": "results.scheme_comparison",
    "ModelScores": "results.model_scores",
    "MultiLabelAnalysis": "results.label_analysis",
    "ScorePlan": "results.score_plan",
    "ScoreReport": "results.score",
    "ClassWeights": "results.weights",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'wcetool' has no attribute {name!r}")
    home = importlib.import_module(f"wcetool.{_HOMES.get(name, 'errors')}")
    return getattr(home, name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
