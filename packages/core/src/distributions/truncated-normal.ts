import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkThat } from '../check/check';
import { record } from '../construction/record';
import { exp } from '../ops/activations';
import { clipToRange } from '../ops/clip';
import { sumToShape, withGradient } from '../ops/differentiable';
import { complementHazardGap, complementTail } from '../ops/normal-tail';
import { selectByMask } from '../ops/select';
import { stopGradient } from '../ops/stop-gradient';
import type { Key } from '../random/key';
import { broadcastShapes, type Shape } from '../shape/shape';
import { BaseDistribution } from './distribution';
import {
  asTensor,
  batchShapeOf,
  inverseScaleOf,
  logScaleOf,
  requirePositiveScale,
  scaleOf,
  scaleParameter,
} from './parameters';
import type { BatchShapeOptions, Parameter, Scale } from './parameters';
import { closedInterval, onSupport } from './support';

export interface TruncatedNormalOptions extends BatchShapeOptions {
  /** @defaultValue -Infinity */
  readonly low?: Parameter;
  /** @defaultValue Infinity */
  readonly high?: Parameter;
}

/**
 * The normal distribution, kept between two ends: with $z = (x - \mu)/\sigma$, $\alpha$ and $\beta$ the ends' own z,
 * $\ln p(x) = \ln \phi(z) - \ln \sigma - \ln(\Phi(\beta) - \Phi(\alpha))$.
 *
 * The mass and the moments are integrals around the mode, by quadrature: exact for narrow intervals and for those at any
 * distance from the mean, where differences of $\Phi$ cancel.
 *
 * @example
 * ```ts
 * const p = new TruncatedNormal(0, 1, { low: 0 }); // half a normal distribution
 * p.sample(key, [100]); // [100], at least 0
 * ```
 */
export class TruncatedNormal extends BaseDistribution {
  readonly kind = 'TruncatedNormal';
  readonly eventShape: Shape = [];
  readonly reparameterized = true;
  readonly batchShape: Shape;
  readonly location: Parameter;
  readonly scale: Scale;
  readonly low: Parameter;
  readonly high: Parameter;

  /**
   * @param mean - of the normal distribution before it is truncated
   * @param std - its standard deviation, or `{ logScale }`
   * @throws {@link ArgumentError} if `std` is not positive, or both ends are numbers and not in order
   */
  constructor(mean: Parameter, std: Scale, options: TruncatedNormalOptions) {
    super();
    record(this, 'TruncatedNormal', arguments);
    const { low = -Infinity, high = Infinity, ...others } = options;
    requirePositiveScale(std, 'TruncatedNormal', 'std');
    if (typeof low === 'number' && typeof high === 'number') {
      const actual = `low = ${low}, high = ${high}`;
      checkThat('TruncatedNormal', 'low', low < high, { expected: 'to be below high', actual });
    }
    this.location = mean;
    this.scale = std;
    this.low = low;
    this.high = high;
    this.batchShape = batchShapeOf('TruncatedNormal', others, mean, scaleParameter(std), low, high);
  }

  /** The quantile at a uniform draw. */
  protected draw(key: Key, sampleShape: Shape): Tensor {
    return this.#quantile(tf.add(key.uniform([...sampleShape, ...this.batchShape]), 2 ** -25));
  }

  protected logDensity(x: Tensor): Tensor {
    return onSupport(x, {
      support: closedInterval(this.low, this.high),
      safe: this.closedMode(),
      logDensity: (value) => {
        const { slope, origin, logMass } = this.#around();
        const s = tf.mul(tf.sub(value, origin), inverseScaleOf(this.scale));
        return tf.neg(tf.add(tf.add(energy(s, slope), logMass), logScaleOf(this.scale)));
      },
    });
  }

  protected override closedEntropy(): Tensor {
    const { slope, nodes, logMass, average } = this.#around();
    return tf.add(tf.add(logMass, logScaleOf(this.scale)), average(energy(nodes, slope)));
  }

