"""Writing and reading a weight file changes nothing, in any form."""

from dataclasses import replace

import pytest
from conftest import HOSTILE_LABELS
from hypothesis import given
from hypothesis import strategies as st

import wcetool
from wcetool.core.vocabulary import Normalization
from wcetool.results.document import parse_signature

labels = st.one_of(
    st.sampled_from(HOSTILE_LABELS), st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
).filter(lambda label: label not in ("|", "%"))  # they are missing below
count_maps = st.dictionaries(labels, st.integers(1, 10**9), min_size=1, max_size=8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("weights")


@pytest.mark.parametrize("suffix", [".json", ".csv", ".parquet", ".npy"])
@given(counts=count_maps, scheme=st.sampled_from(["inverse", "effective-number:beta=0.99"]))
def test_weights_survive_writing_and_reading(folder, suffix, counts, scheme):
    path = folder / f"weights{suffix}"
    written = wcetool.class_weights(counts, scheme, cap=3.5, missing=["|"])
    wcetool.write_weights(written, path)
    read = wcetool.read_weights(path)
    if suffix == ".csv":  # holds the rows alone
        written = replace(
            written,
            scheme="manual",
            normalization=Normalization.NONE,
            capped=None,
            inputs=(),
            rows=None,
            missing=None,
            parameters={},
            notes=(),
            warnings=(),
        )
    assert read == written
    assert read.to_dict() == written.to_dict()
    assert read.source == str(path)


@given(counts=count_maps)
def test_a_signature_parses_back(counts):
    given_weight = {next(iter(counts)): 2.0}
    weights = wcetool.class_weights(counts, set_weights=given_weight, missing=["|", "%"])
    fields = parse_signature(weights.signature)
    assert fields["scheme"] == "inverse"
    assert fields["set"] == f"{next(iter(counts))}=2.0"
    assert fields["missing"] == "|,%"
    assert weights.signature.isprintable()
    assert list(fields)[-1] == "v"
