import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { UnsupportedError } from '../errors/dgm-error';
import { exp } from '../ops/activations';
import { broadcastTo } from '../ops/broadcast-to';
import { logSigmoid } from '../ops/log-arithmetic';
import { selectByMask } from '../ops/select';
import { expDeviance, logDeviance, stirlingError, stirlingErrorSlope } from '../ops/stirling';
import { broadcastShapes, sameShape } from '../shape/shape';
import type { Bernoulli } from './bernoulli';
import type { Beta } from './beta';
import type { Categorical } from './categorical';
import type { ContinuousBernoulli } from './continuous-bernoulli';
import type { Distribution } from './distribution';
import type { Gamma } from './gamma';
import type { Independent } from './independent';
import type { Laplace } from './laplace';
import type { MultivariateNormal } from './multivariate-normal';
import type { Normal } from './normal';
import { asTensor, inverseScaleOf, logScaleOf, minus, times, type Parameter, type Scale } from './parameters';
import type { Poisson } from './poisson';
import { DiagonalFactor, type ScaleFactor } from './scale-factor';
import type { Transformed } from './transformed';
import type { TruncatedNormal } from './truncated-normal';
import type { Uniform } from './uniform';

/**
 * The Kullback-Leibler divergence $\mathrm{KL}[p \| q] = \mathbb{E}_p[\ln p(x) - \ln q(x)]$ in closed form.
 *
 * @returns nats, `[...batch]` of `p` and `q` broadcast together; the gradient flows to the parameters of both
 * @throws {@link UnsupportedError} if no closed form is known; ask {@link hasKlDivergence} first
 */
export function klDivergence(p: Distribution, q: Distribution): Tensor {
  const compute = closedForm(p, q);
  if (compute !== undefined) return tf.tidy(compute);
  throw new UnsupportedError({
    where: 'klDivergence',
    argument: 'KL(p || q)',
    expected: 'to have a closed form',
    actual: `p = ${nameOf(p)}, q = ${nameOf(q)}`,
    remedy:
      'estimate it by Monte Carlo: the mean of p.logProb(x) - q.logProb(x) over draws x = p.sample(key, [n])',
  });
}

/** Whether {@link klDivergence} knows a closed form for these two. */
export function hasKlDivergence(p: Distribution, q: Distribution): boolean {
  return closedForm(p, q) !== undefined;
}

type Compute = () => Tensor;

/** The computation of KL(p || q), or undefined: first what `p` itself knows, then the table. */
function closedForm(p: Distribution, q: Distribution): Compute | undefined {
  const compute = p.klDivergenceTo?.(q) ?? closedForms[`${p.kind} ${q.kind}`]?.(p, q);
  // Parameters that are numbers leave the batch to its declared shape.
  return compute && (() => broadcastTo(compute(), broadcastShapes(p.batchShape, q.batchShape)));
}

function nameOf(distribution: Distribution): string {
  return distribution.kind ?? distribution.constructor.name;
}

/**
 * The known closed forms by the kinds of p and q. Kinds are names, not classes, so that distributions of another copy
 * of this package are found too; a kind promises the public fields of its class.
 */
const closedForms: Readonly<Record<string, (p: Distribution, q: Distribution) => Compute | undefined>> = {
  'Normal Normal': between(normal),
  'Laplace Laplace': between(laplace),
  'Uniform Uniform': between(uniform),
  'TruncatedNormal TruncatedNormal': between(truncatedNormal),
  'TruncatedNormal Normal': between(truncatedNormal),
  'ContinuousBernoulli ContinuousBernoulli': between(continuousBernoulli),
  'Poisson Poisson': between(poisson),
  'Bernoulli Bernoulli': between(bernoulli),
  'Categorical Categorical': between(categorical),
  'Beta Beta': between(beta),
  'Gamma Gamma': between(gamma),
  'MultivariateNormal MultivariateNormal': multivariateNormal,
  'MultivariateNormal Independent': multivariateNormal,
  'Independent MultivariateNormal': multivariateNormal,
  'Independent Independent': independent,
  'Transformed Transformed': transformed,
};

