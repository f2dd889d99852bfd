"""Reference values of the distributions: SciPy and PyTorch in float64, the discretized logistic in decimal arithmetic.

Run with a Python that has NumPy, SciPy and PyTorch: writes distributions.json beside this file.
"""

import json
import math
from decimal import Decimal, getcontext
from pathlib import Path

import numpy as np
import torch
from scipy import integrate, special, stats

torch.set_default_dtype(torch.float64)
getcontext().prec = 80


def row(frozen, x, parameters, mode=None, discrete=False, entropy=True):
    """Reference values of a frozen SciPy distribution with batched parameters."""
    x = np.asarray(x, dtype=np.float64)
    values = {
        "parameters": parameters,
        "x": x,
        "logProb": frozen.logpmf(x) if discrete else frozen.logpdf(x),
        "cdf": frozen.cdf(x),
        "mean": frozen.mean(),
        "variance": frozen.var(),
    }
    if entropy:
        values["entropy"] = frozen.entropy()
    if mode is not None:
        values["mode"] = mode
    return values


def location_scale(make, x=((-3.0, 0.2), (0.7, 5.0))):
    location, scale = np.array([0.5, -1.0]), np.array([0.3, 4.0])
    return [row(make(location, scale), x, [location, scale], mode=location)]


# ---------------------------------------------------------------------------------------------------- categorical


def categorical():
    logits = np.array([[0.3, -1.2, 2.0, 0.0], [5.0, 5.0, -40.0, 1.0]])
    x = np.array([[0.0, 1.0], [3.0, 2.0]])
    log_probs = special.log_softmax(logits, axis=-1)
    probs = np.exp(log_probs)
    k = np.arange(4.0)
    mean = probs @ k
    picked = np.stack([[log_probs[b, int(s[b])] for b in range(2)] for s in x])
    cumulative = np.cumsum(probs, axis=-1)
    return [
        {
            "parameters": [logits],
            "x": x,
            "logProb": picked,
            "cdf": np.stack([[cumulative[b, int(s[b])] for b in range(2)] for s in x]),
            "mean": mean,
            "variance": probs @ k**2 - mean**2,
            "entropy": torch.distributions.Categorical(logits=torch.tensor(logits)).entropy().numpy(),
        }
    ]


