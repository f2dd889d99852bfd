"""Writes steps.json: schedules and single steps of samplers in doubles, by the formulas of the papers.

python3 steps.py > steps.json
"""
import json

import numpy as np

rng = np.random.default_rng(0)


def linear_beta(t, start=0.1, end=20.0, first=1e-3):
    """alpha_bar of the variance-preserving SDE by numerical integration of its rate."""
    s = first + (1 - first) * t
    grid = np.linspace(0, s, 200001)
    rate = start + (end - start) * grid
    integral = np.sum((rate[1:] + rate[:-1]) / 2) * (grid[1] - grid[0])
    return np.exp(-integral)


def cosine(t, start=-13.3, end=5.0):
    a = [np.arctan(np.sqrt(np.exp(g))) for g in (start, end)]
    return np.cos(a[0] + (a[1] - a[0]) * t) ** 2


def edm(t, smallest=0.002, largest=80.0, rho=7.0):
    s = (smallest ** (1 / rho) + t * (largest ** (1 / rho) - smallest ** (1 / rho))) ** rho
    return 1 / (1 + s**2)


def sub_vp(t, **rates):
    """Signal sqrt(a) beside noise 1 - a, both divided by the root of their sum of squares (Song et al. 2021, Eq. 29)."""
    a = linear_beta(t, **rates)
    return a / (a + (1 - a) ** 2)


def exploding(t, smallest=0.01, largest=50.0):
    """Noise of a geometric deviation beside the whole signal (Eq. 30)."""
    return 1 / (1 + (smallest * (largest / smallest) ** t) ** 2)


def log_snr(t, start=-13.3, end=5.0):
    return 1 / (1 + np.exp(start + (end - start) * t))


times = [0.0, 0.1, 0.37, 0.5, 0.8, 1.0]
schedules = {
    name: [float(f(t)) for t in times]
    for name, f in {
        "linearBetaSchedule": linear_beta,
        "cosineNoiseSchedule": cosine,
        "edmSchedule": edm,
        "logSnrSchedule": log_snr,
        "subVariancePreservingSchedule": sub_vp,
        "varianceExplodingSchedule": exploding,
    }.items()
}

# One step from alpha_bar t to alpha_bar s (earlier) with a given estimate of the data.
bars = {"t": 0.35, "s": 0.6, "u": 0.2}
z = rng.normal(size=(2, 3))
x_hat = rng.normal(size=(2, 3))
x_before = rng.normal(size=(2, 3))
a_t, a_s, a_u = bars["t"], bars["s"], bars["u"]
beta = 1 - a_t / a_s

# Ho et al. 2020, Eq. 6 and 7 (DGM Eq. 4.99-4.101).
posterior_mean = np.sqrt(a_s) * beta / (1 - a_t) * x_hat + np.sqrt(1 - beta) * (1 - a_s) / (1 - a_t) * z
posterior_variance = (1 - a_s) / (1 - a_t) * beta

# Song et al. 2021, Eq. 12 with Eq. 16.
eps = (z - np.sqrt(a_t) * x_hat) / np.sqrt(1 - a_t)


def ddim_mean(eta):
    sigma = eta * np.sqrt((1 - a_s) / (1 - a_t)) * np.sqrt(1 - a_t / a_s)
    return np.sqrt(a_s) * x_hat + np.sqrt(1 - a_s - sigma**2) * eps, sigma


# Lu et al. 2022, Algorithm 2: from u to t came before, from t to s now.
lam = lambda a: 0.5 * np.log(a / (1 - a))
h, h_before = lam(a_s) - lam(a_t), lam(a_t) - lam(a_u)
r = h_before / h
d = (1 + 1 / (2 * r)) * x_hat - 1 / (2 * r) * x_before
dpm = np.sqrt((1 - a_s) / (1 - a_t)) * z - np.sqrt(a_s) * (np.exp(-h) - 1) * d

half, half_sigma = ddim_mean(0.5)
print(
    json.dumps(
        {
            "times": times,
            "schedules": schedules,
            "alphaBars": bars,
            "z": z.ravel().tolist(),
            "xHat": x_hat.ravel().tolist(),
            "xBefore": x_before.ravel().tolist(),
            "noise": eps.ravel().tolist(),
            "velocity": (np.sqrt(a_t) * eps - np.sqrt(1 - a_t) * x_hat).ravel().tolist(),
            "score": (-(z - np.sqrt(a_t) * x_hat) / (1 - a_t)).ravel().tolist(),
            "posterior": {"mean": posterior_mean.ravel().tolist(), "variance": posterior_variance},
            "ddim": ddim_mean(0.0)[0].ravel().tolist(),
            "ddimHalf": {"mean": half.ravel().tolist(), "sigma": half_sigma},
            "dpm": dpm.ravel().tolist(),
        },
        indent=1,
    )
)
