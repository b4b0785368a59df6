"""Writes where Vega-Lite draws the marks of exported figures: one JSON file for each specification.

    pip install vl-convert-python          # 1.9.0, Vega-Lite 5.21
    .build/release/Gallery --vega-lite /tmp/specifications
    python3 Tests/PlottingTests/Fixtures/vega-lite/make-positions.py /tmp/specifications NAME...

A file holds the digest of its specification and, for each view in reading order, its size and its marks:
[type, item, item, ...] with places in pixels from the view's upper left corner. Items are

    symbol  [x, y]                  rule  [x, y, x2, y2]       rect  [left, top, right, bottom]
    line    [[x, y], ...]           area  [[x, y, x2, y2], ...]
    text    [x, y, text]            shape [[[x, y], ...], ...]
"""

import hashlib
import json
import pathlib
import re
import sys

import vl_convert

HERE = pathlib.Path(__file__).parent


def rounded(*values):
    return [round(float(v), 3) for v in values]


def places(mark, dx, dy):
    kind, items = mark["marktype"], mark.get("items", [])
    if kind == "symbol":
        return [rounded(i["x"] + dx, i["y"] + dy) for i in items if i.get("opacity", 1) > 0]
    if kind == "text":
        return [rounded(i["x"] + dx, i["y"] + dy) + [str(i["text"])] for i in items]
    if kind == "rule":
        return [rounded(i.get("x", 0) + dx, i.get("y", 0) + dy, i.get("x2", i.get("x", 0)) + dx,
                        i.get("y2", i.get("y", 0)) + dy) for i in items]
    if kind == "rect":
        return [rounded(i["x"] + dx, i["y"] + dy, i["x"] + i["width"] + dx, i["y"] + i["height"] + dy) for i in items]
    if kind == "line":
        return [[rounded(i["x"] + dx, i["y"] + dy) for i in items]] if items else []
    if kind == "area":
        return [[rounded(i["x"] + dx, i["y"] + dy, i.get("x2", i["x"]) + dx, i.get("y2", i["y"]) + dy)
                 for i in items]] if items else []
    if kind == "shape":
        return [[[rounded(*map(float, p.split(","))) for p in part.rstrip("Z").split("L")]
                 for part in i["shape"].split("M") if part] for i in items if i.get("shape")]
    return []


def marks_of(group, dx, dy, found):
    for mark in group.get("items", []):
        if mark.get("role") in ("mark", None, "scope", "frame"):
            if mark["marktype"] == "group":
                for item in mark.get("items", []):
                    marks_of(item, dx + (item.get("x") or 0), dy + (item.get("y") or 0), found)
            else:
                items = places(mark, dx, dy)
                if items:
                    found.append([mark["marktype"], *items])
    return found


def views_of(group, found):
    for mark in group.get("items", []):
        if mark.get("marktype") != "group":
            continue
        for item in mark.get("items", []):
            if re.fullmatch(r"concat_\d+_concat_\d+_group", mark.get("name") or ""):
                found.append(item)
            else:
                views_of(item, found)
    return found


def positions(text):
    specification = json.loads(text)
    scene = vl_convert.vegalite_to_scenegraph(specification, vl_version="5.21")
    root = scene.get("scenegraph", scene)["items"][0]
    views = views_of(root, []) if "vconcat" in specification else [root]
    return {
        "specification": hashlib.sha256(text.strip().encode()).hexdigest(),
        "views": [{"width": v["width"], "height": v["height"], "marks": marks_of(v, 0, 0, [])} for v in views],
    }


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    for name in sys.argv[2:] or sorted(p.name[: -len(".vl.json")] for p in folder.glob("*.vl.json")):
        result = positions((folder / f"{name}.vl.json").read_text())
        (HERE / f"{name}.json").write_text(json.dumps(result, separators=(",", ":")) + "\n")
