"""`wcetool explain` works each loss through on a small example."""

import pytest

from wcetool.core.conventions import CONVENTIONS
from wcetool.core.measures import MEASURES


def test_the_example_stands_under_each_loss(cli):
    ran = cli("explain", "--like", "keras", "--task", "multilabel")
    assert ran.code == 0
    name = "keras.Model.train_on_batch(class_weight)"
    (section,) = (one for one in ran.stdout.split("\n\n") if one.startswith(name))
    assert section.endswith(
        """\
  take care: class_weight has no place per label in multi-label targets: it takes the argmax
  take care: so [0, 1, 1] weighs as class 1, and an all-zero row as class 0
  take care: fit weighs in the same way; evaluate and test_on_batch take no class_weight
  take care: a class without a weight weighs 1
  multilabel example: class_weight={0: 1, 1: 2, 2: 4}, loss='BinaryCrossentropy'; from logits
    target    loss  weight  weighted
    ────────────────────────────────
    1 0 0   0.1839       1    0.1839
    0 1 1   0.9378       2    1.8756
    0 0 0   0.1446       1    0.1446
    0 0 1   0.5716       4    2.2864
    sum                       4.4905
  sum_over_batch_size: 4.4905 / 4 (rows) = 1.1226
  other reductions: mean 1.1226, mean_with_sample_weight 0.5613, sum 4.4905"""
    )
    assert "    0 1 1   0.4  0.5  0.2  -0.4055   0.0000  -1.3863     2\n" in ran.stdout


def test_losses_before_any_reduction_are_shown_label_by_label(cli):
    ran = cli("explain", "--like", "tensorflow", "--task", "multilabel")
    assert "    0 1 1   0.5108  0.6931  1.6094  1  3  1  0.5108  2.0794  1.6094\n" in ran.stdout
    assert "  not reduced by default; mean: 7.3463 / 12 (elements) = 0.6122\n" in ran.stdout
    assert "negatives / positives" in ran.stdout


def test_a_row_without_a_loss_has_no_weight_and_no_sign(cli):
    ran = cli("explain", "--like", "sklearn", "--task", "multilabel")
    assert "    0 0 0   0.0000       —    0.0000\n" in ran.stdout


def test_one_hot_targets_have_another_denominator_in_pytorch(cli):
    ran = cli("explain", "--like", "torch.CrossEntropyLoss")
    assert "  mean: 8.4039 / 8 (sum of the weights) = 1.0505\n" in ran.stdout
    assert "  one-hot targets instead: 8.4039 / 4 (rows) = 2.1010\n" in ran.stdout


def test_the_whole_list_says_how_to_see_the_example(cli):
    ran = cli("explain", "conventions")
    assert " example" not in ran.stdout.rpartition("\n\n--like and --task narrow")[0]
    several = cli("explain", "--like", "torch.BCELoss").stdout
    assert "the binary example" in several
    assert "The example of another task: --task multilabel." in several
    assert "another task" not in cli("explain", "--like", "xgboost").stdout


def test_documents_hold_the_example_of_every_loss(cli):
    entries = cli("explain", "conventions", "-f", "json").json["conventions"]
    assert [entry["convention"] for entry in entries] == list(CONVENTIONS)
    for entry in entries:
        example = entry["example"]
        found = example["total"] / example["denominator"]
        assert example["value"] == pytest.approx(found, rel=1e-6)  # some reduce in float32
        assert {"target", "scores", "unweighted", "weight", "weighted"} <= set(example["rows"][0])
    cells = cli("explain", "--like", "torch.CrossEntropyLoss", "-f", "csv").stdout.splitlines()
    assert cells[0].endswith("example_reduction,example_total,example_denominator,example_value")
    assert ',"weight=[1, 2, 4]",mean,8.4' in cells[1]


def test_markdown_has_the_example_as_a_table(cli):
    shown = cli("explain", "--like", "keras", "--task", "multilabel", "-f", "md").stdout
    assert "\n| target | loss | weight | weighted |\n| :--- | ---: | ---: | ---: |\n" in shown
    assert "\n| 0 1 1 | 0.9378 | 2 | 1.8756 |\n" in shown


def test_the_losses_of_tensorflow_1_are_explained_by_their_name(cli):
    assert "tf.compat.v1.losses.log_loss" in cli("explain", "--like", "tf1").stdout


@pytest.mark.parametrize("width", [50, 80, 140])
def test_a_narrow_terminal_cuts_no_number(width):
    from wcetool.core.vocabulary import Task
    from wcetool.render.convention_views import conventions_page
    from wcetool.render.terminal import write_page
    from wcetool.render.view import View
    from wcetool.results.catalog import ConventionCatalog

    page = conventions_page(ConventionCatalog.of_registry("torch", Task.MULTILABEL), View())
    shown = write_page(page, width=width, color=False)
    assert "…" not in shown
    assert max(map(len, shown.splitlines())) <= width
    assert ("too narrow for weighted (-f json has all)" in shown) == (width == 50)


def test_every_measure_is_explained_with_its_range_source_and_trap(cli):
    shown = cli("explain", "measures").stdout.split("\n\n")
    (ratio,) = (one for one in shown if one.startswith("ratio\n"))
    assert ratio.splitlines()[1:4] == [
        "  n_K / n_1",
        "  from 1 to inf",
        "  source: imbalance ratio; KEEL, Alcala-Fdez et al. 2011",
    ]
    assert "  undefined where there is one class\n" in cli("explain", "measures").stdout
    document = cli("explain", "measures", "-f", "json").json
    assert document["schema"] == "wcetool.measures/1"
    assert [one["measure"] for one in document["measures"][: len(MEASURES)]] == list(MEASURES)
    assert all(one["trap"] and one["source"] for one in document["measures"])


def test_options_for_files_have_no_effect_on_the_measures(cli):
    ran = cli("explain", "measures", "--jobs", "2")
    assert (ran.code, ran.stderr.splitlines()[0]) == (2, "error: -j: has no effect on measures")
