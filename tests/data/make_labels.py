"""Label files: what `make` writes of them."""

from __future__ import annotations

import csv
import io
import json
import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

LONG_TAIL = (31, 17, 9, 5, 3, 2, 1, 1)


def write(files: Any) -> None:
    """Write the label files, and what is expected of them."""
    for make in (
        *(_paths, _feelings, _reports, _findings, _health_risk, _shells, _heart, _modules),
        *(_valves, _census, _sentences, _emoji, _news, _review),
    ):
        make(files, random.Random(make.__name__))


def _shuffled(rng: random.Random, labels: Sequence[str], sizes: Sequence[int]) -> list[str]:
    rows = [label for label, n in zip(labels, sizes, strict=False) for _ in range(n)]
    rng.shuffle(rows)
    return rows


def _counts(labels: Sequence[str]) -> dict[str, int]:
    return dict(sorted(Counter(labels).items()))


def _paths(files: Any, rng: random.Random) -> None:
    """Paths and labels, one space between them, no header, gzip."""
    rows = _shuffled(rng, [str(k) for k in range(8)], LONG_TAIL)
    text = "".join(f"train/place_{k}/{i:08}.jpg {k}\n" for i, k in enumerate(rows))
    files.write("paths.txt.gz", text)
    files.expect("analyze paths.txt.gz", counts=_counts(rows))


def _feelings(files: Any, rng: random.Random) -> None:
    """Several ids in a tab column, quotes in the texts, names in a second file."""
    names = ["joy", "anger", "grief", "love", "neutral"]
    texts = [
        "Is this so?? I really feel like it is.",
        'He said "no" twice, and left',
        '"I didn\'t learn anything" he said',
        "5' 11\" tall",
        "commas, and; semicolons | pipes",
        '"',
    ]
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter="\t", lineterminator="\n")
    labels: list[str] = []
    for i in range(60):
        ids = rng.sample(range(5), k=rng.choice((1, 1, 1, 2, 3)))
        labels += [names[k] for k in ids]
        writer.writerow((rng.choice(texts), ",".join(map(str, sorted(ids))), f"e{i:03}"))
    files.write("feelings.tsv", stream.getvalue())
    files.write("feelings_labels.txt", "".join(f"{name}\n" for name in names))
    files.expect("analyze feelings.tsv", refused="no column is known to hold the label")
    files.expect("analyze feelings.tsv -l 2", refused="--no-header")
    files.expect("analyze feelings.tsv -l 2 --no-header", refused="--label-separator ','")
    files.expect(
        "analyze feelings.tsv --no-header -l 2 --label-separator , --names feelings_labels.txt",
        counts=_counts(labels),
        rows=60,
    )


def _reports(files: Any, rng: random.Random) -> None:
    """Quoted line breaks and commas; 1.0, 0.0, -1.0 for uncertain, and blank."""
    columns = ("No Finding", "Cardiomegaly", "Edema", "Atelectasis", "Fracture")
    rows = [
        ("Heart size normal. No edema, no effusion.", "1.0", "0.0", "0.0", "", ""),
        ("1. Large heart.\n\n2. Cardiomegaly without edema,\nperhaps", "", "1.0", "0.0", "", ""),
        ('He said "atelectasis"', "", "", "-1.0", "-1.0", ""),
        ("Stable, mild cardiomegaly.", "", "1.0", "", "1.0", ""),
        ("Nothing\nnew", "1.0", "", "1.0", "0.0", ""),
    ]
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(("Reports", *columns))
    writer.writerows(rows)
    files.write("reports.csv", stream.getvalue())
    for place, name in enumerate(columns[:-1], start=1):
        found = [row[place] for row in rows]
        files.expect(
            f"analyze reports.csv -l '{name}'",
            counts=_counts([text for text in found if text]),
            missing=found.count(""),
        )
    files.expect("analyze reports.csv", refused="no column is known to hold the label")
    files.expect("analyze reports.csv -l Fracture", refused="all 5 labels are missing")
    files.expect(
        "analyze reports.csv -l Edema,Atelectasis --uncertain missing",
        counts={"Edema": 1, "Atelectasis": 1},
    )