def bernoulli():
    logits = np.array([0.4, -3.0, 30.0])
    probs = special.expit(logits)
    x = np.array([[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
    return [
        {
            "parameters": [logits],
            "x": x,
            "logProb": torch.distributions.Bernoulli(logits=torch.tensor(logits)).log_prob(torch.tensor(x)).numpy(),
            "cdf": np.where(x == 1, 1.0, special.expit(-logits)),
            "mean": probs,
            "variance": probs * special.expit(-logits),
            "entropy": torch.distributions.Bernoulli(logits=torch.tensor(logits)).entropy().numpy(),
            "mode": (logits > 0) * 1.0,
        }
    ]


# ------------------------------------------------------------------------------------------- discretized logistic


def sigmoid(t):
    return 1 / (1 + (-t).exp())


def log_bin(x, mean, scale, low=None, high=None, step=1.0):
    """ln of the logistic mass of the bin around x by its definition, in the tail where nothing cancels."""
    x, mean, scale, step = (Decimal(float(v)) for v in (x, mean, scale, step))
    upper, lower = (x + step / 2 - mean) / scale, (x - step / 2 - mean) / scale
    if low is not None and x == Decimal(low):
        return float(sigmoid(upper).ln())
    if high is not None and x == Decimal(high):
        return float(sigmoid(-lower).ln())
    if lower > 0:
        upper, lower = -lower, -upper
    return float((sigmoid(upper) - sigmoid(lower)).ln())


def discretized_logistic():
    rows = []
    for scale in (1e-3, 1e-2, 0.1, 1.0, 10.0, 1e3):
        x = np.array([[-1000.0], [-3.0], [0.0], [1.0], [2.0], [1000.0]])
        mean = np.array([0.25])
        rows.append(
            {
                "parameters": [mean, np.array([scale])],
                "x": x,
                "logProb": [[log_bin(v[0], 0.25, np.float32(scale))] for v in x],
            }
        )
    return rows


def discretized_logistic_edges():
    rows = []
    for mean, scale in ((7.3, 2.0), (-2.0, 0.05), (15.0, 30.0), (1000.0, 1.0)):
        x = np.arange(16.0)[:, None]
        rows.append(
            {
                "parameters": [np.array([mean]), np.array([scale])],
                "x": x,
                "logProb": [[log_bin(v[0], np.float32(mean), np.float32(scale), 0, 15)] for v in x],
            }
        )
    return rows


# ------------------------------------------------------------------------------------------------ the other families


def beta():
    a, b = np.array([0.5, 2.5, 30.0]), np.array([0.7, 1.5, 2.0])
    x = np.array([[0.01, 0.5, 0.9], [0.999, 0.2, 0.97]])
    values = row(stats.beta(a, b), x, [a, b])
    del values["cdf"]
    return [values]


def gamma():
    a, rate = np.array([0.3, 2.5, 60.0]), np.array([0.5, 3.0, 1.5])
    x = np.array([[0.01, 0.5, 30.0], [8.0, 2.0, 55.0]])
    values = row(stats.gamma(a, scale=1 / rate), x, [a, rate], mode=np.maximum(a - 1, 0) / rate)
    del values["cdf"], values["mode"]
    return [values]


def poisson():
    rate = np.array([0.3, 4.5, 900.0])
    x = np.array([[0.0, 5.0, 870.0], [2.0, 40.0, 1500.0], [7.0, 0.0, 901.0]])
    # SciPy's entropy is a sum over all counts; there is no closed form to compare with it.
    return [row(stats.poisson(rate), x, [rate], mode=np.floor(rate), discrete=True, entropy=False)]


def student_t():
    df, location, scale = np.array([2.5, 5.0, 200.0]), np.array([0.5, -1.0, 2.0]), np.array([0.3, 4.0, 1.0])
    x = np.array([[-3.0, 0.2, 2.5], [0.7, 50.0, -4.0]])
    values = row(stats.t(df, location, scale), x, [df, location, scale], mode=location)
    del values["cdf"]
    return [values]


def uniform():
    low, high = np.array([0.0, -3.0]), np.array([2.0, 7.0])
    return [row(stats.uniform(low, high - low), [[0.5, 6.0], [2.0, -3.0]], [low, high])]


def truncated_normal():
    mean, std = np.array([0.0, 1.0, 0.0]), np.array([1.0, 2.0, 1.0])
    low, high = np.array([-1.0, -2.0, 5.0]), np.array([2.0, 0.5, 6.0])
    x = np.array([[0.3, -1.9, 5.1], [1.9, 0.4, 5.8]])
    frozen = stats.truncnorm((low - mean) / std, (high - mean) / std, mean, std)
    # SciPy's moments of the third one, far in a tail, are quotients of differences; these are quadratures.
    values = row(frozen, x, [mean, std, low, high], mode=np.clip(mean, low, high), entropy=False)
    exact = [truncated_moments(*p) for p in zip(mean, std, low, high)]
    values["mean"], values["variance"], values["entropy"] = (np.array(v) for v in zip(*exact))
    return [values]


def truncated_moments(mean, std, low, high):
    nodes, weights = np.polynomial.legendre.leggauss(200)
    x = (high + low) / 2 + (high - low) / 2 * nodes
    density = np.exp(-0.5 * ((x - mean) / std) ** 2) * weights
    density /= density.sum()
    center = density @ x
    log_density = np.log(density / weights / ((high - low) / 2))
    return center, density @ (x - center) ** 2, -(density @ log_density)


FACTOR = np.array([[1.5, 0.0, 0.0], [-0.4, 0.8, 0.0], [0.2, 1.1, 2.0]])
OTHER_FACTOR = np.array([[0.9, 0.0, 0.0], [0.3, 1.2, 0.0], [-0.5, 0.1, 0.7]])
MEAN = np.array([0.5, -1.0, 2.0])
OTHER_MEAN = np.array([0.0, 0.4, 1.0])


def multivariate_normal():
    covariance = FACTOR @ FACTOR.T
    frozen = stats.multivariate_normal(MEAN, covariance)
    x = np.array([[0.0, 0.0, 0.0], [1.0, -3.0, 2.5]])
    return [
        {
            "parameters": [MEAN, FACTOR],
            "x": x,
            "logProb": frozen.logpdf(x),
            "entropy": frozen.entropy(),
            "mean": MEAN,
            "variance": np.diag(covariance),
            "mode": MEAN,
        }
    ]


def mixture():
    """Two components in the plane: a mixture of joint densities."""
    logits, means, stds = np.array([0.4, -0.6]), np.array([[-1.0, -1.0], [2.0, 1.0]]), np.array([[0.5, 1.0], [1.5, 0.7]])
    x = np.array([[2.0, -1.0], [-1.0, -1.0], [40.0, 0.0]])
    log_joint = stats.norm(means, stds).logpdf(x[:, None, :]).sum(-1)
    log_weights = special.log_softmax(logits)
    weights = np.exp(log_weights)
    mean = weights @ means
    return [
        {
            "parameters": [logits, means, stds],
            "x": x,
            "logProb": special.logsumexp(log_joint + log_weights, axis=-1),
            "mean": mean,
            "variance": weights @ (stds**2 + means**2) - mean**2,
        }
    ]


def logistic_pixel_mixture():
    """Two components over three channels, 0 to 7: each channel's mean follows the channels before it."""
    f = np.float32
    logits = np.array([0.5, -0.75])
    mean = np.array([[1.5, 2.25, 6.0], [4.0, -1.0, 3.5]])
    log_scale = np.array([[0.25, -1.0, 0.5], [-0.5, 1.0, -3.0]])
    coefficients = np.array([[0.75, -0.5, 0.25], [-0.25, 0.5, 0.875]])
    x = np.array([[0.0, 7.0, 3.0], [2.0, 1.0, 6.0], [7.0, 7.0, 7.0], [4.0, 0.0, 5.0]])
    log_prob = []
    for pixel in x:
        d = pixel - 3.5
        joint = []
        for k in range(2):
            a, b, c = coefficients[k]
            means = mean[k] + [0, a * d[0], b * d[0] + c * d[1]]
            bins = [log_bin(v, f(m), f(np.exp(s)), 0, 7) for v, m, s in zip(pixel, means, log_scale[k])]
            joint.append(sum(bins))
        log_prob.append(special.logsumexp(joint + special.log_softmax(logits)))
    return [{"parameters": [logits, mean, log_scale, coefficients], "x": x, "logProb": log_prob}]


# ------------------------------------------------------------------------------------------------- KL divergences


def divergences():
    d = torch.distributions
    t = torch.tensor
    pairs = {
        "Normal": (d.Normal(t([0.5, -1.0]), t([0.3, 4.0])), d.Normal(t([0.0, 2.0]), t([1.0, 0.7]))),
        "Laplace": (d.Laplace(t([0.5, -1.0]), t([0.3, 4.0])), d.Laplace(t([0.0, 2.0]), t([1.0, 0.7]))),
        "Uniform": (d.Uniform(t([0.0, 1.0]), t([1.0, 2.0])), d.Uniform(t([-1.0, 0.5]), t([4.0, 3.0]))),
        "Bernoulli": (d.Bernoulli(logits=t([0.4, -3.0])), d.Bernoulli(logits=t([-1.0, 12.0]))),
        "Beta": (d.Beta(t([0.5, 2.5]), t([0.7, 30.0])), d.Beta(t([1.5, 2.0]), t([3.0, 0.4]))),
        "Gamma": (d.Gamma(t([0.5, 2.5]), t([0.7, 30.0])), d.Gamma(t([1.5, 2.0]), t([3.0, 0.4]))),
    }
    result = {name: d.kl_divergence(p, q).numpy() for name, (p, q) in pairs.items()}
    p = d.Categorical(logits=t([[0.3, -1.2, 2.0], [0.0, 0.0, 0.0]]))
    q = d.Categorical(logits=t([[0.0, 1.0, 0.5], [3.0, -3.0, 0.0]]))
    result["Categorical"] = d.kl_divergence(p, q).numpy()
    full = d.MultivariateNormal(t(MEAN), scale_tril=t(FACTOR))
    other = d.MultivariateNormal(t(OTHER_MEAN), scale_tril=t(OTHER_FACTOR))
    diagonal = d.MultivariateNormal(t(OTHER_MEAN), scale_tril=torch.diag(t([0.9, 1.2, 0.7])))
    result["MultivariateNormal"] = d.kl_divergence(full, other).numpy()
    result["MultivariateNormal to diagonal"] = d.kl_divergence(full, diagonal).numpy()
    result["MultivariateNormal from diagonal"] = d.kl_divergence(diagonal, full).numpy()
    result["MultivariateNormal between diagonals"] = d.kl_divergence(
        diagonal, d.MultivariateNormal(t(MEAN), scale_tril=torch.eye(3) * 2)
    ).numpy()
    result["Poisson"] = d.kl_divergence(d.Poisson(t([0.3, 900.0])), d.Poisson(t([4.0, 901.0]))).numpy()
    result["TruncatedNormal"] = [
        divergence_on(-1.0, 2.0, stats.truncnorm(-1.0, 2.0), stats.truncnorm(-3.0, 2.0, 1.0, 2.0)),
        divergence_on(5.0, 6.0, stats.truncnorm(5.0, 6.0), stats.truncnorm(2.0, 5.5, 1.0, 2.0)),
    ]
    result["TruncatedNormal to Normal"] = divergence_on(-1.0, 2.0, stats.truncnorm(-1.0, 2.0), stats.norm(1.0, 2.0))
    logits = ((0.3, -3.0), (-20.0, 1e-3))
    result["ContinuousBernoulli"] = [continuous_bernoulli_divergence(*pair) for pair in logits]
    return result


def divergence_on(low, high, p, q):
    """By quadrature over the support of p."""
    return integrate.quad(lambda x: p.pdf(x) * (p.logpdf(x) - q.logpdf(x)), low, high, epsabs=0, epsrel=1e-12)[0]


def continuous_bernoulli_divergence(p, q):
    log_density = lambda x, l: l * x - np.log(np.expm1(l) / l)
    ratio = lambda x: np.exp(log_density(x, p)) * (log_density(x, p) - log_density(x, q))
    return integrate.quad(ratio, 0, 1, epsabs=0, epsrel=1e-12)[0]


def rounded(value):
    if isinstance(value, dict):
        return {key: rounded(entry) for key, entry in value.items()}
    if isinstance(value, np.ndarray):
        return rounded(value.tolist())
    if isinstance(value, (list, tuple)):
        return [rounded(entry) for entry in value]
    return float(f"{float(value):.12g}")


if __name__ == "__main__":
    golden = {
        "Normal": location_scale(stats.norm),
        "Logistic": location_scale(stats.logistic),
        "Laplace": location_scale(stats.laplace),
        "Bernoulli": bernoulli(),
        "Categorical": categorical(),
        "Beta": beta(),
        "Gamma": gamma(),
        "Poisson": poisson(),
        "StudentT": student_t(),
        "Uniform": uniform(),
        "TruncatedNormal": truncated_normal(),
        "MultivariateNormal": multivariate_normal(),
        "Mixture": mixture(),
        "LogisticPixelMixture": logistic_pixel_mixture(),
        "DiscretizedLogistic": discretized_logistic(),
        "DiscretizedLogistic (open edges)": discretized_logistic_edges(),
        "klDivergence": divergences(),
    }
    path = Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(rounded(golden), separators=(",", ":")) + "\n")
