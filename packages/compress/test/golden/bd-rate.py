"""Golden values of Bjontegaard's delta rate, by SciPy's PCHIP interpolation.

python3 test/golden/bd-rate.py > test/golden/bd-rate.json
"""

import json

import numpy as np
from scipy.interpolate import PchipInterpolator


def delta(anchor, curve):
    def of(points):
        points = sorted(points, key=lambda point: point[1])
        rates, qualities = np.array(points).T
        return PchipInterpolator(qualities, np.log(rates)), qualities[0], qualities[-1]

    a, a_low, a_high = of(anchor)
    b, b_low, b_high = of(curve)
    low, high = max(a_low, b_low), min(a_high, b_high)
    return 100 * (np.exp((b.integrate(low, high) - a.integrate(low, high)) / (high - low)) - 1)


pairs = [
    # rate, decibels
    ([(686, 40.28), (309, 37.18), (157, 34.24), (85, 31.42)], [(893, 40.39), (407, 37.21), (204, 34.17), (112, 31.24)]),
    ([(1, 20), (2, 25)], [(1.5, 22), (4, 30)]),
    ([(1, 20), (2, 20.1), (8, 30), (9, 36), (12, 36.5)], [(7, 31), (0.5, 18), (3, 24), (20, 40)]),
    # not in order: a better quality for fewer bits
    ([(4, 20), (3, 24), (9, 30)], [(5, 21), (2, 22), (8, 29), (8, 32)]),
]
print(json.dumps([{"anchor": a, "curve": b, "expected": delta(a, b)} for a, b in pairs], indent=1))