def _findings(files: Any, rng: random.Random) -> None:
    """Several labels in a cell with pipes, YES and NO, header names with unquoted commas."""
    names = ["Effusion", "Mass", "Hernia", "Pleural_Thickening"]
    lines = ["Image Index,Finding Labels,Original[Width,Height],Spacing[x,y],Fracture,Set Id"]
    labels: list[str] = []
    fractures: list[str] = []
    for i in range(50):
        found = rng.sample(names, k=rng.choice((0, 0, 1, 1, 2, 3))) or ["No Finding"]
        fracture = rng.choice(("NO", "NO", "NO", "YES"))
        labels += found
        fractures.append(fracture)
        cell = "|".join(found)
        lines.append(f"{i:08}_000.png,{cell},3056,2544,0.139,0.139,{fracture},test")
    files.write("findings.csv.gz", "\n".join(lines) + "\n")
    files.expect(
        "analyze findings.csv.gz -l 'Finding Labels' --label-separator '|'",
        counts=_counts(labels),
        rows=50,
    )
    files.expect("analyze findings.csv.gz", refused="no column is known to hold the label")
    files.expect("analyze findings.csv.gz -l 'Finding Labels'", refused="--label-separator '|'")
    files.expect("analyze findings.csv.gz -l Fracture", counts=_counts(fractures))


def _health_risk(files: Any, rng: random.Random) -> None:
    """A byte order mark on the first header, CRLF, spaces in the name and in labels."""
    rows = _shuffled(rng, ["low risk", "mid risk", "high risk"], (20, 13, 8))
    lines = ["\ufeffAge,BS,RiskLevel", *(f"{rng.randrange(20, 60)},7.5,{row}" for row in rows)]
    files.write("health risk.csv", "".join(f"{line}\r\n" for line in lines))
    files.expect("analyze 'health risk.csv' -l RiskLevel", counts=_counts(rows))


def _shells(files: Any, rng: random.Random) -> None:
    """KEEL: the class is the last attribute; far more of one class than of the other."""
    rows = _shuffled(rng, ["negative", "positive"], (77, 3))
    head = (
        "@relation shells\n@attribute Sex {M, F, I}\n@attribute Length real [0.075, 0.815]\n"
        "@attribute Class {positive, negative}\n@data\n"
    )
    data = (f"{rng.choice('MFI')}, {rng.random():.3f},{row}\n" for row in rows)
    files.write("shells.dat", head + "".join(data))
    files.expect("analyze shells.dat", counts=_counts(rows))


def _heart(files: Any, rng: random.Random) -> None:
    """KEEL with missing features, and a class that is called `num`; one class is absent."""
    rows = _shuffled(rng, ["negative", "positive"], (30, 4))
    head = (
        "@relation heart\n@attribute age real [29.0, 77.0]\n@attribute thal real [3.0, 7.0]\n"
        "@attribute num {positive,negative,unknown}\n@data\n"
    )
    thal = ("<null>", "3.0", "7.0")
    data = (
        f"{i}:{rng.randrange(29, 77)}.0,{rng.choice(thal)},{row}\n" for i, row in enumerate(rows)
    )
    files.write("heart.dat", head + "".join(data))
    files.expect("analyze heart.dat", counts={**_counts(rows), "unknown": 0})


def _modules(files: Any, rng: random.Random) -> None:
    """ARFF that is called .txt, below many comments with quotes and commas."""
    rows = _shuffled(rng, ["false", "true"], (40, 6))
    comments = (
        '%%-*- text -*-\n%%%%%%%%%%%%%%%%%%%\n% If you publish, "please" don\'t, say, quote\n%\n\n'
        "% 1. Title: module's defects\n%     -- numbers, e.g. 1, 2, 3\n\n"
    )
    head = (
        "@relation 'modules'\n\n@attribute loc numeric % lines\n@attribute branches numeric\n"
        "@attribute defects {false,true}\n@data\n"
    )
    data = (f"{rng.random() * 99:.1f},{rng.randrange(9)},{row}\n" for row in rows)
    files.write("modules.arff.txt", comments * 12 + head + "".join(data))
    files.expect("analyze modules.arff.txt", counts=_counts(rows))


def _valves(files: Any, rng: random.Random) -> None:
    """A target of 0 and 1, the last column, gzip."""
    rows = _shuffled(rng, ["0", "1"], (60, 5))
    data = (f"{rng.randrange(90)},{rng.random():.4f},{row}\n" for row in rows)
    files.write("valves.csv.gz", "flow,heat,anomaly\n" + "".join(data))
    files.expect("analyze valves.csv.gz -l anomaly", counts=_counts(rows))


