"""Golden values of Welch's interval: /usr/bin/python3 test/golden/welch.py writes welch.json. SciPy, in float64."""

import json
import pathlib

import numpy as np
from scipy import stats

DEGREES = [1, 1.3, 2, 2.5, 4, 7.25, 30, 300]
PAIRS = [
    ([97.1, 97.4, 97.0], [97.9, 98.1, 97.7]),
    ([97.1, 97.4, 97.0], [96.9, 98.1, 97.3]),
    ([97.1, 97.9], [97.0, 97.2]),
    ([100.0, 100.2, 100.1], [98.0, 99.0, 98.4]),
    ([3.1, 2.9, 3.4, 3.0, 3.2], [3.3, 3.3, 3.2, 3.4, 3.4]),
]


def rounded(value):
    return float(f"{value:.12g}")


def side(values):
    return {"mean": rounded(np.mean(values)), "sd": rounded(np.std(values, ddof=1))}


def interval(ours, peer):
    """Half the width of the 95 % interval of the difference, from the statistic and its degrees of freedom."""
    variances = [np.var(values, ddof=1) / len(values) for values in (ours, peer)]
    degrees = sum(variances) ** 2 / sum(v**2 / (len(ours) - 1) for v in variances)
    return stats.t.ppf(0.975, degrees) * np.sqrt(sum(variances))


pairs = [
    {
        "seeds": len(ours),
        "ours": side(ours),
        "peer": side(peer),
        "pValue": rounded(stats.ttest_ind(ours, peer, equal_var=False).pvalue),
        "halfWidth": rounded(interval(ours, peer)),
    }
    for ours, peer in PAIRS
]
critical = [{"degrees": degrees, "t": rounded(stats.t.ppf(0.975, degrees))} for degrees in DEGREES]
text = json.dumps({"critical": critical, "pairs": pairs}, separators=(",", ":"))
pathlib.Path(__file__).with_suffix(".json").write_text(f"{text}\n")