  protected override closedMean(): Tensor {
    const { origin, nodes, average } = this.#around();
    return tf.add(origin, tf.mul(scaleOf(this.scale), average(nodes)));
  }

  protected override closedVariance(): Tensor {
    const { nodes, average } = this.#around();
    const deviation = tf.sub(nodes, average(nodes));
    return tf.mul(tf.square(scaleOf(this.scale)), average(tf.square(deviation)));
  }

  /** The mean of the normal distribution, or the end next to it. */
  protected override closedMode(): Tensor {
    const raised = selectByMask(tf.greater(this.low, this.location), this.low, this.location);
    return selectByMask(tf.less(this.high, raised), this.high, raised);
  }

  protected override closedCdf(x: Tensor): Tensor {
    const { slope, origin, from, to, logMass } = this.#around();
    const s = tf.mul(tf.sub(x, origin), inverseScaleOf(this.scale));
    const raised = selectByMask(tf.less(s, from), from, s);
    const end = selectByMask(tf.greater(raised, to), to, raised);
    const share = exp(tf.sub(massBetween(from, end, slope).logMass, logMass));
    return clipToRange(selectByMask(tf.greater(end, from), share, 0), { max: 1 });
  }

  protected override closedQuantile(p: Tensor): Tensor {
    return this.#quantile(p);
  }

  /**
   * The mass on either side of the mode says on which side the quantile lies; {@link distanceFromMode} finds it there.
   *
   * The gradient is that of $F(x) = p$: with $w_\alpha = (1 - p) \tfrac{\phi(\alpha)}{\phi(z)}$ and
   * $w_\beta = p \tfrac{\phi(\beta)}{\phi(z)}$ it is $w_\alpha$ by the lower end, $w_\beta$ by the upper end,
   * $1 - w_\alpha - w_\beta$ by the mean and $z - w_\alpha \alpha - w_\beta \beta$ by the standard deviation.
   */
  #quantile(p: Tensor): Tensor {
    const { location, low, high } = this;
    const scale = scaleOf(this.scale);
    const operands = [location, scale, low, high].map(asTensor);
    return withGradient(
      [p, ...operands],
      ([p]) => this.#findQuantile(p!).x,
      (dy, [p]) => {
        const { s, slope, left, right } = this.#findQuantile(p!);
        const ratio = (end: Tensor): Tensor => exp(tf.sub(energy(s, slope), energy(end, slope)));
        const [atLow, atHigh] = [tf.mul(tf.sub(1, p!), ratio(left)), tf.mul(p!, ratio(right))];
        const rest = tf.sub(1, tf.add(atLow, atHigh));
        // An end at infinity has no weight.
        const weighted = (weight: Tensor, end: Tensor): Tensor =>
          tf.mul(weight, selectByMask(tf.greater(weight, 0), end, 0));
        const ends = tf.add(weighted(atLow, left), weighted(atHigh, right));
        const byScale = tf.add(tf.mul(slope, rest), tf.sub(s, ends));
        const byProbability = tf.mul(asTensor(scale), exp(tf.add(energy(s, slope), this.#around().logMass)));
        return [
          sumToShape(tf.mul(dy, byProbability), p!.shape),
          ...[rest, byScale, atLow, atHigh].map((each, index) =>
            sumToShape(tf.mul(dy, each), operands[index]!.shape),
          ),
        ];
      },
    );
  }

  /** The quantile, and its offset from the mode in standard deviations with those of the ends. */
  #findQuantile(p: Tensor): { x: Tensor; s: Tensor; slope: Tensor; left: Tensor; right: Tensor } {
    const { slope, origin, from, to, left, right } = this.#around();
    const [below, above] = [
      massBetween(from, tf.zerosLike(from), slope),
      massBetween(tf.zerosLike(to), to, slope),
    ];
    const [massBelow, massAbove] = [exp(below.logMass), exp(above.logMass)];
    const target = tf.sub(tf.mul(p, tf.add(massBelow, massAbove)), massBelow);
    const isBelow = tf.less(target, 0);
    const share = tf.div(tf.abs(target), selectByMask(isBelow, massBelow, massAbove));
    const distance = distanceFromMode(clipToRange(share, { max: 1 }), {
      slope: tf.abs(slope),
      width: selectByMask(isBelow, tf.neg(left), right),
    });
    const s = selectByMask(isBelow, tf.neg(distance), distance);
    const x = tf.add(origin, tf.mul(scaleOf(this.scale), s));
    // Rounding may carry it a step past an end.
    const raised = selectByMask(tf.greater(this.low, x), this.low, x);
    return { x: selectByMask(tf.less(this.high, raised), this.high, raised), s, slope, left, right };
  }

  /**
   * The density around its mode c, where it is exact at any distance from the mean: with $s = (x - c) / \sigma$ and
   * $\kappa = (c - \mu) / \sigma$ it is $e^{-\kappa s - s^2/2}$ up to a constant, from `left` to `right`; between `from` and
   * `to` there is all of the mass that float32 can hold.
   */
  #around(): Around {
    // The density is the same around any point: the mode counts as a constant.
    const origin = stopGradient(this.closedMode());
    const inverse = inverseScaleOf(this.scale);
    const slope = tf.mul(tf.sub(origin, this.location), inverse);
    const steepness = tf.abs(stopGradient(slope));
    const reach = tf.div(
      72,
      tf.add(steepness, tf.sqrt(tf.add(tf.square(clipToRange(steepness, { max: 1e18 })), 72))),
    );
    const [left, right] = [this.low, this.high].map((end) =>
      typeof end === 'number' && !Number.isFinite(end)
        ? tf.fill(origin.shape, end)
        : tf.mul(tf.sub(end, origin), inverse),
    ) as [Tensor, Tensor];
    const from = selectByMask(tf.less(left, tf.neg(reach)), tf.neg(reach), left);
    const to = selectByMask(tf.greater(right, reach), reach, right);
    return { ...massBetween(from, to, slope), slope, origin, left, right, from, to };
  }
}

