"""Code to paste: weights as the code of a framework.

`writing` puts a snippet together; the modules beside it hold what each framework needs for weights
of one kind. Labels stand in code only as Python literals, and in comments not at all.
"""

from __future__ import annotations

from wcetool.snippets import by_class, by_label, for_logits, for_sampling
from wcetool.snippets.registry import SNIPPETS, Form, Framework, Snippet, find_snippet

__all__ = [
    "SNIPPETS",
    "Form",
    "Framework",
    "Snippet",
    "by_class",
    "by_label",
    "find_snippet",
    "for_logits",
    "for_sampling",
]
