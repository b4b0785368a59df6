"""Writes the tables behind the gallery: made up, except digits.csv, which is real.

    python3 gallery/data/make-data.py

Needs nothing beyond Python; a generator of its own keeps the numbers the same everywhere. The values are rounded to
a few digits, so that a mathematical library's last bit cannot show.
"""

import base64
import math
import pathlib
import re
import zlib

HERE = pathlib.Path(__file__).parent


class Random:
    """A linear congruential generator (Knuth's MMIX constants)."""

    def __init__(self, seed):
        self.state = (seed * 2862933555777941757 + 3037000493) % 2**64

    def uniform(self):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 11) / 2**53

    def normal(self):
        return sum(self.uniform() for _ in range(12)) - 6


def number(value, digits=5):
    if isinstance(value, str):
        return f'"{value}"' if "," in value else value
    if isinstance(value, int):
        return str(value)
    if math.isnan(value):
        return "NaN"
    return f"{value:.{digits}g}"


def write(name, header, rows, digits=5):
    lines = [",".join(header)] + [",".join(number(v, digits) for v in row) for row in rows]
    (HERE / f"{name}.csv").write_text("\n".join(lines) + "\n")


def learning_rate():
    random = Random(1)
    spread = [0.006, 0.005, 0.004, 0.006, 0.09, 0.004]
    for norm, means in [
        ("none", [0.72, 0.79, 0.825, 0.835, 0.62, 0.1]),
        ("batch", [0.74, 0.81, 0.842, 0.853, 0.848, 0.81]),
    ]:
        for index, rate in enumerate([0.003, 0.01, 0.03, 0.1, 0.3, 1.0]):
            for seed in range(1, 6):
                width = spread[index] if norm == "none" else 0.005
                yield norm, rate, seed, means[index] + width * random.normal()


def history():
    random = Random(3)
    for index, name in enumerate(["SGD", "momentum", "Adam"]):
        speed = [0.006, 0.02, 0.05][index]
        for seed in range(1, 17):
            drift = 0.0
            for step in range(25, 2001, 25):
                drift = 0.9 * drift + 0.05 * random.normal()
                loss = (2.3 / (1 + step * speed) + 0.004 * (1 + index)) * math.exp(drift)
                yield name, seed, step, loss


def landscape():
    for i in range(33):
        for j in range(33):
            a, b = -1.6 + 0.1 * i, -1.6 + 0.1 * j
            bowl = 0.6 * a * a + 1.7 * b * b + 0.9 * a * b
            ripple = 0.22 * (1 - math.cos(3.2 * a)) * (1 + 0.4 * math.sin(2.1 * b))
            yield round(a, 3), round(b, 3), 0.04 + bowl + ripple


def trajectory():
    a, b, va, vb = -1.4, 1.2, 0.0, 0.0
    for step in range(0, 60):
        yield step, a, b
        ga = 1.2 * a + 0.9 * b + 0.7 * math.sin(3.2 * a)
        gb = 3.4 * b + 0.9 * a
        va, vb = 0.8 * va - 0.03 * ga, 0.8 * vb - 0.03 * gb
        a, b = a + va, b + vb


def field(x1, x2):
    return 1.1 * x1 - 0.8 * math.sin(1.6 * x2) - 0.1 + 0.35 * x2


def decision():
    for i in range(41):
        for j in range(41):
            x1, x2 = -3 + 0.15 * i, -3 + 0.15 * j
            yield round(x1, 3), round(x2, 3), field(x1, x2)


def examples():
    random = Random(8)
    count = 0
    while count < 90:
        x1, x2 = 1.5 * random.normal(), 1.5 * random.normal()
        value = field(x1, x2)
        if abs(value) < 0.8 or abs(x1) > 2.9 or abs(x2) > 2.9:
            continue
        count += 1
        support = "yes" if abs(value) < 1.05 else "no"
        yield x1, x2, "class +1" if value > 0 else "class −1", support


CLASSES = ["T-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot"]


def confusion():
    random = Random(4)
    near = {(0, 6): 0.12, (6, 0): 0.14, (2, 4): 0.09, (4, 2): 0.1, (6, 2): 0.08, (2, 6): 0.07, (6, 4): 0.06,
            (4, 6): 0.05, (7, 9): 0.04, (9, 7): 0.03, (5, 7): 0.03, (3, 0): 0.03}
    for true in range(10):
        row = [near.get((true, p), 0.004 * random.uniform()) for p in range(10)]
        row[true] = 1 - sum(v for p, v in enumerate(row) if p != true)
        for predicted in range(10):
            yield CLASSES[true], CLASSES[predicted], round(row[predicted], 3)