/** $\kappa s + \tfrac{s^2}{2}$: minus the log-density, up to a constant. */
function energy(s: Tensor, slope: Tensor): Tensor {
  return tf.mul(s, tf.add(slope, tf.mul(0.5, s)));
}

/** A mass by Gauss-Legendre quadrature. */
interface Mass {
  /** $\ln \int e^{-\kappa s - s^2/2} ds$ */
  readonly logMass: Tensor;
  /** `[nodes, ...]` */
  readonly nodes: Tensor;
  /** The mean of a function of s that is given at the nodes. */
  average(values: Tensor): Tensor;
}

interface Around extends Mass {
  readonly slope: Tensor;
  readonly origin: Tensor;
  readonly left: Tensor;
  readonly right: Tensor;
  readonly from: Tensor;
  readonly to: Tensor;
}

/** Every term is positive, so that nothing cancels in narrow intervals, nor far from the mean. */
function massBetween(from: Tensor, to: Tensor, slope: Tensor): Mass {
  const rank = broadcastShapes(from.shape, to.shape, slope.shape).length;
  const overNodes = (values: readonly number[]): Tensor =>
    tf.tensor([...values], [values.length, ...Array.from({ length: rank }, () => 1)]);
  const width = tf.sub(to, from);
  const nodes = tf.add(from, tf.mul(width, overNodes(RULE.points)));
  const terms = tf.mul(overNodes(RULE.weights), exp(tf.neg(energy(nodes, slope))));
  const total = tf.sum(terms, 0);
  return {
    logMass: tf.add(tf.log(width), tf.log(total)),
    nodes,
    average: (values) => tf.div(tf.sum(tf.mul(terms, values), 0), total),
  };
}

