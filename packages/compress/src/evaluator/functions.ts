/**
 * Elementary functions from the operations that IEEE 754 defines to the bit: +, -, *, / and the square root. `Math.exp` and
 * its like may differ in the last bit between engines and even between versions of one; these cannot.
 *
 * Errors are a few units in the last place, which golden values of many digits check.
 */

/** The bits of a double, its high word at the index that the machine's byte order gives it. */
const double = new Float64Array(1);
const words = new Uint32Array(double.buffer);
const HIGH = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1 ? 1 : 0;

/** 2^k for k from -1074 to 1023, at k + 1074. */
const POWERS = new Float64Array(2098);
POWERS[1074] = 1;
for (let k = 1; k <= 1023; k++) POWERS[1074 + k] = POWERS[1073 + k]! * 2;
for (let k = 1; k <= 1074; k++) POWERS[1074 - k] = POWERS[1075 - k]! / 2;

const LN2_HIGH = 6.9314718036912381649e-1;
const LN2_LOW = 1.90821492927058770002e-10;
const INVERSE_LN2 = 1.442695040888963387;

/**
 * $e^x = 2^k e^r$ with $|r| \le \ln(2) / 2$, and $e^r$ from a rational approximation.
 * @see fdlibm, e_exp.c
 */
export function exp(x: number): number {
  if (x !== x) return x;
  if (x > 709.782712893384) return Infinity;
  if (x < -745.1332191019411) return 0;
  const k = Math.floor(x * INVERSE_LN2 + 0.5);
  const high = x - k * LN2_HIGH;
  const low = k * LN2_LOW;
  const r = high - low;
  const t = r * r;
  const p =
    1.66666666666666019037e-1 +
    t *
      (-2.77777777770155933842e-3 +
        t * (6.61375632143793436117e-5 + t * (-1.6533902205465251539e-6 + t * 4.13813679705723846039e-8)));
  const c = r - t * p;
  const y = 1 - (low - (r * c) / (2 - c) - high);
  if (k > 1023) return y * 2 * POWERS[1074 + k - 1]!;
  if (k >= -1022) return y * POWERS[1074 + k]!;
  return y * POWERS[1074 + k + 64]! * POWERS[1074 - 64]!;
}

/**
 * $\ln x = k \ln 2 + \ln(1 + f)$ with $1 + f$ between $\sqrt{1/2}$ and $\sqrt 2$.
 * @see fdlibm, e_log.c
 */
export function log(x: number): number {
  if (!(x > 0) || x === Infinity) return x === 0 ? -Infinity : x === Infinity ? Infinity : NaN;
  let k = 0;
  let normal = x;
  if (x < 2.2250738585072014e-308) {
    normal = x * 18014398509481984; // 2^54
    k = -54;
  }
  double[0] = normal;
  k += ((words[HIGH]! >>> 20) & 0x7ff) - 1023;
  words[HIGH] = (words[HIGH]! & 0xfffff) | 0x3ff00000;
  let mantissa = double[0];
  if (mantissa > 1.4142135623730951) {
    mantissa /= 2;
    k += 1;
  }
  const f = mantissa - 1;
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const even = w * (3.999999999940941908e-1 + w * (2.222219843214978396e-1 + w * 1.531383769920937332e-1));
  const odd =
    z *
    (6.66666666666673513e-1 +
      w * (2.857142874366239149e-1 + w * (1.818357216161805012e-1 + w * 1.479819860511658591e-1)));
  const half = 0.5 * f * f;
  return k * LN2_HIGH - (half - (s * (half + odd + even) + k * LN2_LOW) - f);
}

/** $\ln(1 + x)$: the rounding of 1 + x cancels in the ratio (Higham, 2002, §1.14.1). */
export function log1p(x: number): number {
  const u = 1 + x;
  return u === 1 || u === Infinity ? x : (log(u) * x) / (u - 1);
}

/** $e^x - 1$, where the rounding of the exponential cancels in the ratio. */
export function expm1(x: number): number {
  const u = exp(x);
  if (u === 1) return x;
  if (u === Infinity || u - 1 === -1) return u - 1;
  return ((u - 1) * x) / log(u);
}

export function tanh(x: number): number {
  const a = Math.abs(x);
  if (!(a < 22)) return x > 0 ? 1 : x < 0 ? -1 : x;
  if (a >= 0.5) {
    const y = 1 - 2 / (exp(2 * a) + 1);
    return x < 0 ? -y : y;
  }
  const t = expm1(-2 * a);
  const y = -t / (t + 2);
  return x < 0 ? -y : y;
}

