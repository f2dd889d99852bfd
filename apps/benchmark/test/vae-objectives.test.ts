import { compiled } from '@dgm/compile';
import {
  bernoulliHead,
  cyclicAnnealing,
  type DistributionHead,
  Key,
  linearAnnealing,
  mlp,
  normalHead,
  sgd,
} from '@dgm/core';
import { describeCompiled, type CompiledTable } from '@dgm/testing';
import { elboObjective, fullCovariance, householder, iwaeObjective, vae, type VaeObjective } from '@dgm/vae';
import * as tf from '@tensorflow/tfjs-core';

const [PIXELS, LATENT] = [6, 2];
const shape = [LATENT] as const;

function trainedBy(objective: VaeObjective, posterior: DistributionHead = normalHead({ shape })) {
  return () => ({
    make: (key: Key) =>
      vae({
        encoder: mlp([PIXELS, 16, posterior.numParameters], { key: key.fold('encoder') }),
        decoder: mlp([LATENT, 16, PIXELS], { key: key.fold('decoder') }),
        posterior,
        likelihood: bernoulliHead({ shape: [PIXELS] }),
        objective,
      }),
    data: () => tf.tidy(() => Key.of(1).bernoulli([16, PIXELS], 0.4)),
    training: { optimizer: sgd({ learningRate: 1e-2 }) },
  });
}

/** The weight of an annealed objective changes in the middle of the 20 steps, which are captured once. */
const table: CompiledTable = {
  annealed: trainedBy(elboObjective({ weight: linearAnnealing({ steps: 10 }) })),
  'annealed in cycles': trainedBy(elboObjective({ weight: cyclicAnnealing({ period: 6, cycles: 2 }) })),
  'with free bits': trainedBy(elboObjective({ freeBits: { nats: 0.1, groups: 'single' } })),
  'along the path': trainedBy(elboObjective({ gradient: 'path' })),
  'importance weighted': trainedBy(iwaeObjective({ numSamples: 3 })),
  'doubly reparameterized': trainedBy(iwaeObjective({ numSamples: 3, gradient: 'doubly-reparameterized' })),
  'a full covariance': trainedBy(elboObjective(), fullCovariance({ shape })),
  'Householder reflections': trainedBy(elboObjective(), householder({ shape, reflections: 2 })),
};

describeCompiled(table, { engine: compiled, report: () => undefined });
