"""Float64 reference values of the functions in src/ops, written to ops.json beside this file.

Arguments are rounded to float32 first, so that both sides see the same number.
"""

import json
from pathlib import Path

import mpmath
import numpy as np
import torch
from scipy import special


def float32(values):
    return np.asarray(values, dtype=np.float32).astype(np.float64)


def grid(*values):
    return float32(np.concatenate([np.atleast_1d(v) for v in values]))


def torched(function):
    return lambda x: function(torch.tensor(x)).numpy()


real = grid(np.linspace(-12, 12, 49), [-80, -30, -1e-3, -1e-6, 1e-6, 1e-3, 30, 80])
positive = grid(np.geomspace(1e-6, 1e6, 49), np.linspace(0.9, 2.1, 25), [3, 3.99, 4, 4.01, 6.5])
central = grid(np.linspace(-12.5, 12.5, 101), [-1e-3, -1e-6, 1e-6, 1e-3])
tails = grid(central, [-1e4, -300, -40, -20, 20, 40])
probability = grid(np.geomspace(1e-30, 0.4, 40), np.linspace(0.02, 0.98, 49), 1 - np.geomspace(1e-6, 0.1, 10))
log_probability = grid(-np.geomspace(1e-6, 80, 60))
near_minus_one = grid(-np.geomspace(1e-7, 0.999, 30), np.geomspace(1e-7, 1e6, 40))

functions = {
    "exp": (np.exp, real),
    "expm1": (np.expm1, real),
    "sigmoid": (special.expit, real),
    "tanh": (np.tanh, real),
    "elu": (torched(torch.nn.functional.elu), real),
    "selu": (torched(torch.nn.functional.selu), real),
    "softplus": (lambda x: np.logaddexp(x, 0), real),
    "swish": (torched(torch.nn.functional.silu), real),
    "quickGelu": (torched(lambda x: x * torch.sigmoid(1.702 * x)), real),
    "gelu": (lambda x: x * special.ndtr(x), central),
    "geluTanh": (torched(lambda x: torch.nn.functional.gelu(x, approximate="tanh")), central),
    "mish": (torched(torch.nn.functional.mish), real),
    "softsign": (torched(torch.nn.functional.softsign), real),
    "log1p": (np.log1p, near_minus_one),
    "logSigmoid": (lambda x: -np.logaddexp(0, -x), real),
    "log1mExp": (lambda x: np.log(-np.expm1(x)), log_probability[log_probability > -1]),
    "log1mExp (far)": (lambda x: np.log1p(-np.exp(x)), log_probability[log_probability <= -1]),
    "erf": (special.erf, real),
    "erfc": (special.erfc, grid(np.linspace(-9, 9, 73))),
    "erfinv": (special.erfinv, float32(np.concatenate([np.linspace(-0.99, 0.99, 67), [1e-6, 1e-3, 1 - 1e-6]]))),
    "ndtr": (special.ndtr, central),
    "logNdtr": (special.log_ndtr, tails),
    "ndtri": (special.ndtri, probability),
    "lgamma": (special.gammaln, positive),
    "digamma": (special.digamma, positive),
    "polygamma (order 1)": (lambda x: special.polygamma(1, x), positive),
    "polygamma (order 2)": (lambda x: special.polygamma(2, x), positive),
}

for order in [0, 0.5, 1, 1.5, 3, 7.5, 15.5, 16, 31.5, 49, 50]:
    x = grid(np.geomspace(1e-3, 1e4, 43), [4, 7.99, 8, 8.01])
    functions[f"logBesselI (order {order})"] = (lambda x, v=order: np.log(special.ive(v, x)) + x, x)
    functions[f"logBesselI (order {order}, scaled)"] = (lambda x, v=order: np.log(special.ive(v, x)), x)
    functions[f"besselRatio (order {order})"] = (lambda x, v=order: special.ive(v + 1, x) / special.ive(v, x), x)


def bessel_gaps(x, v):
    """Both gaps with their derivatives; what cancels in them needs more digits than a double has."""
    x, v = mpmath.mpf(x), mpmath.mpf(v)
    ratio = mpmath.besseli(v + 1, x) / mpmath.besseli(v, x)
    log_relative = mpmath.log(mpmath.besseli(v, x)) + mpmath.loggamma(v + 1) - v * mpmath.log(x / 2)
    ratio_slope = 1 - ratio**2 - (2 * v + 1) / x * ratio
    return (x - log_relative, 1 - ratio), (x * (1 - ratio), 1 - ratio - x * ratio_slope)


small_to_large = grid(np.geomspace(1e-6, 1e6, 13), [0.5, 1, 3.7])
first, second = (side.ravel() for side in np.meshgrid(small_to_large, small_to_large))


rounded = lambda values: [float(f"{value:.12g}") for value in values]
table = {name: {"x": rounded(x), "y": rounded(f(x))} for name, (f, x) in functions.items()}
mpmath.mp.dps = 40
log_gammas = lambda a, b: mpmath.loggamma(a) + mpmath.loggamma(b) - mpmath.loggamma(a + b)
log_beta = [log_gammas(mpmath.mpf(a), mpmath.mpf(b)) for a, b in zip(first, second)]
table["logBeta"] = {"a": rounded(first), "b": rounded(second), "y": rounded(map(float, log_beta))}
for order in [0, 0.5, 1, 3, 7.5, 15.5, 16, 31.5, 49]:
    x = grid(np.geomspace(1e-3, 1e4, 22))
    for name, pairs in zip(["logBesselGap", "besselRatioGap"], zip(*[bessel_gaps(value, order) for value in x])):
        y, slope = (rounded(map(float, column)) for column in zip(*pairs))
        table[f"{name} (order {order})"] = {"x": rounded(x), "y": y, "slope": slope}
assert all(np.isfinite(row["y"]).all() for row in table.values())
path = Path(__file__).with_suffix(".json")
path.write_text(json.dumps(table, separators=(",", ":")) + "\n")