def weights():
    random = Random(5)
    for unit in range(1, 13):
        angle = math.pi * unit / 12
        frequency = 0.5 + 0.08 * (unit % 5)
        for row in range(12):
            for column in range(12):
                x, y = column - 5.5, row - 5.5
                wave = math.cos(frequency * (x * math.cos(angle) + y * math.sin(angle)) * 1.6 + unit)
                yield unit, row, column, wave * math.exp(-(x * x + y * y) / 18) + 0.06 * random.normal()


def masks():
    random = Random(6)
    for kept, share in [("100 %", 1.0), ("30 %", 0.3), ("5 %", 0.05)]:
        for row in range(28):
            for column in range(28):
                distance = ((row - 13.5) ** 2 + (column - 13.5) ** 2) / 110
                probability = min(1, share * 2.2 * math.exp(-distance)) if share < 1 else 1
                yield kept, row, column, 1 if random.uniform() < probability else 0


def digits():
    source = (HERE.parents[1] / "Sources/Datasets/Digits/DigitsData.swift").read_text()
    text = "".join(re.findall(r"[A-Za-z0-9+/=]{60,}", source))
    data = zlib.decompress(base64.b64decode(text))
    count = len(data) // 65
    for index in range(18):
        label = data[64 * count + index]
        for pixel in range(64):
            yield index + 1, label, pixel // 8, pixel % 8, data[64 * index + pixel]


def descent():
    random = Random(9)
    for noise in [0.0, 0.2]:
        for width in [2, 4, 6, 8, 12, 16, 20, 24, 32, 48, 64, 128, 256, 512, 1024]:
            for seed in range(1, 7):
                x = math.log2(width)
                peak = (0.05 + 1.5 * noise) * math.exp(-((x - 4.5) ** 2) / 0.5)
                error = 0.12 + 0.7 * noise * 0.4 + 0.9 / width + peak - 0.01 * max(0, x - 5)
                yield noise, width, seed, max(0.01, error + 0.012 * random.normal())


def convergence():
    for method, power, scale in [("gradient descent", -1.0, 3.0), ("Nesterov", -2.0, 20.0), ("SGD", -0.5, 1.0)]:
        step = 10.0
        while step <= 1e4:
            wiggle = 1 + 0.05 * math.sin(3 * math.log(step))
            yield method, round(step), scale * step**power * wiggle
            step *= 1.25


def runs():
    random = Random(10)
    methods = [("SGD", 0.842, 0.01), ("momentum", 0.856, 0.008), ("Adam", 0.861, 0.014), ("RMSProp", 0.853, 0.02),
               ("Lion", 0.858, 0.011)]
    for dataset, shift in [("clean labels", 0.0), ("20 % noise", -0.07)]:
        for name, mean, spread in methods:
            for seed in range(1, 31):
                value = mean + shift + spread * random.normal() * (1.4 if shift else 1)
                if seed in (7, 23) and name in ("Adam", "RMSProp"):
                    value -= 0.09
                yield dataset, name, seed, value


def sweep():
    for i, rate in enumerate([0.001, 0.003, 0.01, 0.03, 0.1, 0.3]):
        for j, width in enumerate([16, 32, 64, 128, 256]):
            distance = (i - 3) ** 2 + 0.4 * (j - 3) ** 2
            yield rate, width, 0.9 / (1 + 0.08 * distance) if not (i == 5 and j > 2) else math.nan


def spectrum():
    for step in [0, 100, 400, 1600, 6400]:
        for rank in range(1, 65):
            bulk = 1.6 * (1 - rank / 80)
            spike = 9 * (step / 6400) ** 0.4 * math.exp(-(rank - 1) / 2.2) if step else 0
            yield step, rank, bulk + spike


def margins():
    random = Random(12)
    for epoch, center, spread in [("epoch 1", 0.4, 0.9), ("epoch 20", 1.7, 0.7)]:
        for index in range(400):
            yield epoch, index + 1, center + spread * random.normal()


def correlation():
    names = ["sharpness", "weight norm", "margin", "Fisher–Rao", "PAC-Bayes", "path norm"]
    for i, a in enumerate(names):
        for j, b in enumerate(names):
            value = 1.0 if i == j else round(math.cos(1.3 * (i + 1) * (j + 1)) * 0.8, 2)
            yield a, b, value


def embedding():
    random = Random(13)
    for index in range(600):
        angle = 2.6 * math.pi * index / 600
        radius = 0.4 + index / 260
        yield (radius * math.cos(angle) + 0.1 * random.normal(), radius * math.sin(angle) + 0.1 * random.normal(),
               index / 600)


