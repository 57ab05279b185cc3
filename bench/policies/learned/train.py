"""Boosted trees that tell how likely a layer is wanted: rows of numbers in, trees as JSON out.

    train.py ROWS WIDTH TREES    (Debian: python3-sklearn)

A row is the features, then 1 where the layer was wanted, then its bytes.
"""

import json
import sys

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier

rows, width, trees = sys.argv[1], int(sys.argv[2]), sys.argv[3]
table = np.fromfile(rows, dtype=np.float32).reshape(-1, width)
features, wanted, weight = table[:, :-2], table[:, -2] > 0.5, np.minimum(table[:, -1], 2e9) + 1e5
model = HistGradientBoostingClassifier(
    max_iter=200, learning_rate=0.07, max_leaf_nodes=31, min_samples_leaf=200, random_state=1
)
model.fit(features, wanted, sample_weight=weight / weight.mean())
json.dump(
    {
        "base": float(model._baseline_prediction.ravel()[0]),
        "trees": [
            [
                [
                    int(node["feature_idx"]),
                    float(node["num_threshold"]),
                    int(node["left"]),
                    int(node["right"]),
                    float(node["value"]),
                    int(node["is_leaf"]),
                ]
                for node in step[0].nodes
            ]
            for step in model._predictors
        ],
    },
    open(trees, "w"),
)
