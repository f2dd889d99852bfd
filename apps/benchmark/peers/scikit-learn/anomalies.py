"""Scores rows by the detectors of scikit-learn, for the claim tables.diamonds.anomaly-margin.

Standard input has one JSON object: `train` and `test`, lists of rows of numbers, and `seed`. Standard output gets another: for
each detector a score of each test row, higher for the odder ones. Columns are standardized by the training rows.
"""

import json
import sys

import numpy as np
from sklearn.ensemble import IsolationForest
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import LocalOutlierFactor


def main() -> None:
    given = json.load(sys.stdin)
    train, test = np.asarray(given["train"]), np.asarray(given["test"])
    mean, deviation = train.mean(0), train.std(0)
    train, test = (train - mean) / deviation, (test - mean) / deviation
    seed = given["seed"]
    detectors = {
        "LocalOutlierFactor": LocalOutlierFactor(n_neighbors=20, novelty=True),
        "IsolationForest": IsolationForest(n_estimators=300, random_state=seed),
        "GaussianMixture": GaussianMixture(10, reg_covar=1e-3, random_state=seed),
    }
    scores = {name: (-one.fit(train).score_samples(test)).tolist() for name, one in detectors.items()}
    json.dump(scores, sys.stdout)


if __name__ == "__main__":
    main()