function between<P, Q>(divergence: (p: P, q: Q) => Tensor): (p: Distribution, q: Distribution) => Compute {
  return (p, q) => () => divergence(p as unknown as P, q as unknown as Q);
}

/** The divergence of products of independent factors is the sum of theirs. */
function independent(p: Distribution, q: Distribution): Compute | undefined {
  const [left, right] = [p as Independent, q as Independent];
  if (left.rank !== right.rank || !sameShape(left.eventShape, right.eventShape)) return undefined;
  const compute = closedForm(left.base, right.base);
  return compute && (() => left.sumOverEvent(compute()));
}

/** One invertible map of both does not change the divergence. */
function transformed(p: Distribution, q: Distribution): Compute | undefined {
  const [left, right] = [p as Transformed, q as Transformed];
  const isSameMap =
    left.bijector === right.bijector &&
    left.call.context === right.call.context &&
    left.call.training === right.call.training &&
    left.call.key === right.call.key;
  return isSameMap ? closedForm(left.base, right.base) : undefined;
}

type Located = Pick<Normal, 'location' | 'scale'>;

/**
 * $\tfrac12 (\rho^2 - 1 - \ln \rho^2) + \tfrac{(\mu_p - \mu_q)^2}{2 \sigma_q^2}$ with $\rho = \sigma_p / \sigma_q$: two terms
 * that are not negative.
 */
function normal(p: Located, q: Located): Tensor {
  const logSquare = tf.mul(2, minus(logScaleOf(p.scale), logScaleOf(q.scale)));
  const distance = times(minus(p.location, q.location), inverseScaleOf(q.scale));
  return tf.mul(0.5, tf.add(expDeviance(logSquare), tf.square(distance)));
}

/** $\ln \tfrac{s_q}{s_p} + \tfrac{d}{s_q} + \tfrac{s_p}{s_q} e^{-d / s_p} - 1$ with $d = |\mu_p - \mu_q|$. */
function laplace(p: Laplace, q: Laplace): Tensor {
  const logRatio = tf.sub(logScaleOf(p.scale), logScaleOf(q.scale));
  const distance = tf.abs(tf.sub(p.location, q.location));
  const overlap = exp(tf.sub(logRatio, tf.mul(distance, inverseScaleOf(p.scale))));
  return tf.sub(tf.add(tf.mul(distance, inverseScaleOf(q.scale)), overlap), tf.add(1, logRatio));
}

/** $\ln \tfrac{b_q - a_q}{b_p - a_p}$ where q covers p, infinite elsewhere. */
function uniform(p: Uniform, q: Uniform): Tensor {
  const logRatio = tf.sub(tf.log(tf.sub(q.high, q.low)), tf.log(tf.sub(p.high, p.low)));
  const covered = tf.logicalAnd(tf.lessEqual(q.low, p.low), tf.lessEqual(p.high, q.high));
  return selectByMask(covered, logRatio, Infinity);
}

/**
 * $\ln \tfrac{p(m)}{q(m)} + \tfrac{v}{2} (\tfrac{1}{\sigma_q^2} - \tfrac{1}{\sigma_p^2})$ for the mean m and the variance v of p,
 * because the log-ratio of the densities is a polynomial of the second degree; infinite where q does not cover p.
 */
function truncatedNormal(p: TruncatedNormal, q: TruncatedNormal | Normal): Tensor {
  const { low, high } = 'low' in q ? q : { low: -Infinity, high: Infinity };
  const precision = ({ scale }: { readonly scale: Scale }): Tensor => tf.square(inverseScaleOf(scale));
  const mean = p.mean();
  const curvature = tf.mul(tf.mul(0.5, p.variance()), tf.sub(precision(q), precision(p)));
  const covered = tf.logicalAnd(tf.lessEqual(low, p.low), tf.greaterEqual(high, p.high));
  return selectByMask(covered, tf.add(tf.sub(p.logProb(mean), q.logProb(mean)), curvature), Infinity);
}

