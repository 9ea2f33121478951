"""Every convention works the small example of each of its tasks through, and by itself."""

import math

import numpy as np
import pytest

import wcetool
from wcetool.core.conventions import CONVENTIONS, find_convention
from wcetool.core.conventions.worked import BATCH_SIZE, EXAMPLES, first_task, worked_example
from wcetool.core.vocabulary import InputKind, Task


def each(conventions):
    return pytest.mark.parametrize(
        ("convention", "task"),
        [
            pytest.param(convention, task, id=f"{convention.name}-{task}")
            for convention in conventions
            for task in Task
            if task in convention.tasks
        ],
    )


EVERY = each(CONVENTIONS.values())
WEIGHTED = each(one for one in CONVENTIONS.values() if one.weights)
WEIGHTS = {"class_weight", "pos_weight", "sample_weight"}
FLOAT32 = 1e-6  # tf.compat.v1.losses reduces in float32


def rounding(convention):
    return FLOAT32 if "tf.compat.v1" in convention.api else 1e-12


def framework_loss(convention, found, **more):
    small = EXAMPLES[found.task]
    return wcetool.framework_loss(
        convention.name,
        small.y(found.target),
        small.scores(found.kind),
        input=found.kind.value,
        target=found.target.value,
        **{**found.arguments, **more},
    )


@EVERY
def test_values_are_those_of_the_public_function(convention, task):
    found = worked_example(convention, task)
    loss = framework_loss(convention, found, reduction=found.reduction)
    assert found.reduced.value == loss.value
    losses = np.array([row.weighted for row in found.rows])
    assert np.array_equal(losses.reshape(loss.losses.shape), loss.losses)
    for reduction, value in found.reductions.items():
        assert value == framework_loss(convention, found, reduction=reduction).value


@WEIGHTED
def test_unweighted_losses_are_those_without_weights(convention, task):
    found = worked_example(convention, task)
    none = dict.fromkeys(WEIGHTS & set(found.arguments))
    loss = framework_loss(convention, found, reduction=found.reduction, **none)
    losses = np.array([row.unweighted for row in found.rows])
    assert np.array_equal(losses.reshape(loss.losses.shape), loss.losses)


@EVERY
def test_the_rows_add_up(convention, task):
    found = worked_example(convention, task)
    total = math.fsum(one for row in found.rows for one in row.weighted)
    assert found.reduced.total == total
    assert found.reduced.value == pytest.approx(
        total / found.reduced.denominator, rel=rounding(convention)
    )
    for row in found.rows:
        for loss, weight, weighted in zip(row.unweighted, row.weight, row.weighted, strict=True):
            if weight is not None:
                assert weighted == pytest.approx(loss * weight, rel=1e-5)  # weights are rounded
    assert [y for row in found.rows for y in row.target] == [
        tuple(np.atleast_1d(y)) for y in EXAMPLES[task].y(found.target)
    ]
    assert [len(row.target) for row in found.rows] == (
        [BATCH_SIZE] * 2 if "batch_size" in convention.options else [1] * 4
    )


@EVERY
def test_what_a_convention_takes_is_used(convention, task):
    """So that weights are not left out unseen, only because a way to pass them was refused."""
    found = worked_example(convention, task)
    assert bool(convention.weights) == bool(WEIGHTS & set(found.arguments))
    if convention.weights:
        assert found.weights
        assert any(
            a != b for row in found.rows for a, b in zip(row.unweighted, row.weighted, strict=True)
        )
    assert found.kind in convention.kinds
    assert found.target in convention.targets


def test_the_logits_give_the_probabilities():
    for small in EXAMPLES.values():
        logits = small.scores(InputKind.LOGITS)
        powers = np.exp(logits)
        proba = powers if small.task is Task.MULTICLASS else powers / (1 + powers)
        np.testing.assert_allclose(proba, small.proba, rtol=1e-12)


def value(name, task=None):
    return worked_example(find_convention(name), task).reduced


def test_pytorch_divides_by_the_weights_and_keras_by_the_rows():
    torch, keras = value("torch.CrossEntropyLoss"), value("keras.SparseCategoricalCrossentropy")
    assert (torch.denominator, torch.divides_by) == (8, "sum of the weights")
    assert (keras.denominator, keras.divides_by) == (4, "rows")
    assert torch.total == pytest.approx(keras.total, rel=1e-12)
    one_hot = worked_example(find_convention("torch.CrossEntropyLoss")).one_hot
    assert one_hot.value == pytest.approx(keras.value, rel=1e-12)


def test_keras_weighs_a_row_of_several_labels_as_its_first_largest_one():
    name = "keras.Model.train_on_batch(class_weight)"
    rows = worked_example(find_convention(name), Task.MULTILABEL).rows
    assert [(row.target, row.weight) for row in rows] == [
        (((1, 0, 0),), (1,)),
        (((0, 1, 1),), (2,)),
        (((0, 0, 0),), (1,)),
        (((0, 0, 1),), (4,)),
    ]


def test_positive_weights_reach_the_positive_terms_of_their_label_alone():
    name = "tensorflow:tf.nn.weighted_cross_entropy_with_logits"
    found = worked_example(find_convention(name), Task.MULTILABEL)
    assert found.weights == "pos_weight=[3, 3, 1]"  # negatives / positives
    assert [row.weight for row in found.rows] == [(3, 1, 1), (1, 3, 1), (1, 1, 1), (1, 1, 1)]
    assert (found.reduced.denominator, found.reduced.divides_by) == (12, "elements")
    assert not found.reduces_by_default


def test_the_first_task_is_the_one_of_the_first_targets():
    assert first_task(find_convention("keras.BinaryCrossentropy")) is Task.BINARY
    assert first_task(find_convention("torch.CrossEntropyLoss")) is Task.MULTICLASS
