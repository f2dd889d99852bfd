import { isModule } from '@dgm/core';
import type { CallOptions, ConditionalDistribution, Distribution, EventSpace, Shape } from '@dgm/core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** $\pi(z)$ with parameters: any `ConditionalDistribution`, which may know more about itself, as a flow does. */
export interface FlowBase extends ConditionalDistribution {
  /** The shape of an event, where it is known before the first call. */
  readonly eventShape?: Shape;
  /** The space of its events, where it is known before the first call. */
  readonly space?: EventSpace | undefined;
  /** The width of the context that it is conditioned on; 0 if it takes none. */
  readonly contextSize?: number;
  /** Initializes what starts from data from a batch of latents, as `Flow.initialize` does. */
  initialize?(z: Tensor, call?: CallOptions): void;
}

/** The distribution of a base under a context, which only bases that take one get to see. */
export function givenBase(base: Distribution | FlowBase, call: CallOptions): Distribution {
  if (!isModule(base)) return base;
  const { context, ...rest } = call;
  return base.given(base.contextSize === 0 ? undefined : context, rest);
}
