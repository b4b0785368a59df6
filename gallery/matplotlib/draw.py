"""Draws five figures of the gallery with matplotlib, from the same tables, as its users would.

    pip install matplotlib
    python3 gallery/matplotlib/draw.py output/gallery

The pictures are there to compare with: matplotlib's own defaults, with the usual calls of a paper's script.
"""

import csv
import pathlib
import statistics
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

DATA = pathlib.Path(__file__).parents[1] / "data"
T95 = {5: 2.776445, 6: 2.570582}


def table(name):
    with open(DATA / f"{name}.csv") as file:
        return list(csv.DictReader(file))


def new(height):
    figure, axes = plt.subplots(figsize=(680 / 96, height / 96), dpi=192, layout="constrained")
    return figure, axes


def grouped(rows, group, x, y):
    result = {}
    for row in rows:
        result.setdefault(row[group], {}).setdefault(float(row[x]), []).append(float(row[y]))
    return result


def means(axes, rows, group, x, y):
    for name, places in grouped(rows, group, x, y).items():
        xs = sorted(places)
        mean = np.array([statistics.mean(places[v]) for v in xs])
        half = np.array([T95[len(places[v])] * statistics.stdev(places[v]) / len(places[v]) ** 0.5 for v in xs])
        axes.fill_between(xs, mean - half, mean + half, alpha=0.2)
        axes.plot(xs, mean, marker="o", label=name)


def learning_rate():
    figure, axes = new(420)
    means(axes, table("rate"), "norm", "lr", "test_accuracy")
    axes.axhline(0.1, linestyle="--", color="grey", label="chance")
    axes.set_xscale("log")
    axes.set_xlabel("learning rate")
    axes.set_ylabel("test accuracy")
    axes.yaxis.set_major_formatter(matplotlib.ticker.PercentFormatter(1))
    axes.legend(title="normalisation")
    return figure


def double_descent():
    figure, axes = new(420)
    means(axes, table("descent"), "label_noise", "width", "test_error")
    axes.axvline(22, linestyle="--", color="grey", label="interpolation threshold")
    axes.set_xscale("log")
    axes.set_xlabel("hidden width")
    axes.set_ylabel("test error")
    axes.set_ylim(0)
    axes.yaxis.set_major_formatter(matplotlib.ticker.PercentFormatter(1))
    axes.legend(title="label noise")
    return figure


def boxplot():
    figure, axes = new(460)
    rows = table("runs")
    names = list(dict.fromkeys(row["optimizer"] for row in rows))
    for index, labels in enumerate(dict.fromkeys(row["labels"] for row in rows)):
        values = [[float(r["accuracy"]) for r in rows if r["optimizer"] == n and r["labels"] == labels] for n in names]
        boxes = axes.boxplot(values, positions=np.arange(len(names)) + 0.4 * index - 0.2, widths=0.35, patch_artist=True)
        for box in boxes["boxes"]:
            box.set_facecolor(f"C{index}")
        boxes["boxes"][0].set_label(labels)
    axes.set_xticks(range(len(names)), names)
    axes.set_xlabel("optimiser")
    axes.set_ylabel("test accuracy")
    axes.yaxis.set_major_formatter(matplotlib.ticker.PercentFormatter(1))
    axes.legend()
    return figure


def landscape_contour():
    figure, axes = new(400)
    rows = table("landscape")
    xs = sorted({float(row["alpha"]) for row in rows})
    ys = sorted({float(row["beta"]) for row in rows})
    values = {(float(r["alpha"]), float(r["beta"])): float(r["loss"]) for r in rows}
    grid = np.array([[values[x, y] for x in xs] for y in ys])
    filled = axes.contourf(xs, ys, grid, levels=10)
    axes.contour(xs, ys, grid, levels=10, colors="white", linewidths=0.5)
    figure.colorbar(filled, label="training loss")
    axes.set_xlabel(r"$\alpha$")
    axes.set_ylabel(r"$\beta$")
    return figure


def confusion():
    figure, axes = new(460)
    rows = table("confusion")
    names = list(dict.fromkeys(row["true"] for row in rows))
    grid = np.array([float(row["rate"]) for row in rows]).reshape(10, 10)
    image = axes.imshow(grid, aspect="auto")
    for i in range(10):
        for j in range(10):
            axes.text(j, i, f"{100 * grid[i, j]:.1f}%", ha="center", va="center", fontsize=8,
                      color="white" if grid[i, j] < 0.5 else "black")
    axes.set_xticks(range(10), names, rotation=45, ha="right")
    axes.set_yticks(range(10), names)
    axes.set_xlabel("predicted class")
    axes.set_ylabel("true class")
    figure.colorbar(image, label="share")
    return figure


FIGURES = {"learning-rate": learning_rate, "double-descent": double_descent, "boxplot": boxplot,
           "landscape-contour": landscape_contour, "confusion": confusion}

if __name__ == "__main__":
    for name, draw in FIGURES.items():
        draw().savefig(pathlib.Path(sys.argv[1]) / f"matplotlib-{name}.png", metadata={"Software": None})
