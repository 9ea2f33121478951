"""Segmentation masks: a row a pixel, the value is the class."""

import io
import json
import struct
import sys
import zlib

import numpy as np
import pytest
from PIL import Image

COLOURS = {"#000000": "void", "#804080": "road", "#00ff07": "tree"}


def counts(ran):
    assert ran.code == 0, ran.stderr
    return {row["label"]: row["count"] for row in ran.json["classes"]}


def refused(ran, *texts, code=3):
    assert (ran.code, ran.stdout) == (code, ""), ran.stderr
    for text in texts:
        assert text in ran.stderr


def png(values, mode=None, **options):
    stream = io.BytesIO()
    image = Image.fromarray(np.asarray(values))
    (image if mode is None else image.convert(mode)).save(stream, "PNG", **options)
    return stream.getvalue()


def npy(values, **options):
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.asanyarray(values), **options)
    return stream.getvalue()


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def raw_png(width, height, depth, colour, rows, interlaced=0):
    """Write a PNG byte by byte: Pillow writes no grey values of 2 and 4 bits."""
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    parts = (chunk(b"IHDR", head), chunk(b"IDAT", data), chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.fixture
def masks(write):
    """A folder of masks with void borders, and their values."""
    rng = np.random.default_rng(0)
    arrays = []
    for i in range(40):
        array = np.zeros((20 + i % 3, 30), np.uint8)
        array[5:15, 3:20] = rng.integers(1, 4)
        array[8:, 10:] = rng.integers(0, 6)
        array[:2] = 255
        arrays.append(array)
        write(f"masks/{'train' if i < 30 else 'val'}/{i:03}.png", png(array))
    return arrays


def truth(arrays, missing=()):
    values, n = np.unique(np.concatenate([a.reshape(-1) for a in arrays]), return_counts=True)
    found = {str(v): c for v, c in zip(values.tolist(), n.tolist(), strict=True)}
    return {label: n for label, n in found.items() if label not in missing}


def test_pixels_are_counted(cli, masks):
    ran = cli("analyze", "masks", "-f", "json")
    assert counts(ran) == truth(masks)
    assert ran.json["rows"] == sum(a.size for a in masks)
    assert "masks is read as segmentation masks" in ran.stderr
    assert "the class of a pixel is its grey value" in ran.stderr
    assert "'255' counted as a class" in ran.stderr
    without = cli("analyze", "masks", "--missing", "255", "-f", "json")
    assert counts(without) == truth(masks, ("255",))
    assert without.json["missing"] == truth(masks)["255"]
    assert "'255'" not in without.stderr
    for names in (["masks/*/*.png"], ["masks/train", "masks/val"]):
        assert counts(cli("analyze", *names, "-f", "json")) == truth(masks)
    splits = cli("analyze", "masks", "--split-column", "split", "-f", "json").json["splits"]
    assert [row["rows"] for row in splits] == [
        sum(a.size for a in x) for x in (masks[:30], masks[30:])
    ]


def test_threads_change_nothing(cli, masks):
    for command in (
        ["analyze", "--group-column", "file"],
        ["weights", "--scheme", "median-frequency"],
    ):
        one, two = (cli(*command, "masks", "-f", "json", "-j", j) for j in (1, 2))
        assert one.code == 0
        assert one.stdout == two.stdout


def test_median_frequency_is_that_of_eigen_and_fergus(cli, masks):
    pixels, of_images = {}, {}
    for mask in masks:
        array = mask[mask != 255]
        for value, n in zip(*np.unique(array, return_counts=True), strict=True):
            pixels[value] = pixels.get(value, 0) + int(n)
            of_images[value] = of_images.get(value, 0) + array.size
    frequency = {value: pixels[value] / of_images[value] for value in sorted(pixels)}
    median = np.median(list(frequency.values()))
    expected = {str(value): median / f for value, f in frequency.items()}
    for inputs in (["masks"], ["masks/*/*.png"], ["masks/train", "masks/val"]):
        ran = cli(
            *("weights", *inputs, "--scheme", "median-frequency", "--missing", "255", "-f", "json")
        )
        found = {row["label"]: row["weight"] for row in ran.json["classes"]}
        assert found == pytest.approx(expected, rel=1e-12)
        assert "40 groups in column 'file'" in ran.stderr
        assert ran.json["parameters"]["group-column"] == "file"
    named = cli(
        *("weights", "masks", "--scheme", "median-frequency", "--missing", "255", "-f", "json"),
        *("--group-column", "file"),
    )
    assert named.json["classes"] == ran.json["classes"]
    pooled = cli("weights", "masks", "--scheme", "inverse", "-f", "json")
    assert "groups" not in pooled.stderr


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (png(np.array([[0, 1], [7, 7]], np.uint8)), {"0": 1, "1": 1, "7": 2}),
        (png(np.array([[0, 300], [65535, 300]], np.uint16)), {"0": 1, "300": 2, "65535": 1}),
        (png(np.array([[True, False], [True, True]])), {"0": 1, "1": 3}),
        (raw_png(4, 1, 2, 0, [b"\x1b"]), {"0": 1, "1": 1, "2": 1, "3": 1}),
        (raw_png(3, 1, 4, 0, [b"\x1f\x20"]), {"1": 1, "15": 1, "2": 1}),
        (png(np.array([[5, 5, 0]], np.uint8), "LA"), {"5": 2, "0": 1}),
        (raw_png(3, 2, 8, 0, [b"\x01\x02\x03", b"\x01\x01\x01"]), {"1": 4, "2": 1, "3": 1}),
    ],
)
def test_a_number_is_never_changed(cli, write, content, expected):
    write("mask.png", content)
    assert counts(cli("analyze", "mask.png", "-f", "json")) == expected
    write("no_suffix", content)
    assert counts(cli("analyze", "no_suffix", "-f", "json")) == expected
    assert counts(cli("analyze", "-", "-f", "json", stdin=content)) == expected


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_the_class_of_a_palette_is_its_index(cli, write, bits):
    image = Image.new("P", (3, 1))
    image.putpalette([255, 255, 255, 9, 9, 9, 128, 0, 0])
    values = [0, 1, 1] if bits == 1 else [0, 2, 2]
    image.putdata(values)
    stream = io.BytesIO()
    image.save(stream, "PNG", bits=bits, transparency=0)
    write("mask.png", stream.getvalue())
    ran = cli("analyze", "mask.png", "-f", "json")
    assert counts(ran) == {"0": 1, str(values[1]): 2}
    assert "its index in the palette" in ran.stderr


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_colours_have_names(cli, write, mode):
    colours = np.array([[[0, 0, 0], [128, 64, 128]], [[128, 64, 128], [0, 255, 7]]], np.uint8)
    write("masks/a.png", png(colours, mode))
    write("masks/b.png", png(colours[:1], mode))
    ran = cli("analyze", "masks", "-f", "json")
    assert counts(ran) == {"#000000": 2, "#804080": 3, "#00ff07": 1}
    assert "#rrggbb" in ran.stderr
    write("colours.json", json.dumps(COLOURS))
    named = cli("analyze", "masks", "--names", "colours.json", "--missing", "#000000", "-f", "json")
    assert counts(named) == {"road": 3, "tree": 1}


