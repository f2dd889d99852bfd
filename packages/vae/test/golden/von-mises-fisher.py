"""Float64 reference values of the von Mises-Fisher distribution, written to von-mises-fisher.json beside this file."""

import json
from pathlib import Path

import numpy as np
from scipy import special

DIMS = [2, 3, 4, 5, 10, 17, 50, 100]
CONCENTRATIONS = [0, 0.01, 0.5, 3, 20, 150, 1000, 1e4]
QUANTILES = [0.02, 0.3, 0.5, 0.9, 0.99]


def log_area(d):
    return np.log(2) + d / 2 * np.log(np.pi) - special.gammaln(d / 2)


def log_mean_exp(d, kappa):
    """ln E[exp(kappa t)] under the uniform distribution, where t is a coordinate."""
    if kappa == 0:
        return 0.0
    v = d / 2 - 1
    return special.gammaln(v + 1) - v * np.log(kappa / 2) + np.log(special.ive(v, kappa)) + kappa


def resultant(d, kappa):
    return special.ive(d / 2, kappa) / special.ive(d / 2 - 1, kappa) if kappa > 0 else 0.0


def angles_and_slopes(d, kappa):
    """Quantiles of the angle to the mean direction, and how they move with the concentration, by a fine trapezoidal rule."""
    # Substituting theta = pi u^4 puts points where a large concentration puts the mass.
    u = np.linspace(0, 1, 400_001)[1:]
    theta = np.pi * u**4
    log_density = kappa * (np.cos(theta) - 1) + (d - 2) * np.log(np.maximum(np.sin(theta), 1e-300))
    density = np.exp(log_density - log_density.max())
    weights = density * 4 * np.pi * u**3
    score = np.cos(theta) - resultant(d, kappa)
    cumulative = np.cumsum(weights) - weights / 2
    moved = np.cumsum(weights * score) - weights * score / 2
    at = np.searchsorted(cumulative / weights.sum(), QUANTILES)
    angle = np.float32(theta[at]).astype(float)
    slope = -moved / np.maximum(density, 1e-300) * (u[1] - u[0])
    return angle, np.interp(angle, theta, slope)


def row(d, kappa):
    kl = kappa * resultant(d, kappa) - log_mean_exp(d, kappa)
    angle, slope = angles_and_slopes(d, kappa)
    log_prob = -2 * kappa * np.sin(angle / 2) ** 2 + kappa - log_mean_exp(d, kappa) - log_area(d)
    rounded = lambda values: [float(f"{value:.12g}") for value in np.atleast_1d(values)]
    return {
        "dims": d,
        "concentration": kappa,
        "resultant": rounded(resultant(d, kappa))[0],
        "klDivergence": rounded(kl)[0],
        "entropy": rounded(log_area(d) - kl)[0],
        "angles": rounded(angle),
        "logProb": rounded(log_prob),
        "slopes": rounded(slope),
    }


rows = [row(d, kappa) for d in DIMS for kappa in CONCENTRATIONS]
Path(__file__).with_suffix(".json").write_text(json.dumps(rows, separators=(",", ":")) + "\n")
