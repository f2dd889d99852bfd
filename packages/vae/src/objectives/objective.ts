import type { CallOptions, Distribution, Key, LossOptions } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { LatentVariableModel } from '../elbo';

/** A latent-variable model whose posterior can be had as a constant of the encoder. */
export interface AmortizedModel extends LatentVariableModel {
  /** $q_\phi(z|x)$ with the same values, and no gradient to $\phi$. */
  encodeDetached(x: Tensor): Distribution;
}

/** What a {@link VaeObjective} is told besides the batch. */
export interface VaeLossOptions extends LossOptions {
  /**
   * How much each example counts, `[n]`, 1 on average; all count alike by default. A semi-supervised model weighs the
   * classes of an example by it.
   */
  readonly weights?: Tensor;
}

/** What a VAE is trained by: {@link elboObjective}, {@link iwaeObjective}, or one of your own. */
export interface VaeObjective {
  readonly name: string;
  /**
   * What to minimize, in nats per example, and the terms it is made of. Called inside `tf.tidy`.
   * @param x - `[n, ...event]`
   */
  loss(
    model: AmortizedModel,
    x: Tensor,
    key: Key,
    options: VaeLossOptions,
  ): { total: Scalar } & Record<string, Scalar>;
}

/** The mean over the examples of values `[n]`, by the weights of the options. */
export function averageOf(values: Tensor, { weights }: VaeLossOptions): Scalar {
  return tf.mean<Scalar>(weights === undefined ? values : tf.mul(weights, values));
}

/** The call options of each of a model's networks, by its name. */
export type NetworkCalls = (network: string) => CallOptions;

/** Networks that are not in training. */
export const outsideTraining: NetworkCalls = () => ({});

/** Networks in a call of a loss, each with a key of its own. */
export function networkCalls({ training }: LossOptions, key: Key): NetworkCalls {
  return (network) => ({ training, key: key.fold(network) });
}