@pytest.mark.parametrize("dtype", ["u1", "i1", "<u2", ">i2", "<i4", "<u4", ">u4", "<i8", "<u8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays(cli, write, dtype, order):
    values = np.array([[0, 1, 1, 5, 2], [100, 5, 0, 1, 1]]).astype(dtype, order=order)
    write("mask.npy", npy(values))
    ran = cli("analyze", "mask.npy", "--input-format", "masks", "-f", "json")
    assert counts(ran) == {"0": 2, "1": 4, "2": 1, "5": 2, "100": 1}
    stack = np.asarray(np.stack([values, values, values * 0]), order=order)
    write("stacks/masks.npy", npy(stack))
    for name in ("stacks", "stacks/masks.npy"):
        ran = cli(
            "analyze", name, "--input-format", "masks", "--group-column", "file", "-f", "json"
        )
        assert counts(ran) == {"0": 14, "1": 8, "2": 2, "5": 4, "100": 2}
        assert [row["groups"] for row in ran.json["classes"]] == [3, 2, 2, 2, 2]


def test_arrays_of_other_values(cli, write):
    write("mask.npy", npy(np.array([[-1, 0, 0, 0, 2**62]])))
    ran = cli("analyze", "mask.npy", "--input-format", "masks", "-f", "json")
    assert counts(ran) == {"-1": 1, "0": 3, str(2**62): 1}
    write("mask.npy", npy(np.array([[True, False, True]])))
    ran = cli("analyze", "mask.npy", "--input-format", "masks", "-f", "json")
    assert counts(ran) == {"False": 1, "True": 2}


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (npy(np.zeros((2, 2))), "holds float64, and masks are of integers"),
        (
            npy(np.array([[1, "a"]], dtype=object), allow_pickle=True),
            "which are pickled",
        ),
        (npy(np.zeros(5, int)), "is of shape (5,)"),
        (npy(np.zeros((0, 5), int)), "is of shape (0, 5)"),
        (npy(np.zeros((5, 5, 3), np.uint8)), "an image of 3 channels"),
        (npy(np.zeros((9, 9), np.uint8))[:-1], "is truncated"),
        (npy(np.zeros((9, 9), np.uint8)) + b"x", "longer than it should be"),
        (npy(np.zeros((9, 9), np.uint8))[:20], "is not a whole NumPy array"),
        (b"\x93NUMPY\x01\x00", "is not a whole NumPy array"),
        (b"label\na\n", "is neither a PNG image nor a NumPy array"),
        (b"", "is empty"),
    ],
)
def test_broken_arrays_are_refused(cli, write, content, text):
    write("mask.npy", content)
    refused(cli("analyze", "mask.npy", "--input-format", "masks"), "mask.npy: ", text)


