"""Writes reference.json, the numbers against which StatisticsTests compares. Needs SciPy.

    python3 make-reference.py > reference.json
"""

import json

import numpy as np
from scipy import stats

random = np.random.RandomState(7)
samples = {
    "three": [0.81, 0.835, 0.829],
    "five": [0.012, 0.034, -0.004, 0.021, 0.017],
    "twenty": list(random.normal(0.3, 1.2, 20).round(6)),
    "skewed": list(random.exponential(2.0, 15).round(6)),
    "shifted": [1e6 + x for x in (1.0, 2.5, 2.0, 4.0)],
}
probabilities = [1e-12, 1e-6, 0.001, 0.025, 0.2, 0.5, 0.6, 0.9, 0.975, 0.995, 0.999999]
degrees = [1, 2, 3, 4.5, 9, 19, 100, 1000]
points = [-40, -6, -2.5, -1, -0.01, 0, 0.3, 1, 2, 3.7, 8, 30]

result = {
    "tQuantiles": [
        {"df": df, "at": p, "value": stats.t.ppf(p, df)} for df in degrees for p in probabilities
    ],
    "tTails": [{"df": df, "at": t, "value": stats.t.sf(t, df)} for df in degrees for t in points],
    "normalQuantiles": [{"df": 0, "at": p, "value": stats.norm.ppf(p)} for p in probabilities],
    "normalTails": [{"df": 0, "at": z, "value": stats.norm.sf(z)} for z in points if abs(z) < 37],
}

result["samples"] = []
for values in samples.values():
    x = np.array(values)
    interval = stats.ttest_1samp(x, 0).confidence_interval(0.95)
    margin = 0.05
    lower = stats.ttest_1samp(x, -margin, alternative="greater").pvalue
    upper = stats.ttest_1samp(x, margin, alternative="less").pvalue
    result["samples"].append(
        {
            "values": values,
            "mean": x.mean(),
            "sd": x.std(ddof=1),
            "lower": interval.low,
            "upper": interval.high,
            "twoSided": stats.ttest_1samp(x, 0.1).pvalue,
            "greater": stats.ttest_1samp(x, 0.1, alternative="greater").pvalue,
            "less": stats.ttest_1samp(x, 0.1, alternative="less").pvalue,
            "equivalence": max(lower, upper),
            "quantiles": list(np.quantile(x, [0, 0.1, 0.25, 0.5, 0.9, 1])),
        }
    )

pairs = [
    ([1, 2, 3, 4, 5], [2, 1, 4, 3, 5]),
    ([1, 2, 2, 3, 5, 5, 5, 9], [3, 1, 1, 2, 4, 4, 6, 5]),
    (list(range(12)), list(random.normal(0, 1, 12).round(4))),
    ([0.003, 0.01, 0.03, 0.1, 0.3, 1.0], [0.4, 0.55, 0.7, 0.71, 0.69, 0.1]),
]
result["pairs"] = [
    {
        "x": x,
        "y": y,
        "spearman": stats.spearmanr(x, y).statistic,
        "kendall": stats.kendalltau(x, y).statistic,
        "pearson": stats.pearsonr(x, y).statistic,
        "slope": stats.linregress(x, y).slope,
        "paired": stats.ttest_rel(x, y).pvalue,
    }
    for x, y in pairs
]

result["bootstraps"] = []
for name, statistic in (("skewed", np.mean), ("twenty", np.median)):
    x = np.array(samples[name])
    found = stats.bootstrap(
        (x,), statistic, n_resamples=399, method="BCa", vectorized=False, rng=np.random.default_rng(1)
    )
    result["bootstraps"].append(
        {
            "estimate": statistic(x),
            "replicates": list(found.bootstrap_distribution),
            "jackknife": [statistic(np.delete(x, i)) for i in range(len(x))],
            "lower": found.confidence_interval.low,
            "upper": found.confidence_interval.high,
        }
    )

# The exact power (noncentral t) of a two-sided test at 5 % with n seeds and an effect of d standard deviations.
result["powers"] = []
for effect in (0.3, 0.7, 1.5, 3.0):
    for n in range(2, 200):
        critical = stats.t.ppf(0.975, n - 1)
        power = stats.nct.sf(critical, n - 1, effect * np.sqrt(n))
        if power >= 0.8:
            result["powers"].append({"effect": effect, "seeds": n})
            break

# Intervals of rank correlations by Fisher's z: Spearman with the error of Bonett & Wright (2000), Kendall with that of
# Fieller, Hartley & Pearson (1957).
result["rankIntervals"] = []
for n in (6, 12, 40):
    for r in (-0.95, -0.3, 0, 0.2, 0.7, 0.99):
        z = np.arctanh(r)
        for kind, error in (
            ("spearman", np.sqrt((1 + r**2 / 2) / (n - 3))),
            ("kendall", np.sqrt(0.437 / (n - 4))),
        ):
            half = stats.norm.ppf(0.975) * error
            result["rankIntervals"].append(
                {"kind": kind, "r": r, "n": n, "lower": np.tanh(z - half), "upper": np.tanh(z + half)}
            )

print(json.dumps(result, indent=1))
