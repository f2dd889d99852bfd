import type { CallOptions, Distribution, Key, LossOptions } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import type { LatentVariableModel } from '../elbo';

/** A latent-variable model that can give its posterior as a constant of the encoder. */
export interface AmortizedModel extends LatentVariableModel {
  /** $q_\phi(z|x)$ with the same values, and no gradient to $\phi$. */
  encodeDetached(x: Tensor): Distribution;
}

/** The options of a {@link VaeObjective}. */
export interface VaeLossOptions extends LossOptions {
  /**
   * The weight of each example, `[n]`, with mean 1; 1 by default. A semi-supervised model weights the classes of an
   * example with it.
   */
  readonly weights?: Tensor;
}

/** The training objective of a VAE: {@link elboObjective}, {@link iwaeObjective} or your own. */
export interface VaeObjective {
  readonly name: string;
  /**
   * The quantity to minimize, in nats per example, and its terms. Called inside `tf.tidy`.
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

/** The call options of networks in a loss, each with its own key. */
export function networkCalls({ training }: LossOptions, key: Key): NetworkCalls {
  return (network) => ({ training, key: key.fold(network) });
}
