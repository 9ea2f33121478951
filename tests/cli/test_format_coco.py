"""COCO and LVIS annotations: a row an annotation, absent categories at 0."""

import gzip
import json

import pytest
from conftest import HOSTILE_LABELS
from test_bad_input import refused
from test_format_json_lines import analyze, counts  # noqa: F401

CATEGORIES = [{"id": 7, "name": "emu"}, {"id": 3, "name": "dog"}, {"id": 1, "name": "cat"}]


def document(annotations=None, categories=CATEGORIES, **more):
    if annotations is None:
        annotations = [
            {"id": i, "image_id": i // 2, "category_id": (1, 3, 3)[i % 3], "iscrowd": int(i == 4)}
            | {"segmentation": [[1.5, 2.5]], "bbox": [0, 0, 1, 1], "area": 1.0}
            for i in range(9)
        ]
    made = {"info": {}, "images": [{"id": 0}], "annotations": annotations, "categories": categories}
    return json.dumps({**made, **more})


def test_names_in_order_of_ids_and_absent_ones_at_zero(analyze, write):  # noqa: F811
    write("instances.json", document())
    ran = analyze("instances.json")
    assert list(counts(ran).items()) == [("cat", 3), ("dog", 6), ("emu", 0)]
    assert "read as COCO annotations, by its content" in ran.stderr
    assert "label column 'category' (the category of each annotation)" in ran.stderr
    assert "1 annotation of 9 of a crowd (iscrowd 1), counted like any other" in ran.stderr


def test_categories_above_annotations_compressed_and_streamed(analyze, write):  # noqa: F811
    made = json.loads(document())
    content = json.dumps(dict(sorted(made.items(), reverse=True)), indent=1).encode()
    write("a.json", content)
    write("b.json.gz", gzip.compress(content))
    expected = {"cat": 3, "dog": 6, "emu": 0}
    for ran in analyze("a.json", "-j", 2), analyze("b.json.gz"), analyze("-", stdin=content):
        assert counts(ran) == expected
    two = analyze("a.json", "b.json.gz")
    assert counts(two) == {"cat": 6, "dog": 12, "emu": 0}


def test_images_are_groups(cli, write):
    write("a.json", document())
    options = ("--group-column", "image_id", "--zero-count", "exclude", "-f", "json")
    ran = cli("weights", "a.json", "--scheme", "median-frequency", *options)
    assert ran.code == 0, ran.stderr
    shares = {"cat": 3 / 6, "dog": 6 / 9}  # of the annotations of the images that have the class
    median = sum(shares.values()) / 2
    weights = {label: row["weight"] for label, row in ran.rows.items()}
    assert weights["cat"] / weights["dog"] == pytest.approx(shares["dog"] / shares["cat"])
    assert weights["cat"] == pytest.approx(median / shares["cat"])


def test_ids_of_images_that_two_files_have_are_warned_of(cli, write):
    """Most exports number their images from 1 in every file: image 1 is then two images."""
    one = [{"image_id": n, "category_id": 1} for n in (1, 2)]
    write("a.json", document(one))
    write("b.json", document([{"image_id": "2", "category_id": 3}]))
    write("c.json", document([{"image_id": 3, "category_id": 3}]))
    options = ("--scheme", "median-frequency", "--zero-count", "exclude")
    group = ("--group-column", "image_id")
    ran = cli("weights", "a.json", "b.json", *options, *group)
    told = "warning: ids of images such as '2' are in a.json and in b.json, and count as one image"
    assert ran.code == 0
    assert told in ran.stderr
    assert "warning: " not in cli("weights", "a.json", "c.json", *options, *group).stderr
    assert "warning: " not in cli("analyze", "a.json", "b.json").stderr


def test_other_columns_can_be_counted(analyze, write):  # noqa: F811
    write("a.json", document())
    assert counts(analyze("a.json", "-l", "iscrowd")) == {"0": 8, "1": 1}
    assert counts(analyze("a.json", "-l", "image_id"))["4"] == 1


def test_lvis_and_panoptic(analyze, write):  # noqa: F811
    lvis = [{"id": 1, "name": "aerosol_can", "frequency": "r"}, {"id": 2, "name": "b"}]
    write("lvis.json", document([{"id": 1, "image_id": 5, "category_id": 2}], lvis))
    assert counts(analyze("lvis.json")) == {"aerosol_can": 0, "b": 1}
    segments = [{"id": 1, "category_id": 1, "iscrowd": 0}, {"id": 2, "category_id": 3}]
    write("panoptic.json", document([{"image_id": 5, "segments_info": segments}]))
    assert counts(analyze("panoptic.json")) == {"cat": 1, "dog": 1, "emu": 0}


def test_hostile_names(analyze, write):  # noqa: F811
    categories = [{"id": i, "name": name} for i, name in enumerate(HOSTILE_LABELS)]
    annotations = [{"category_id": i, "image_id": "x"} for i in range(len(categories))]
    write("a.json", document(annotations, categories))
    assert counts(analyze("a.json")) == dict.fromkeys(HOSTILE_LABELS, 1)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (document([{"category_id": 9}]), "annotation 1: category_id '9' is none of the categories"),
        (document([{"category_id": 1}, {"id": 2}]), "annotation 2: has no category_id"),
        (document([{"category_id": True}]), "category_id is a boolean"),
        (document([{"category_id": 1, "iscrowd": 2}]), "iscrowd is '2', not 0 or 1"),
        (document([1]), "annotation 1: is a number, where an object is expected"),
        (document([]), "has no rows"),
        (document().replace("emu", "\\ud800"), "category 1: '\\ud800' holds half a surrogate pair"),
        (document([{"category_id": 1, "image_id": "\ud800"}]), "half a surrogate pair"),
        (document([{"category_id": int("9" * 4000)}]), "is none of the categories"),
        (document().replace(": 7", ": " + "9" * 5000), "Exceeds the limit"),
        (document(categories=[*CATEGORIES, {"id": 8, "name": "cat"}]), "name 'cat' is there twice"),
        (document(categories=[*CATEGORIES, {"id": 1, "name": "z"}]), "id '1' is there twice"),
        (document(categories=[{"id": 1}]), "category 1: is not an object with an id and a name"),
        (document().replace('"categories"', '"kinds"'), "holds an object with 4 keys"),
        (document().replace('"info"', '"annotations"'), "a list is expected"),
        (document() + "{}", "goes on after the end"),
        (document()[:-1], "is the file cut off?"),
        (document()[:300], "is the file cut off?"),
        (document().replace('"info": {}', '"annotations": []'), "is there more than once"),
        (document([{}]).replace("{}]", '{"category_id": 1, "category_id": 3}]'), "more than once"),
    ],
)
def test_what_is_wrong_is_refused(cli, write, content, problem):
    write("a.json", content)
    refused(cli("analyze", "a.json"), 3, problem)


def test_another_document_is_refused_by_what_it_lacks(cli, write):
    write("a.json", document().replace('"categories"', '"kinds"'))
    ran = cli("analyze", "a.json", "--input-format", "coco")
    refused(ran, 3, "is no COCO document: it has no 'categories'", "'kinds'")
    write("b.json", '[{"image_id": 1, "category_id": 2}]')
    ran = cli("analyze", "b.json", "--input-format", "coco")
    refused(ran, 3, "holds a list, where an object with 'annotations'", "--input-format json")
