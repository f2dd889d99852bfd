import type { Tensor } from '@tensorflow/tfjs-core';
import { sameShape } from '../../shape/shape';
import type { Distribution } from '../distribution';
import type { Independent } from '../independent';
import type { Transformed } from '../transformed';
import { bernoulli, categorical } from './discrete';
import { laplace, normal, uniform } from './location-scale';
import { multivariateNormal } from './multivariate-normal';
import { beta, gamma } from './positive';

type Compute = () => Tensor;
type Lookup = (p: Distribution, q: Distribution) => Compute | undefined;
type ClosedForm = (p: Distribution, q: Distribution, lookup: Lookup) => Compute | undefined;

/**
 * The known closed forms by the kinds of p and q. Kinds are names, not classes, so that distributions of another copy
 * of this package are found too; a kind promises the public fields of its class.
 */
export const closedForms: Readonly<Record<string, ClosedForm>> = {
  'Normal Normal': between(normal),
  'Laplace Laplace': between(laplace),
  'Uniform Uniform': between(uniform),
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

function between<P extends Distribution, Q extends Distribution>(
  divergence: (p: P, q: Q) => Tensor,
): ClosedForm {
  return (p, q) => () => divergence(p as unknown as P, q as unknown as Q);
}

/** The divergence of products of independent factors is the sum of theirs. */
function independent(p: Distribution, q: Distribution, lookup: Lookup): Compute | undefined {
  const [left, right] = [p as Independent, q as Independent];
  if (left.rank !== right.rank || !sameShape(left.eventShape, right.eventShape)) return undefined;
  const compute = lookup(left.base, right.base);
  return compute && (() => left.sumOverEvent(compute()));
}

/** One invertible map of both does not change the divergence. */
function transformed(p: Distribution, q: Distribution, lookup: Lookup): Compute | undefined {
  const [left, right] = [p as Transformed, q as Transformed];
  const isSameMap =
    left.bijector === right.bijector &&
    left.call.context === right.call.context &&
    left.call.training === right.call.training &&
    left.call.key === right.call.key;
  return isSameMap ? lookup(left.base, right.base) : undefined;
}