@pytest.mark.parametrize("shape", [b"(9**9, 9)", b"(99999999, 99)", b"(-9, -9)", b"(9, (9"])
def test_an_array_with_a_wrong_header_is_refused_at_once(cli, write, shape):
    content = npy(np.zeros((9, 9), np.uint8))
    padding = b" " * (len(shape) - len(b"(9, 9)"))
    changed = content.replace(b"(9, 9), }" + padding, shape + b", }")
    assert changed != content
    write("a.npy", changed)
    refused(cli("analyze", "a.npy", "--input-format", "masks"), "error: a.npy: ")


WHOLE = png((np.add.outer(np.arange(300) // 9, np.arange(300) // 7) % 21).astype(np.uint8))


@pytest.mark.parametrize("length", [9, 20, 26, 33, 60, len(WHOLE) // 2, -13, -12, -8])
def test_truncated_images_are_refused(cli, write, length):
    write("mask.png", WHOLE[:length])
    refused(cli("analyze", "mask.png"), "mask.png: the PNG image is truncated or damaged")


def test_a_flipped_bit_is_never_counted(cli, write):
    place = WHOLE.index(b"IDAT") + 4
    for at in range(place, len(WHOLE) - 16, (len(WHOLE) - place) // 25):
        damaged = bytearray(WHOLE)
        damaged[at] ^= 4
        write("mask.png", bytes(damaged))
        refused(cli("analyze", "mask.png"), "the PNG image is truncated or damaged")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (raw_png(100_000, 100_000, 8, 0, []), "has 10,000,000,000 pixels, where 178,956,970"),
        (raw_png(0, 5, 8, 0, []), "damaged"),
        (raw_png(2, 1, 16, 2, [bytes(12)]), "colours of 16 bits"),
        (raw_png(2, 2, 8, 0, [b"ab"]), "truncated or damaged: too few rows"),
        (b"\x89PNG\r\n\x1a\n" + b"no image at all, but text", "damaged"),
        (
            png(np.array([[[1, 2, 3, 255], [1, 2, 3, 0]]], np.uint8)),
            "has transparent pixels",
        ),
        (
            png(np.random.default_rng(0).integers(0, 256, (90, 90, 3)).astype(np.uint8)),
            "more than 4,096 colours",
        ),
    ],
)
def test_what_is_no_mask_is_refused(cli, write, content, text):
    write("mask.png", content)
    refused(cli("analyze", "mask.png"), "mask.png: ", text)


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (5, 9), (8, 8), (17, 13)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, bool])
def test_images_of_any_size_and_interlaced_ones(cli, write, size, dtype):
    values = (np.arange(size[0] * size[1]) % 5).astype(dtype).reshape(size)
    expected = truth([values.astype(np.uint16)])
    write("mask.png", png(values))
    assert counts(cli("analyze", "mask.png", "-f", "json")) == expected
    # Pillow writes no interlaced images.
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4)]
    passes += [(0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    rows = []
    for x, y, dx, dy in passes:
        part = values[y::dy, x::dx]
        if part.size:
            rows += [
                np.packbits(row).tobytes()
                if dtype is bool
                else row.astype(row.dtype.newbyteorder(">")).tobytes()
                for row in part
            ]
    depth = {np.uint8: 8, np.uint16: 16, bool: 1}[dtype]
    write("laced.png", raw_png(size[1], size[0], depth, 0, rows, interlaced=1))
    assert counts(cli("analyze", "laced.png", "-f", "json")) == expected


def test_an_animation_is_refused(cli, write):
    frames = [Image.fromarray(np.full((4, 4), i, np.uint8)) for i in range(3)]
    stream = io.BytesIO()
    frames[0].save(stream, "PNG", save_all=True, append_images=frames[1:])
    write("mask.png", stream.getvalue())
    refused(cli("analyze", "mask.png"), "is an animation")


def test_one_bad_mask_of_a_folder_is_named(cli, masks, write):
    write("masks/val/broken.png", WHOLE[:200])
    for jobs in (1, 2):
        refused(cli("analyze", "masks", "-j", jobs), "masks/val/broken.png: the PNG image is")
    write("masks/val/broken.png", b"\xff\xd8\xff\xe0 a photo")
    refused(cli("analyze", "masks"), "masks/val/broken.png: is neither a PNG image")


def test_folders_of_masks(cli, write):
    write("a/1.png", png(np.zeros((2, 2), np.uint8)))
    write("a/1.json", "{}")
    write("a/.DS_Store", "x")
    ran = cli("analyze", "a", "-f", "json")
    assert counts(ran) == {"0": 4}
    assert "1 file left out (no masks), such as 'a/1.json'" in ran.stderr
    assert "1 hidden file or folder passed over" in ran.stderr
    write("a/1.npy", npy(np.zeros((2, 2), int)))
    refused(cli("analyze", "a"), "as .png and as .npy", "--input-format masks 'a/*.png'")
    write("b/x.npy", npy(np.ones((2, 2), int)))
    assert counts(cli("analyze", "b", "-f", "json")) == {"1": 4}
    write("c/x.txt", "1 2")
    refused(cli("analyze", "c", "--input-format", "masks"), "holds no masks")


def test_numbers_and_colours_are_not_pooled(cli, write):
    write("a/1.png", png(np.zeros((2, 2), np.uint8)))
    write("a/2.png", png(np.zeros((2, 2, 3), np.uint8)))
    refused(cli("analyze", "a"), "a/2.png: its classes are colours", "a/1.png")


def test_two_values_with_255_are_no_void(cli, write):
    write("a.png", png(np.array([[0, 255]], np.uint8)))
    ran = cli("analyze", "a.png")
    assert ran.code == 0
    assert "'255' counted as a class" not in ran.stderr


def test_large_masks_come_in_pieces(cli, write):
    values = (np.arange(1200 * 1500) % 200).astype(np.uint8).reshape(1200, 1500)
    write("a.png", png(values))
    write("b.npy", npy(np.stack([values[:700], values[500:]]).astype(np.int32)))
    ran = cli("analyze", "a.png", "--group-column", "file", "-f", "json")
    assert counts(ran) == {str(k): 9000 for k in range(200)}
    assert "200 distinct values of pixels: these may be photos" in ran.stderr
    assert {row["groups"] for row in ran.json["classes"]} == {1}
    stack = cli("analyze", "b.npy", "--input-format", "masks", "-f", "json")
    assert sum(counts(stack).values()) == 1400 * 1500


def test_one_weight_a_pixel(cli, write):
    write("m/1.png", png(np.array([[0, 1], [1, 1]], np.uint8)))
    write("m/2.png", png(np.array([[0, 0]], np.uint8)))
    assert cli("weights", "m", "--sample-weights", "w.npy", "-q").code == 0
    assert np.load("w.npy").tolist() == [1.0] * 6


def test_no_mask_is_overwritten(cli, write):
    path = write("m/1.npy", npy(np.ones((2, 2), int)))
    before = path.read_bytes()
    refused(cli("weights", "m", "-o", "m/1.npy"), "in a folder that is an input", code=2)
    assert path.read_bytes() == before
    assert cli("weights", "m", "-o", "m/weights.json", "-q").code == 0


def test_without_pillow_the_extra_is_named(cli, write, monkeypatch):
    write("a.png", png(np.zeros((2, 2), np.uint8)))
    monkeypatch.setitem(sys.modules, "PIL", None)
    refused(cli("analyze", "a.png"), "Pillow", "hint: pip install 'wcetool[masks]'")


def test_options_without_effect_are_refused(cli, masks):
    refused(cli("analyze", "masks", "--no-header"), "no effect", code=2)
    refused(cli("analyze", "masks", "--member", "x"), "no input is an archive", code=2)
    refused(cli("score", "masks"), "error: masks: ")


def test_median_frequency_beside_other_schemes_and_counts(cli, masks):
    both = ("--scheme", "median-frequency", "--scheme", "inverse")
    ran = cli("weights", "masks", *both, "--missing", "255", "-f", "json")
    assert ran.code == 0, ran.stderr
    assert "40 groups in column 'file'" in ran.stderr
    assert cli("analyze", "masks", "-o", "counts.json", "-q").code == 0
    pooled = cli("weights", "counts.json", "masks", "--scheme", "median-frequency", "-f", "json")
    assert pooled.code == 0, pooled.stderr
    assert "takes all rows together" in pooled.stderr
