"""Reference values for the diagnostics of Markov chains from ArviZ; writes mcmc.json beside this file.

Run with a Python that has ArviZ:  python3 mcmc.py
Draws are first-order autoregressions with different coefficients, shifts and scales, [draws, chains].
"""
import json
import pathlib

import arviz
import numpy as np

random = np.random.RandomState(20240229)


def chains(draws, count, coefficient, shift=0.0, scale=1.0):
    x = np.zeros((draws, count))
    state = random.randn(count)
    for t in range(draws):
        state = coefficient * state + np.sqrt(1 - coefficient**2) * random.randn(count)
        x[t] = scale * state + shift * np.arange(count)
    # Rounded to what float32 holds exactly, so that both sides see the same numbers.
    return np.round(x * 2**10) / 2**10


cases = {
    "independent": chains(40, 4, 0.0),
    "correlated": chains(60, 3, 0.8),
    "anticorrelated": chains(50, 2, -0.6),
    "an odd number of draws": chains(41, 2, 0.5),
    "slow": chains(64, 2, 0.95),
    "chains apart": chains(40, 3, 0.3, shift=2.0),
    "far from 0": 500 + chains(40, 2, 0.5, scale=0.25),
    "four draws": chains(4, 3, 0.0),
}

golden = {}
for name, x in cases.items():
    data = arviz.convert_to_dataset(x.T[..., None])
    golden[name] = {
        "draws": x.tolist(),
        "effectiveSampleSize": float(arviz.ess(data, method="mean")["x"].values[0]),
        "splitRHat": float(arviz.rhat(data, method="split")["x"].values[0]),
    }

target = pathlib.Path(__file__).with_suffix(".json")
target.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
