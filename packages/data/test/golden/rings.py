"""Writes rings.json: the log-density of a blurred ring in closed form, by SciPy's Bessel function."""

import json
import pathlib

import numpy as np
from scipy.special import ive

cases = []
for radius, noise in [(1.0, 0.1), (2.0, 0.3), (0.5, 0.5)]:
    for x, y in [(1.0, 0.0), (0.7, 0.7), (-2.0, 0.4), (0.0, 0.0), (3.0, -3.0)]:
        z = np.hypot(x, y) * radius / noise**2
        # log I0(z) = log(ive(0, z)) + z
        log_density = (
            -((np.hypot(x, y) - radius) ** 2) / (2 * noise**2) + np.log(ive(0, z)) - np.log(2 * np.pi * noise**2)
        )
        cases.append({"radius": radius, "noise": noise, "point": [x, y], "logDensity": float(f"{log_density:.12g}")})
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(cases, separators=(",", ":")) + "\n")