/** $\ln \tfrac{p(m)}{q(m)}$ at the mean m of p, because the log-ratio of the densities is linear. */
function continuousBernoulli(p: ContinuousBernoulli, q: ContinuousBernoulli): Tensor {
  const mean = p.mean();
  return tf.sub(p.logProb(mean), q.logProb(mean));
}

/** $\lambda_p (t - \ln(1 + t))$ with $1 + t = \lambda_q / \lambda_p$. */
function poisson(p: Poisson, q: Poisson): Tensor {
  const logRatio = tf.sub(q.logRate(), p.logRate());
  return tf.mul(p.mean(), expDeviance(logRatio));
}

/** $\theta_p \ln \tfrac{\theta_p}{\theta_q} + (1 - \theta_p) \ln \tfrac{1 - \theta_p}{1 - \theta_q}$, from the logits. */
function bernoulli(p: Bernoulli, q: Bernoulli): Tensor {
  const [logitsOfP, logitsOfQ] = [asTensor(p.logits), asTensor(q.logits)];
  const ones = divergenceOfMasses(logSigmoid(logitsOfP), logSigmoid(logitsOfQ));
  const zeros = divergenceOfMasses(logSigmoid(tf.neg(logitsOfP)), logSigmoid(tf.neg(logitsOfQ)));
  return tf.add(ones, zeros);
}

/** $\sum_k \theta_{p,k} \ln \tfrac{\theta_{p,k}}{\theta_{q,k}}$; infinite where q rules out what p allows. */
function categorical(p: Categorical, q: Categorical): Tensor {
  return tf.sum(divergenceOfMasses(p.logProbs(), q.logProbs()), -1);
}

/** $p \ln \tfrac{p}{q}$ from the logarithms: 0 where p is 0, and infinite where q alone is, however small p. */
export function divergenceOfMasses(logP: Tensor, logQ: Tensor): Tensor {
  const possible = tf.greater(logP, -Infinity);
  const ruledOut = tf.logicalAnd(possible, tf.equal(logQ, -Infinity));
  const both = tf.logicalAnd(possible, tf.greater(logQ, -Infinity));
  const logRatio = tf.sub(selectByMask(both, logP, 0), selectByMask(both, logQ, 0));
  return selectByMask(ruledOut, Infinity, tf.mul(exp(logP), logRatio));
}

/**
 * $B(a_q, a_p) + B(b_q, b_p) - B(n_q, n_p)$ with $n = a + b$ and the Bregman divergence of the log-gamma function,
 * $B(q, p) = \ln \Gamma(q) - \ln \Gamma(p) - (q - p) \psi(p)$.
 *
 * Its largest part is $n_q$ times the divergence of the means, $a_q (t_a - \ln(1 + t_a)) + b_q (t_b - \ln(1 + t_b))$ with
 * $1 + t_a = \tfrac{a_p / n_p}{a_q / n_q}$.
 */
function beta(p: Beta, q: Beta): Tensor {
  const [a, b, aOfQ, bOfQ] = [p.alpha, p.beta, q.alpha, q.beta].map(asTensor) as [
    Tensor,
    Tensor,
    Tensor,
    Tensor,
  ];
  const [n, nOfQ] = [tf.add(a, b), tf.add(aOfQ, bOfQ)];
  const moved = tf.sub(tf.mul(a, tf.sub(bOfQ, b)), tf.mul(b, tf.sub(aOfQ, a)));
  const logRatio = (ofP: Tensor, ofQ: Tensor): Tensor =>
    tf.sub(tf.sub(tf.log(ofP), tf.log(ofQ)), tf.sub(tf.log(n), tf.log(nOfQ)));
  const ones = logDeviance(tf.div(tf.div(moved, aOfQ), n), logRatio(a, aOfQ));
  const zeros = logDeviance(tf.neg(tf.div(tf.div(moved, bOfQ), n)), logRatio(b, bOfQ));
  const means = tf.add(tf.mul(aOfQ, ones), tf.mul(bOfQ, zeros));
  const rest = tf.sub(tf.add(bregmanRest(aOfQ, a), bregmanRest(bOfQ, b)), bregmanRest(nOfQ, n));
  return tf.add(means, rest);
}

