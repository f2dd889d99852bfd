"""Reference values of distributions at parameters of many magnitudes, in 60 digits.

Run with a Python that has mpmath and NumPy: writes extremes.json beside this file. Every parameter and every x is rounded
to float32 first, so that the values are those of the numbers that a tensor holds.
"""

import json
from pathlib import Path

import numpy as np
from mpmath import mp, mpf, betainc, digamma, erfc, exp, gammainc, inf, ln, loggamma, pi, quad, sinh, sqrt

mp.dps = 60


def f32(x):
    return float(np.float32(x))


def log_beta(a, b):
    return loggamma(a) + loggamma(b) - loggamma(a + b)


def gamma_rows():
    rows = []
    for a in (1e-3, 0.3, 1, 3.9, 4.1, 7.9, 8.1, 50, 1e3, 1e4, 1e6, 1e8):
        for r in (1e-3, 1, 40):
            a, r = f32(a), f32(r)
            # Next to the mean and some deviations off; a small concentration has its mass near 0.
            spread = a**-0.5 if a > 1 else 0.5
            for offset in (-3, -0.1, 0, 1, 5):
                x = f32(a / r * (1 + offset * spread))
                if x <= 0:
                    continue
                A, R, X = mpf(a), mpf(r), mpf(x)
                rows.append([a, r, x, A * ln(R) + (A - 1) * ln(X) - R * X - loggamma(A), A - ln(R) + loggamma(A) + (1 - A) * digamma(A)])
    return rows


def beta_rows():
    rows = []
    for a in (1e-3, 0.5, 1, 7.9, 8.1, 100, 1e4, 1e7):
        for b in (1e-3, 0.5, 1, 9, 200, 2e4, 1e5):
            a, b = f32(a), f32(b)
            n = a + b
            deviation = (a * b / n**2 / (n + 1)) ** 0.5
            for offset in (-2, 0, 3):
                x = f32(a / n + offset * deviation)
                if not 0 < x < 1:
                    continue
                A, B, X = mpf(a), mpf(b), mpf(x)
                log_prob = (A - 1) * ln(X) + (B - 1) * ln(1 - X) - log_beta(A, B)
                entropy = log_beta(A, B) - (A - 1) * digamma(A) - (B - 1) * digamma(B) + (A + B - 2) * digamma(A + B)
                rows.append([a, b, x, log_prob, entropy])
    return rows


def gamma_divergences():
    rows = []
    for a in (1e-2, 1, 30, 1e5):
        for factor in (0.2, 0.999, 1.001, 6):
            for rate in (1, 1.001, 0.1):
                p, q = (f32(a), 1.0), (f32(a * factor), f32(rate))
                (A, R), (C, S) = map(mpf, p), map(mpf, q)
                kl = (A - C) * digamma(A) - loggamma(A) + loggamma(C) + C * ln(R / S) + A * (S / R - 1)
                rows.append([*p, *q, kl])
    return rows


def beta_divergences():
    rows = []
    for a, b in ((0.1, 0.3), (1, 1), (30, 2), (1e4, 2e4), (1e6, 10)):
        for left, right in ((1, 1.005), (0.5, 2), (1.001, 1.001), (3, 1)):
            p, q = (f32(a), f32(b)), (f32(a * left), f32(b * right))
            (A, B), (C, D) = map(mpf, p), map(mpf, q)
            kl = log_beta(C, D) - log_beta(A, B) + (A - C) * digamma(A) + (B - D) * digamma(B) + (C - A + D - B) * digamma(A + B)
            rows.append([*p, *q, kl])
    return rows


def student_rows():
    rows = []
    for nu in (0.5, 3, 40, 1e6):
        for x in (0, 1e-3, 2, 1e4, 1e9, 1e20, 3e38):
            N, X = mpf(f32(nu)), mpf(f32(x))
            log_prob = loggamma((N + 1) / 2) - loggamma(N / 2) - ln(N * pi) / 2 - (N + 1) / 2 * ln(1 + X**2 / N)
            rows.append([f32(nu), f32(x), log_prob])
    return rows


TRUNCATED = [
    # mean, std, low, high
    (0, 1, -1, 1), (0, 1, -0.5, 1.5), (0.5, 1000, 0, 1), (5, 100, 0, 1), (0.5, 30, 0, 1), (0, 1, -1e-3, 1e-3), (0, 1, -0.01, 0.01),
    (0, 1, 3, 3.0001), (0, 1, 15, 16), (0, 1, 10, inf), (0, 1, 15, inf), (0, 1, 30, inf), (0, 1, 1000, inf), (0, 1, 10001, inf),
    (0, 1, 100, 115), (2, 1e-4, 0, 1), (1e6, 1, 0, 1000), (1.1, 0.005, -1, 1), (1, 0.1, 0, 1), (1.8, 1.2, -inf, 0), (0, 1, -inf, -40),
    (0, 1, -inf, inf), (3, 2, -inf, 4), (-1, 1, 14.91, 20.06), (0, 1, -30, 2), (0, 1, 0, inf), (0, 1e6, -1, 2), (0, 1, 5, 5.5),
]


