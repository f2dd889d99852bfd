import type { Dataset, OptimizerFactory, ScheduledWeight } from '@dgm/core';
import { elboObjective } from '@dgm/vae';
import type { Regularizer, Vae, VaeObjective } from '@dgm/vae';
import * as tf from '@tensorflow/tfjs-core';
import { importanceSampled } from '../shared/book';
import type { Experiment } from '../shared/recipe';

/** How the authors of a paper train and measure. */
export interface Protocol {
  readonly optimizer: OptimizerFactory;
  readonly batchSize: number;
  /** The most epochs. */
  readonly epochs: number;
  /** Epochs in which the weight of the regularizer rises; early stopping counts none of them but the last. */
  readonly warmUp: number;
  readonly patience: number;
  readonly regularizer: Regularizer;
  readonly importanceSamples: number;
}

/** Bits: the papers' likelihood is a Bernoulli for each pixel. */
export const isBinary = ({ levels }: Dataset): boolean => levels === 2;

/** The bound, annealed as in the programs of these papers: in epoch e of E the regularizer counts $\min(1, e / E)$. */
export function annealedBound(
  { batchSize, warmUp, regularizer }: Protocol,
  { train }: Dataset,
): VaeObjective {
  return elboObjective({
    regularizer,
    weight: epochwise({ epochs: warmUp, stepsPerEpoch: Math.ceil(train.count / batchSize) }),
  });
}

/** A benchmark by a paper's protocol. */
export function published(
  model: Vae,
  protocol: Protocol,
  { quick }: { readonly quick: boolean },
): Experiment {
  const { optimizer, batchSize, epochs, warmUp, patience, importanceSamples } = protocol;
  return {
    model,
    training: { optimizer, batchSize, epochs, earlyStopping: { patience, from: warmUp } },
    evaluate: importanceSampled(model, { quick, draws: importanceSamples }),
    reconstruct: (x, key) => model.reconstruct(x, key),
  };
}

function epochwise(options: { readonly epochs: number; readonly stepsPerEpoch: number }): ScheduledWeight {
  const { epochs, stepsPerEpoch } = options;
  return {
    at: (step) => {
      const epoch = tf.add(1, tf.floor(tf.div(tf.sub(step, 1), stepsPerEpoch)));
      return tf.minimum(1, tf.div(epoch, epochs));
    },
    final: 1,
  };
}
