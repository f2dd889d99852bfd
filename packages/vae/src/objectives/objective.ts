import type { Distribution, Key, LossOptions } from '@dgm/core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { LatentVariableModel } from '../elbo';

/** A latent-variable model whose posterior can be had as a constant of the encoder. */
export interface AmortizedModel extends LatentVariableModel {
  /** $q_\phi(z|x)$ with the same values, and no gradient to $\phi$. */
  encodeDetached(x: Tensor): Distribution;
}

/** What a VAE is trained by: {@link elboObjective}, {@link iwaeObjective}, or one of your own. */
export interface VaeObjective {
  readonly name: string;
  /**
   * What to minimize, in nats per example, and the terms it is made of. Called inside of a tidy.
   * @param x - `[n, ...event]`
   */
  loss(
    model: AmortizedModel,
    x: Tensor,
    key: Key,
    context: LossOptions,
  ): { total: Scalar } & Record<string, Scalar>;
}
