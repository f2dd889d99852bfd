import { adamax, categoricalHead, normalHead, Key, mlp, ModelStep } from '@dgm/core';
import type { StepFeed } from '@dgm/core';
import { vae } from '@dgm/vae';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

const DIMS = 64;
const LEVELS = 17;
const LATENT = 16;
/** Batches that are gone through again and again. */
const BATCHES = 16;

/** The size of the networks and of a batch. */
export interface VaeSize {
  readonly batch: number;
  readonly width: number;
}

/** The training step of DGM §4.3 for 8x8 digits, and what to feed it with at each step. */
export function vaeStep({ batch, width }: VaeSize) {
  const activation = 'leakyRelu';
  const model = vae({
    encoder: mlp([DIMS, width, width, 2 * LATENT], { key: Key.of(0), activation }),
    decoder: mlp([LATENT, width, width, DIMS * LEVELS], { key: Key.of(1), activation }),
    posterior: normalHead({ shape: [LATENT] }),
    likelihood: categoricalHead({ shape: [DIMS], levels: LEVELS }),
  });
  const program = new ModelStep<Tensor>(model, { optimizer: adamax() });
  const batches = Array.from({ length: BATCHES }, (_, index) =>
    tf.tidy(() => tf.floor(Key.of(2).fold(index).uniform([batch, DIMS], { max: LEVELS }))),
  );
  const feed = (step: number): StepFeed<Tensor> => ({
    batch: batches[step % BATCHES]!,
    key: Key.of(3).fold(step),
    learningRates: { elbo: 1e-3 },
    step,
  });
  return { program, feed };
}