def _census(files: Any, rng: random.Random) -> None:
    """CSV without its suffix, CRLF; labels end in a dot, ? marks missing features."""
    rows = _shuffled(rng, ["<=50K.", ">50K."], (30, 9))
    jobs = ("Private", "?", "State-gov")
    data = (f"{rng.randrange(20, 70)},{rng.choice(jobs)},United-States,{row}\r\n" for row in rows)
    files.write("census.test", "age,workclass,native-country,income\r\n" + "".join(data))
    files.expect("analyze census.test -l income", counts=_counts(rows))


def _sentences(files: Any, rng: random.Random) -> None:
    """CoNLL-U: comments, blank lines, lone quotes, a word of several tokens, an empty node."""
    tags = {"Ada": "PROPN", "says": "VERB", '"': "PUNCT", "run": "VERB", ".": "PUNCT", "#": "SYM"}
    tags |= {"old": "ADJ", "house": "NOUN", "of": "ADP", "the": "DET"}
    lines: list[str] = []
    labels: list[str] = []
    for number in range(12):
        words = rng.choices(list(tags), k=rng.randrange(2, 9))
        lines += [f"# sent_id = {number}", f"# text = {' '.join(words)}"]
        for i, word in enumerate(words, start=1):
            if number == 3 and i == 1:
                lines.append("1-2\tabc" + "\t_" * 8)
            lines.append(f"{i}\t{word}\t{word}\t{tags[word]}\tX\t_\t0\troot\t_\t_")
            labels.append(tags[word])
        if number == 5:
            lines.append("9.1\tnone" + "\t_" * 8)
        lines.append("")
    files.write("sentences.conllu", "\n".join(lines) + "\n")
    files.expect("analyze sentences.conllu", counts=_counts(labels))
    files.expect("analyze sentences.conllu -l XPOS", counts={"X": len(labels)})


def _emoji(files: Any, rng: random.Random) -> None:
    """One integer a line; names in a second file whose lines end in an empty field."""
    names = ["❤", "😍", "😂", "💕", "🔥", "😊", "😎", "✨"]
    rows = _shuffled(rng, [str(k) for k in range(8)], LONG_TAIL)
    files.write("emoji_labels.txt", "".join(f"{row}\n" for row in rows))
    mapping = "".join(f"{k}\t{name}\t_name_{k}_\t\n" for k, name in enumerate(names))
    files.write("emoji_mapping.txt", mapping)
    files.expect("analyze emoji_labels.txt", counts=_counts(rows))
    files.expect(
        "analyze emoji_labels.txt --names emoji_mapping.txt",
        counts=_counts([names[int(row)] for row in rows]),
    )


def _news(files: Any, rng: random.Random) -> None:
    """JSON Lines: the order of keys varies, classes are nearly called the same."""
    names = ["ARTS", "ARTS & CULTURE", "CULTURE & ARTS", "POLITICS", "MONEY"]
    rows = _shuffled(rng, names, (9, 7, 5, 20, 2))
    lines = []
    for i, row in enumerate(rows):
        record = {
            "category": row,
            "headline": f'No. {i} "quoted", {{braces}}\n',
            "date": "2015-08-21",
        }
        keys = list(record)
        rng.shuffle(keys)
        lines.append(json.dumps({key: record[key] for key in keys}))
    files.write("news.jsonl", "\n".join(lines) + "\n")
    files.expect("analyze news.jsonl", counts=_counts(rows))


def _review(files: Any, rng: random.Random) -> None:
    """A JSON array, printed over many lines, with nested objects."""
    rows = _shuffled(rng, ["cat", "dog", "ship"], (12, 7, 3))
    votes = [rng.randrange(4) for _ in rows]
    records = [
        {
            "id": i,
            "url": f"https://example.org/{i}.png",
            "given_name": row,
            "guessed_name": "cat",
            "votes": {"given": n, "guessed": 3 - n},
        }
        for i, (row, n) in enumerate(zip(rows, votes, strict=True))
    ]
    files.write("review.json", json.dumps(records, indent=2) + "\n")
    files.expect("analyze review.json -l given_name", counts=_counts(rows))
    files.expect("analyze review.json -l votes.given", counts=_counts([str(n) for n in votes]))
