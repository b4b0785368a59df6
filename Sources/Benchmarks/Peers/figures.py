#!/usr/bin/env python3
"""Times matplotlib on the figures of `make bench` and prints a JSON object a line.

usage: figures.py [--ours FILE] [WORKLOAD ...]
A call draws a figure of the same data, size and parts and encodes it as PNG in memory; the import is not counted. With
--ours (the output of `make bench`) the last line of a workload gives how many times longer matplotlib takes.
"""
import argparse, io, json, statistics, time

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

rng = np.random.default_rng(1)
STEPS = np.arange(1000)
CURVES = [i + np.cumsum(0.1 * (rng.random(1000) - 0.5) - 0.0009 * i) for i in range(5)]
CLOUD_X = rng.random(1_000_000) + rng.random(1_000_000)
CLOUD_Y = CLOUD_X + rng.random(1_000_000) + rng.random(1_000_000)


def curves():
    figure, axes = plt.subplots(figsize=(680 / 96, 464 / 96), dpi=192)
    for i, y in enumerate(CURVES):
        axes.fill_between(STEPS, y - 0.4, y + 0.4, alpha=0.3)
        axes.plot(STEPS, y, label=f"series {i}", linewidth=1.5)
    axes.set_xlabel("step")
    axes.set_ylabel("value")
    axes.grid(alpha=0.3)
    axes.legend()
    return figure


def scatter():
    figure, axes = plt.subplots(figsize=(680 / 96, 420 / 96), dpi=192)
    axes.plot(CLOUD_X, CLOUD_Y, ".", markersize=1.6, alpha=0.1, markeredgewidth=0, rasterized=True)
    axes.set_xlabel("x")
    axes.set_ylabel("y")
    return figure


WORKLOADS = {"figure_curves": curves, "figure_million_points": scatter}


def milliseconds(draw):
    times = []
    for _ in range(6):
        start = time.process_time()
        figure = draw()
        figure.savefig(io.BytesIO(), format="png")
        plt.close(figure)
        times.append(1000 * (time.process_time() - start))
    return statistics.median(times[1:])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ours")
    parser.add_argument("workloads", nargs="*", default=list(WORKLOADS))
    arguments = parser.parse_args()
    ours = {}
    if arguments.ours:
        for line in open(arguments.ours):
            record = json.loads(line)
            ours[record["workload"]] = record.get("milliseconds")
    for name in arguments.workloads:
        spent = milliseconds(WORKLOADS[name])
        print(json.dumps({"workload": name, "peer": "matplotlib " + matplotlib.__version__,
                          "milliseconds": round(spent, 1)}), flush=True)
        if ours.get(name):
            print(json.dumps({"workload": name, "times_longer": round(spent / ours[name], 2)}), flush=True)


if __name__ == "__main__":
    main()
