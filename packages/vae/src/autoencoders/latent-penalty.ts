import type { Distribution, Key, LossOptions, Module } from '@dgm/core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';

/** What an auto-encoder's latents are held to. */
export interface LatentPenalty {
  readonly name: string;
  /** Where the latents should lie; samples start from it. */
  readonly prior?: Distribution;
  /** What the encoder pays, weighted, for the latents of a batch, `[n, latents]`. Called inside `tf.tidy`. */
  loss(z: Tensor, key: Key, options: LossOptions): Scalar;
  /** An opponent with weights and a loss of its own; the auto-encoder takes it over. */
  readonly critic?: Module;
  readonly criticLoss?: (z: Tensor, key: Key, options: LossOptions) => Scalar;
}
