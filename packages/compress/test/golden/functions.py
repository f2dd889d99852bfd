"""Elementary functions to 17 digits by mpmath: python3 functions.py > functions.json"""

import json
import random

from mpmath import mp, mpf

mp.dps = 60
random.seed(0)


def points(low, high, count):
    return [random.uniform(low, high) for _ in range(count)]


def small(count):
    return [random.choice([-1, 1]) * 10 ** random.uniform(-12, -1) for _ in range(count)]


FUNCTIONS = {
    "exp": (mp.exp, points(-700, 700, 20) + points(-2, 2, 20) + small(10)),
    "log": (mp.log, [10 ** random.uniform(-300, 300) for _ in range(20)] + points(0.5, 2, 20)),
    "log1p": (mp.log1p, points(-0.9, 5, 20) + small(20)),
    "expm1": (mp.expm1, points(-30, 5, 20) + small(20)),
    "tanh": (mp.tanh, points(-25, 25, 20) + points(-1, 1, 20) + small(10)),
    "sigmoid": (lambda x: 1 / (1 + mp.exp(-x)), points(-40, 40, 40)),
    "softplus": (lambda x: mp.log1p(mp.exp(x)), points(-40, 40, 40)),
    "erf": (mp.erf, points(-6, 6, 40) + small(10)),
    "erfc": (mp.erfc, points(-4, 25, 40)),
    "sin": (mp.sin, points(-1000, 1000, 20) + points(-1, 1, 20)),
    "cos": (mp.cos, points(-1000, 1000, 20) + points(-1, 1, 20)),
}

print(
    json.dumps(
        {
            name: [[x, float(function(mpf(x)))] for x in xs]
            for name, (function, xs) in FUNCTIONS.items()
        }
    )
)
