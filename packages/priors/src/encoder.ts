import type { CallOptions, ConditionalDistribution, Distribution } from '@dgm/core';
import type { Tensor } from '@tensorflow/tfjs-core';

/**
 * The encoder $q_\phi(z|x)$ that a prior shares with its model: `conditional(network, head)`, or a function of
 * x, `[n, ...event]`. The prior borrows it: the model owns its weights, trains and frees them.
 */
export type Encoder =
  Pick<ConditionalDistribution, 'given'> | ((x: Tensor, call: CallOptions) => Distribution);

/** The posterior of each row of x; it borrows tensors that are made here. */
export function encode(encoder: Encoder, x: Tensor, call: CallOptions = {}): Distribution {
  return typeof encoder === 'function' ? encoder(x, call) : encoder.given(x, call);
}