def scores():
    random = Random(14)
    for name, mean in [("ticket", 0.86), ("reinitialised", 0.83), ("one-shot", 0.845), ("dense", 0.852)]:
        for seed in range(1, 13):
            yield name, seed, mean + 0.006 * random.normal()


def effects():
    rows = [("batch norm", 0.031, 0.012, 0.05), ("weight decay", 0.008, -0.004, 0.02), ("dropout", -0.006, -0.02, 0.008),
            ("larger width", 0.019, 0.011, 0.027), ("longer training", 0.012, 0.001, 0.023)]
    return rows


def residuals():
    random = Random(15)
    for index in range(120):
        x = -3 + 6 * index / 119
        yield x, x**3 - 2 * x + 2.2 * random.normal()


def groups():
    random = Random(16)
    for task in ["digits", "Fashion-MNIST", "spirals"]:
        for depth in [1, 2, 4, 8]:
            for seed in range(1, 6):
                base = {"digits": 0.95, "Fashion-MNIST": 0.84, "spirals": 0.7}[task]
                yield task, depth, seed, base + 0.02 * math.log2(depth) * (1 if task == "spirals" else -0.3) + 0.008 * random.normal()


def gradient_norms():
    random = Random(17)
    for step in range(0, 400):
        yield step, (1 if step % 2 else -1) * 10 ** (2 - step / 80) * (0.5 + random.uniform())


def composition():
    for epoch in range(0, 41):
        memorised = 0.45 / (1 + math.exp(-(epoch - 22) / 4))
        generalised = 0.5 / (1 + math.exp(-(epoch - 7) / 2.5))
        yield "generalised", epoch, generalised
        yield "memorised", epoch, memorised


def edge():
    return [("a", 1, 1.0), ("a", 2, math.nan), ("a", 3, 2.0), ("b", 1, -1.0), ("b", 2, 1e5), ("b", 3, 3e-4)]


def long_labels():
    return [
        ("a network of two hidden layers of a hundred units each without any normalisation", 0.71),
        ("the same network with normalisation by the statistics of the mini-batch", 0.83),
        ("the same with statistics frozen at initialisation, which keeps the rescaling only", 0.78),
        ("نص من اليمين إلى اليسار", 0.4), ("漢字", 0.5),
    ]


def many_categories():
    random = Random(18)
    for index in range(200):
        yield f"unit {index + 1}", abs(random.normal())


def many_facets():
    for index in range(40):
        for step in range(0, 11):
            yield f"layer {index + 1}", step, math.exp(-step * (0.1 + index / 100))


TABLES = [
    ("rate", ["norm", "lr", "seed", "test_accuracy"], learning_rate),
    ("history", ["optimizer", "seed", "step", "train_loss"], history),
    ("landscape", ["alpha", "beta", "loss"], landscape),
    ("trajectory", ["step", "alpha", "beta"], trajectory),
    ("decision", ["x1", "x2", "f"], decision),
    ("examples", ["x1", "x2", "class", "support"], examples),
    ("confusion", ["true", "predicted", "rate"], confusion),
    ("weights", ["unit", "row", "column", "weight"], weights),
    ("masks", ["kept", "row", "column", "mask"], masks),
    ("digits", ["image", "label", "row", "column", "ink"], digits),
    ("descent", ["label_noise", "width", "seed", "test_error"], descent),
    ("convergence", ["method", "step", "gap"], convergence),
    ("runs", ["labels", "optimizer", "seed", "accuracy"], runs),
    ("sweep", ["lr", "width", "accuracy"], sweep),
    ("spectrum", ["step", "rank", "singular_value"], spectrum),
    ("margins", ["epoch", "example", "margin"], margins),
    ("correlation", ["measure", "other", "correlation"], correlation),
    ("embedding", ["x", "y", "time"], embedding),
    ("scores", ["start", "seed", "accuracy"], scores),
    ("effects", ["change", "effect", "low", "high"], effects),
    ("residuals", ["x", "y"], residuals),
    ("groups", ["task", "depth", "seed", "accuracy"], groups),
    ("gradients", ["step", "projection"], gradient_norms),
    ("composition", ["kind", "epoch", "share"], composition),
    ("edge", ["series", "x", "y"], edge),
    ("long-labels", ["network", "accuracy"], long_labels),
    ("many-categories", ["unit", "norm"], many_categories),
    ("many-facets", ["layer", "step", "similarity"], many_facets),
]

if __name__ == "__main__":
    for name, header, rows in TABLES:
        write(name, header, rows())