/**
 * $a_q (v - 1 - \ln v) + B_0(a_q, a_p)$ with $v = \tfrac{a_p r_q}{a_q r_p}$, the ratio of the means, and $B_0$ for
 * {@link bregmanRest}: the terms of $(a_p - a_q) \psi(a_p) - \ln \tfrac{\Gamma(a_p)}{\Gamma(a_q)} + a_q \ln \tfrac{r_p}{r_q} + a_p (\tfrac{r_q}{r_p} - 1)$
 * without their differences.
 */
function gamma(p: Gamma, q: Gamma): Tensor {
  const [a, r, aOfQ, rOfQ] = [p.concentration, p.rate, q.concentration, q.rate].map(asTensor) as [Tensor, Tensor, Tensor, Tensor]; // prettier-ignore
  const moved = tf.sub(tf.mul(a, tf.div(tf.sub(rOfQ, r), r)), tf.sub(aOfQ, a));
  const logRatio = tf.add(tf.sub(tf.log(a), tf.log(aOfQ)), tf.sub(tf.log(rOfQ), tf.log(r)));
  return tf.add(tf.mul(aOfQ, logDeviance(tf.div(moved, aOfQ), logRatio)), bregmanRest(aOfQ, a));
}

/**
 * The Bregman divergence of the log-gamma function less $q \ln \tfrac{q}{p} + p - q$:
 * $\tfrac12 (\tfrac{q}{p} - 1 - \ln \tfrac{q}{p}) + \delta(q) - \delta(p) - (q - p) \delta'(p)$, with $\delta$ for `stirlingError`.
 */
function bregmanRest(q: Tensor, p: Tensor): Tensor {
  const difference = tf.sub(q, p);
  const leading = tf.mul(0.5, logDeviance(tf.div(difference, p), tf.sub(tf.log(q), tf.log(p))));
  const errors = tf.sub(stirlingError(q), stirlingError(p));
  return tf.add(leading, tf.sub(errors, tf.mul(difference, stirlingErrorSlope(p))));
}

/**
 * $\tfrac12 (\| L_q^{-1} L_p \|^2 + \| L_q^{-1} (\mu_p - \mu_q) \|^2 - D) + \ln |\det L_q| - \ln |\det L_p|$, also where one
 * of the two is a product of normal distributions; a sum over the dimensions where both factors are diagonal. Undefined
 * for what is neither.
 */
function multivariateNormal(p: Distribution, q: Distribution): Compute | undefined {
  const [left, right] = [asMultivariateNormal(p), asMultivariateNormal(q)];
  if (left === undefined || right === undefined || left.factor.size !== right.factor.size) return undefined;
  const { size } = right.factor;
  const [scale, scaleOfQ] = [left.factor.scale, right.factor.scale];
  if (scale !== undefined && scaleOfQ !== undefined) {
    return () => {
      const terms = normal({ ...left, scale }, { ...right, scale: scaleOfQ });
      return tf.sum(tf.mul(terms, tf.ones([size])), -1);
    };
  }
  return () => {
    const spread = tf.sum(tf.square(right.factor.solve(left.factor.dense())), [-2, -1]);
    const distance = right.factor.whiten(tf.mul(tf.sub(left.location, right.location), tf.ones([size])));
    const squares = tf.add(spread, tf.sum(tf.square(distance), -1));
    const logDets = tf.sub(right.factor.logDet(), left.factor.logDet());
    return tf.add(tf.mul(0.5, tf.sub(squares, size)), logDets);
  };
}

function asMultivariateNormal(
  distribution: Distribution,
): { readonly location: Parameter; readonly factor: ScaleFactor } | undefined {
  if (distribution.kind === 'MultivariateNormal') return distribution as MultivariateNormal;
  const { base, rank } = distribution as Independent;
  if (base.kind !== 'Normal' || rank !== 1) return undefined;
  const { location, scale } = base as Normal;
  return { location, factor: new DiagonalFactor(scale, distribution.eventShape[0]!) };
}
