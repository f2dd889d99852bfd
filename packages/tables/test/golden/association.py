"""Cramer's V with the correction of its bias, by the chi-square statistic, both of SciPy.
python association.py > association.json   (SciPy 1.17)"""
import json

import numpy as np
from scipy.stats import chi2_contingency
from scipy.stats.contingency import crosstab

random = np.random.default_rng(0)


def corrected(a, b):
    table = crosstab(a, b).count
    n, (r, k) = table.sum(), table.shape
    phi = chi2_contingency(table, correction=False).statistic / n
    phi = max(0, phi - (r - 1) * (k - 1) / (n - 1))
    r, k = r - (r - 1) ** 2 / (n - 1), k - (k - 1) ** 2 / (n - 1)
    return float(np.sqrt(phi / (min(r, k) - 1)))


cases = []
for rows, strength in [(60, 0.0), (60, 0.5), (200, 0.9)]:
    a = random.integers(0, 5, size=rows)
    b = np.where(random.uniform(size=rows) < strength, a % 3, random.integers(0, 3, size=rows))
    cases.append({"a": a.tolist(), "b": b.tolist(), "value": corrected(a, b)})
print(json.dumps(cases))
