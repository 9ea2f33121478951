"""The code for samplers."""

from __future__ import annotations

from wcetool.snippets.registry import Form, Framework, Snippet, register

register(
    Framework.TORCH,
    Form.SAMPLING_PROBABILITY,
    Snippet(
        imports="import torch\nfrom torch.utils.data import WeightedRandomSampler",
        body="""
probability = torch.tensor(list(weights.values()), dtype=torch.float64)


def sampler(target, generator=None):  # with replacement, as many rows as there are
    count = torch.bincount(target, minlength=len(classes))
    return WeightedRandomSampler((probability / count)[target], len(target), generator=generator)


# target = torch.tensor([index[label] for label in labels])
# DataLoader(dataset, batch_size=64, sampler=sampler(target))  # the loss is not weighted as well
""",
    ),
)
register(
    Framework.TORCH,
    Form.REPEAT_FACTOR,
    Snippet(
        imports="import torch",
        body="""
factor = torch.tensor(list(weights.values()), dtype=torch.float64)


def epoch(has, generator=None):
    # The rows of one epoch, shuffled; has is (rows, classes), true where a row has a class.
    of_row = torch.where(has.bool(), factor, 0.0).amax(dim=1).clamp(min=1.0)  # no class: once
    more = torch.rand(len(of_row), generator=generator, dtype=torch.float64) < of_row % 1
    rows = torch.repeat_interleave(torch.arange(len(of_row)), of_row.long() + more.long())
    return rows[torch.randperm(len(rows), generator=generator)].tolist()


# has = torch.nn.functional.one_hot(target, len(classes)), where a row has one class
# DataLoader(dataset, batch_size=64, sampler=epoch(has))  # anew for every epoch
""",
    ),
)
