import {
  checkGiven,
  checkSameSpace,
  checkThat,
  formatShape,
  isModule,
  sameShape,
  ShapeError,
} from '@dgm/core';
import type { ConditionalDistribution, Distribution, DistributionHead, EventSpace, Shape } from '@dgm/core';

/** Checks that an option is a distribution head, such as `normalHead({ shape: [16] })`. */
export function checkHead(where: string, argument: string, head: unknown): asserts head is DistributionHead {
  const expected = 'to be a distribution head such as normalHead({ shape: [16] })';
  checkGiven(where, argument, head, expected);
  const { distribution, eventShape } = head as Partial<DistributionHead>;
  checkThat(where, argument, typeof distribution === 'function' && Array.isArray(eventShape), {
    expected,
    actual: typeof (head as Partial<Distribution>).logProb === 'function' ? 'a distribution' : typeof head,
  });
}

/**
 * Checks that an option is a head for a posterior: one whose draws have a gradient.
 * @throws ArgumentError for a head over integers
 */
export function checkPosterior(where: string, head: unknown): asserts head is DistributionHead {
  checkHead(where, 'posterior', head);
  checkThat(where, 'posterior', head.space !== 'integers', {
    expected: 'to have draws with a gradient',
    actual: 'a head over integers',
    remedy: 'use gumbelSoftmax for discrete latent variables, or vqVae',
  });
}

/** A fixed prior, or a learned one, which is a module. */
export type Prior = Distribution | ConditionalDistribution;

/**
 * Checks that a fixed prior has the event of the posterior. A learned prior is checked on its first use, by
 * `checkSameSpace`.
 * @throws ShapeError if the prior's event is not the posterior's
 * @throws ArgumentError if the two are over different spaces
 */
export function checkPrior(
  where: string,
  prior: Prior,
  posterior: { readonly eventShape: Shape; readonly space?: EventSpace | undefined },
): void {
  if (isModule(prior)) return;
  checkSameSpace(where, 'prior', prior, posterior);
  const latentShape = posterior.eventShape;
  checkThat(where, 'prior', sameShape(prior.eventShape, latentShape) && prior.batchShape.length === 0, {
    error: ShapeError,
    expected: `with an event of shape ${formatShape(latentShape)} and no batch`,
    actual: `event ${formatShape(prior.eventShape)}, batch ${formatShape(prior.batchShape)}`,
    remedy: 'wrap it in Independent, or give the posterior another shape',
  });
}
