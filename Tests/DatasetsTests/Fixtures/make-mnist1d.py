"""Writes mnist1d.json, values of the published MNIST-1D against which DatasetsTests compares.

    pip install mnist1d scipy
    python3 make-mnist1d.py > mnist1d.json
"""

import json

import numpy as np
from mnist1d.data import get_dataset_args, make_dataset

data = make_dataset(get_dataset_args())
rows = [0, 1, 777, 1999, 2000, 3998, 3999]
tests = [0, 500, 999]
random = np.random.RandomState(42)
uniforms = list(random.random_sample(5))
random = np.random.RandomState(42)
gaussians = list(random.standard_normal(5))
print(
    json.dumps(
        {
            "train": [{"row": row, "values": list(data["x"][row])} for row in rows],
            "test": [{"row": row, "values": list(data["x_test"][row])} for row in tests],
            "trainLabels": [int(label) for label in data["y"]],
            "testLabels": [int(label) for label in data["y_test"]],
            "sum": data["x"].sum(),
            "absoluteSum": np.abs(data["x"]).sum(),
            "uniforms": uniforms,
            "gaussians": gaussians,
            "integers": [int(np.random.RandomState(seed).choice(48)) for seed in range(10)],
            "permutation": [int(index) for index in np.random.RandomState(7).permutation(12)],
        }
    )
)
