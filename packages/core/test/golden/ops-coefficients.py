"""Prints the polynomial coefficients in src/ops, by Chebyshev interpolation in 40 digits (needs mpmath).

Each line: the constant, its coefficients from the constant term on, and the largest relative error.
"""

import mpmath as mp
import numpy as np

mp.mp.dps = 40
SQRT_TWO_PI = mp.sqrt(2 * mp.pi)
MAP = mp.mpf("0.35")


def interpolate(function, low, high, degree):
    """Coefficients in powers of t in [-1, 1], where x = (low + high) / 2 + t (high - low) / 2."""
    centre, half, n = (low + high) / 2, (high - low) / 2, degree + 1
    nodes = [mp.cos(mp.pi * (2 * k + 1) / (2 * n)) for k in range(n)]
    values = [function(centre + half * t) for t in nodes]
    series = [2 * mp.fsum(v * mp.cos(j * mp.acos(t)) for v, t in zip(values, nodes)) / n for j in range(n)]
    series[0] /= 2
    coefficients = np.polynomial.chebyshev.cheb2poly([float(c) for c in series])
    grid = np.linspace(-1, 1, 200)
    exact = np.array([float(function(centre + half * mp.mpf(t))) for t in grid])
    error = np.abs(np.polynomial.polynomial.polyval(grid, coefficients) / exact - 1).max()
    return coefficients, error


def tail(u):
    """exp(u^2 / 2) Phi(-u), by its asymptotic series where u is large."""
    if u < 100:
        return mp.erfc(u / mp.sqrt(2)) / 2 * mp.exp(u * u / 2)
    return mp.fsum((-1) ** k * mp.fac2(2 * k - 1) / u ** (2 * k + 1) for k in range(7)) / SQRT_TWO_PI


def gap(u):
    if u < 100:
        return 1 / SQRT_TWO_PI - u * tail(u)
    return -mp.fsum((-1) ** k * mp.fac2(2 * k - 1) / u ** (2 * k) for k in range(1, 7)) / SQRT_TWO_PI


def mapped(function, power, at_infinity):
    return lambda s: function((1 / s - 1) / MAP) / s**power if s > 1e-12 else at_infinity


def show(name, coefficients, error):
    print(name, ", ".join(f"{c:.9g}" for c in coefficients), f"(relative error {error:.1e})")


zero, one = mp.mpf(0), mp.mpf(1)
show("TAIL", *interpolate(mapped(tail, 1, MAP / SQRT_TWO_PI), zero, one, 10))
show("GAP", *interpolate(mapped(gap, 2, MAP**2 / SQRT_TWO_PI), zero, one, 10))

log_gamma = lambda z: mp.loggamma(2 + z) / z if z != 0 else 1 - mp.euler
coefficients, error = interpolate(log_gamma, mp.mpf("-0.5"), mp.mpf(2), 12)
show("AROUND_TWO", [c / 1.25**k for k, c in enumerate(coefficients)], error)

erf_over_x = lambda s: mp.erf(mp.sqrt(s)) / mp.sqrt(s) if s > 1e-15 else 2 / mp.sqrt(mp.pi)
coefficients, error = interpolate(erf_over_x, zero, mp.mpf("0.5625"), 5)
show("CENTRE", np.poly1d(coefficients[::-1])(np.poly1d([2 / 0.5625, -1])).coeffs[::-1], error)
