"""Log-odds and numbers of scikit-learn's boosted trees on the rows that they were trained on.
The features have few enough values for a bin each: how quantiles become bins differs between versions.
python boosting.py > boosting.json   (scikit-learn 1.9)"""
import json

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

random = np.random.default_rng(0)
n = 400
columns = np.stack(
    [
        random.normal(size=n).round(1),
        random.integers(0, 7, size=n).astype(float),
        random.exponential(size=n).round(1),
    ],
    axis=1,
)
signal = columns[:, 0] * (columns[:, 1] > 2) + np.sin(3 * columns[:, 2]) + 0.5 * random.normal(size=n)
labels = (signal > 0.3).astype(int)
model = HistGradientBoostingClassifier(max_iter=60, learning_rate=0.1, early_stopping=False)
model.fit(columns, labels)
regressor = HistGradientBoostingRegressor(max_iter=60, learning_rate=0.1, early_stopping=False)
regressor.fit(columns, signal.round(6))
print(
    json.dumps(
        {
            "columns": columns.T.tolist(),
            "labels": labels.tolist(),
            "scores": model.decision_function(columns).round(6).tolist(),
            "values": signal.round(6).tolist(),
            "predictions": regressor.predict(columns).round(6).tolist(),
        }
    )
)