def truncated_rows():
    rows = []
    for mean, std, low, high in TRUNCATED:
        mean, std, low, high = (f32(v) for v in (mean, std, low, high))
        m, s = mpf(mean), mpf(std)
        c = min(max(m, mpf(low)), mpf(high))
        k = (c - m) / s
        # Standardized offsets from the mode, as far as there is mass.
        reach = 200 / (abs(k) + sqrt(k * k + 200))
        left = max((mpf(low) - c) / s, -reach)
        right = min((mpf(high) - c) / s, reach)
        density = lambda t: exp(-k * t - t * t / 2)
        parts = [left, *([0] if left < 0 < right else []), right]
        grid = sorted({left + (right - left) * i / 8 for i in range(9)} | set(parts))
        z = quad(density, grid)
        first = quad(lambda t: t * density(t), grid) / z
        variance = quad(lambda t: (t - first) ** 2 * density(t), grid) / z
        energy = quad(lambda t: (k * t + t * t / 2) * density(t), grid) / z
        share = [f32(float(c + s * (left + (right - left) * fraction))) for fraction in (0.1, 0.5, 0.9)]
        # Rounding may carry a point past an end.
        share = [min(max(x, low), high) for x in share]
        log_probs = [-(k * ((mpf(x) - c) / s) + ((mpf(x) - c) / s) ** 2 / 2) - ln(s) - ln(z) for x in share]
        cdfs = [quad(density, [left, *[g for g in grid if left < g < (mpf(x) - c) / s], (mpf(x) - c) / s]) / z for x in share]
        rows.append({
            "parameters": [mean, std, None if low == -np.inf else low, None if high == np.inf else high],
            "mean": c + s * first, "variance": s * s * variance, "entropy": ln(s) + ln(z) + energy,
            "x": share, "logProb": log_probs, "cdf": cdfs,
        })
    return rows


def quantile_rows():
    """Distribution functions of families whose quantiles are sought on the host."""
    rows = {"Gamma": [], "Beta": [], "StudentT": []}
    for a in (0.1, 1, 5, 300, 1e5):
        for u in (0.3, 1, 1.7):
            x = f32(a * u if a < 10 else a + (u - 1) * 3 * a**0.5)
            rows["Gamma"].append([f32(a), x, gammainc(mpf(f32(a)), 0, mpf(x), regularized=True)])
    for a, b in ((0.2, 0.3), (1, 4), (30, 7), (2e3, 5e3)):
        for offset in (-1.5, 0, 2):
            n = a + b
            x = f32(min(max(a / n + offset * (a * b / n**2 / (n + 1)) ** 0.5, 0.01), 0.99))
            rows["Beta"].append([f32(a), f32(b), x, betainc(mpf(f32(a)), mpf(f32(b)), 0, mpf(x), regularized=True)])
    for nu in (0.7, 3, 50):
        for x in (-30, -2, 0, 0.5, 4):
            N, X = mpf(f32(nu)), mpf(x)
            tail = betainc(N / 2, mpf(1) / 2, 0, N / (N + X * X), regularized=True) / 2
            rows["StudentT"].append([f32(nu), float(x), tail if x <= 0 else 1 - tail])
    return rows


def continuous_bernoulli_rows():
    """[logit, x, log-density, distribution function, mean, variance, entropy]."""
    rows = []
    for size in (0, 1e-6, 5e-4, 2e-3, 0.1, 0.9, 1.1, 3, 20, 90, 1e4):
        for sign in (1, -1):
            l = mpf(f32(sign * size))
            normalizer = ln((exp(l) - 1) / l) if l else mpf(0)
            mean = 1 / (1 - exp(-l)) - 1 / l if l else mpf(1) / 2
            variance = 1 / l**2 - 1 / (4 * sinh(l / 2) ** 2) if l else mpf(1) / 12
            for x in (0.0, 1e-4, 0.3, 0.5, 0.9, 1.0):
                X = mpf(f32(x))
                cdf = (exp(l * X) - 1) / (exp(l) - 1) if l else X
                rows.append([f32(sign * size), f32(x), l * X - normalizer, cdf, mean, variance, normalizer - l * mean])
    return rows


def rounded(value):
    if isinstance(value, dict):
        return {key: rounded(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(entry) for entry in value]
    return value if value is None else float(f"{float(value):.10g}")


if __name__ == "__main__":
    golden = {
        "Gamma": gamma_rows(),
        "Beta": beta_rows(),
        "StudentT": student_rows(),
        "TruncatedNormal": truncated_rows(),
        "ContinuousBernoulli": continuous_bernoulli_rows(),
        "gammaDivergence": gamma_divergences(),
        "betaDivergence": beta_divergences(),
        "cdf": quantile_rows(),
    }
    path = Path(__file__).with_suffix(".json")
    path.write_text(json.dumps(rounded(golden), separators=(",", ":")) + "\n")
