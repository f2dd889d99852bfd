import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { UnsupportedError } from '../../errors/dgm-error';
import { broadcastShapes } from '../../shape/shape';
import { broadcastTo, type Distribution } from '../distribution';
import { closedForms } from './closed-forms';

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

/** The computation of KL(p || q), or undefined: first what `p` itself knows, then the table. */
function closedForm(p: Distribution, q: Distribution): (() => Tensor) | undefined {
  const compute = p.klDivergenceTo?.(q) ?? closedForms[`${p.kind} ${q.kind}`]?.(p, q, closedForm);
  // Parameters that are numbers leave the batch to its declared shape.
  return compute && (() => broadcastTo(compute(), broadcastShapes(p.batchShape, q.batchShape)));
}

function nameOf(distribution: Distribution): string {
  return distribution.kind ?? distribution.constructor.name;
}
