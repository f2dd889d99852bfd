import type { ConditionalDistribution, Distribution } from '@dgm/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { FlowCall } from '../flow-layer';

/** $\pi(z)$ with parameters: any `ConditionalDistribution`, and one that starts from data, as a flow does, can be told so. */
export interface FlowBase extends ConditionalDistribution {
  /** Starts what starts from data from a batch of latents, as `Flow.initialize` does. */
  initialize?(z: Tensor, call?: FlowCall): void;
}

/** Whether a base has parameters, or is a distribution as it is. */
export function hasParameters(base: Distribution | ConditionalDistribution): base is FlowBase {
  return 'given' in base;
}