export function sigmoid(x: number): number {
  if (x >= 0) return 1 / (1 + exp(-x));
  const e = exp(x);
  return e / (1 + e);
}

export function softplus(x: number): number {
  return Math.max(x, 0) + log1p(exp(-Math.abs(x)));
}

const TWO_BY_ROOT_PI = 1.1283791670955126;

/**
 * Near 0 the series of positive terms
 * $\mathrm{erf}(x) = \frac{2}{\sqrt\pi} e^{-x^2} \sum_n \frac{2^n x^{2n+1}}{1 \cdot 3 \cdots (2n+1)}$, farther out one minus
 * {@link erfc}.
 */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (a !== a) return x;
  const y = a < 2 ? erfSeries(a) : 1 - erfcFraction(a);
  return x < 0 ? -y : y;
}

/** $1 - \mathrm{erf}(x)$, with all its digits in the upper tail. */
export function erfc(x: number): number {
  if (x < 0.5) return 1 - erf(x);
  return x < 2 ? 1 - erfSeries(x) : erfcFraction(x);
}

function erfSeries(a: number): number {
  const square = a * a;
  let term = a;
  let sum = a;
  for (let n = 1; n < 50; n++) {
    term *= (2 * square) / (2 * n + 1);
    sum += term;
  }
  return TWO_BY_ROOT_PI * exp(-square) * sum;
}

/** Laplace's continued fraction $\sqrt\pi e^{x^2} \mathrm{erfc}(x) = 1 / (x + \frac{1/2}{x + \frac{1}{x + \cdots}})$. */
function erfcFraction(a: number): number {
  if (a > 28) return 0;
  let value = a;
  for (let n = 100; n >= 1; n--) value = a + n / 2 / value;
  // The square of 24 bits is exact, and what is left out of it is small.
  const short = Math.fround(a);
  return (0.5 * TWO_BY_ROOT_PI * exp(-short * short) * exp((short - a) * (short + a))) / value;
}

const HALF_PI_FIRST = 1.57079632673412561417;
const HALF_PI_SECOND = 6.0771005063039659766e-11;
const HALF_PI_THIRD = 2.02226624879595063154e-21;

export function sin(x: number): number {
  return turned(x, 0);
}

export function cos(x: number): number {
  return turned(x, 1);
}

/** sin(x + quarter π/2): what is left of multiples of π/2 goes to a polynomial (fdlibm, k_sin.c and k_cos.c). */
function turned(x: number, quarter: number): number {
  if (!(Math.abs(x) < 1e9)) return NaN;
  const count = Math.floor(x / 1.5707963267948966 + 0.5);
  const r = x - count * HALF_PI_FIRST - count * HALF_PI_SECOND - count * HALF_PI_THIRD;
  const z = r * r;
  const phase = (((count + quarter) % 4) + 4) % 4;
  const value =
    phase % 2 === 0
      ? r +
        r *
          z *
          (-1.66666666666666324348e-1 +
            z *
              (8.33333333332248946124e-3 +
                z *
                  (-1.98412698298579493134e-4 +
                    z *
                      (2.75573137070700676789e-6 +
                        z * (-2.50507602534068634195e-8 + z * 1.58969099521155010221e-10)))))
      : 1 -
        (0.5 * z -
          z *
            z *
            (4.16666666666666019037e-2 +
              z *
                (-1.38888888888741095749e-3 +
                  z *
                    (2.48015872894767294178e-5 +
                      z *
                        (-2.75573143513906633035e-7 +
                          z * (2.0875723212981748279e-9 + z * -1.13596475577881948265e-11))))));
  return phase < 2 ? value : -value;
}

/** Whole powers by multiplication, others by way of the logarithm. */
export function pow(base: number, exponent: number): number {
  if (Math.floor(exponent) === exponent && Math.abs(exponent) <= 1024) {
    let result = 1;
    let factor = base;
    for (let rest = Math.abs(exponent); rest > 0; rest = Math.floor(rest / 2)) {
      if (rest % 2 === 1) result *= factor;
      factor *= factor;
    }
    return exponent < 0 ? 1 / result : result;
  }
  if (base === 0) return exponent > 0 ? 0 : Infinity;
  return exp(exponent * log(base));
}

/** To the nearest integer, of two the even one, as tfjs rounds. */
export function roundHalfToEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  if (rest < 0.5) return below;
  if (rest > 0.5) return below + 1;
  return below % 2 === 0 ? below : below + 1;
}