/**
 * How far from the mode, in standard deviations, a share of the mass of one side lies: the d with
 * $\int_0^d e^{-\kappa s - s^2/2} ds = v \int_0^w e^{-\kappa s - s^2/2} ds$ for $\kappa \ge 0$. Not differentiated.
 *
 * With Mills' ratio m the tail is $\int_d^\infty = e^{-\kappa d - d^2/2} m(\kappa + d)$; Newton's method on its logarithm,
 * which is concave, converges from above. An interval over which the density hardly falls is divided by quadrature.
 */
function distanceFromMode(share: Tensor, { slope, width }: { slope: Tensor; width: Tensor }): Tensor {
  const logTail = (d: Tensor): Tensor =>
    tf.sub(tf.log(tf.div(complementTail(tf.add(slope, d)), complementTail(slope))), energy(d, slope));
  const finiteWidth = tf.minimum(width, WIDEST);
  const isWide = tf.greater(energy(finiteWidth, slope), 1);
  const outside = tf.where(tf.greater(width, WIDEST), tf.zerosLike(width), tf.exp(logTail(finiteWidth)));
  const atEnd = tf.equal(share, 1);
  const inside = tf.where(atEnd, tf.zerosLike(share), share);
  const target = tf.log(tf.sub(1, tf.mul(inside, tf.sub(1, outside))));
  // Without Mills' ratio: too far, never too near.
  const largest = tf.sqrt(tf.sub(tf.square(slope), tf.mul(2, target)));
  let wide = tf.div(tf.mul(-2, target), tf.maximum(tf.add(slope, largest), TINY));
  for (let i = 0; i < 5; i++) {
    const from = tf.add(slope, wide);
    const hazard = tf.add(from, complementHazardGap(from));
    wide = tf.maximum(0, tf.add(wide, tf.div(tf.sub(logTail(wide), target), hazard)));
  }
  const narrowWidth = tf.where(isWide, tf.zerosLike(finiteWidth), finiteWidth);
  const whole = massUpTo(narrowWidth, slope);
  let narrow = tf.mul(share, narrowWidth);
  for (let i = 0; i < 3; i++) {
    const excess = tf.sub(massUpTo(narrow, slope), tf.mul(share, whole));
    narrow = tf.sub(narrow, tf.mul(excess, tf.exp(energy(narrow, slope))));
  }
  return tf.where(atEnd, width, tf.minimum(tf.where(isWide, wide, narrow), width));
}

/** $\int_0^d e^{-\kappa s - s^2/2} ds$ where the exponent is small. */
function massUpTo(d: Tensor, slope: Tensor): Tensor {
  const terms = SHORT_RULE.points.map((point, index) =>
    tf.mul(SHORT_RULE.weights[index]!, tf.exp(tf.neg(energy(tf.mul(point, d), slope)))),
  );
  return tf.mul(d, tf.addN(terms));
}

/** Gauss-Legendre nodes and weights on [0, 1], by Newton's method on the Legendre polynomial. */
function gaussLegendre(count: number): { readonly points: number[]; readonly weights: number[] } {
  const points: number[] = [];
  const weights: number[] = [];
  for (let i = 0; i < count; i++) {
    let x = Math.cos((Math.PI * (i + 0.75)) / (count + 0.5));
    let slope = 1;
    for (let step = 0; step < 8; step++) {
      let [previous, current] = [1, x];
      for (let n = 2; n <= count; n++)
        [previous, current] = [current, ((2 * n - 1) * x * current - (n - 1) * previous) / n];
      slope = (count * (x * current - previous)) / (x * x - 1);
      x -= current / slope;
    }
    points.push((1 - x) / 2);
    weights.push(1 / ((1 - x * x) * slope * slope));
  }
  return { points, weights };
}

const RULE = gaussLegendre(32);
const SHORT_RULE = gaussLegendre(6);

/** Standard deviations beyond which an interval counts as open. */
const WIDEST = 1e6;

/** Keeps a quotient of zeros from being NaN. */
const TINY = 1e-30;
