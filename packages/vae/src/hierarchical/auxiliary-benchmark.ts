import { asLayer, categorical, gaussian, mlp, Sequential, sizeOf } from '@dgm/core';
import type { Benchmark, BenchmarkEntry, BenchmarkTask, Key, Layer, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { bookTraining, importanceSampled } from '../benchmark-parts';
import { vae } from '../vae';
import { auxiliaryVae } from './auxiliary-vae';
import { downscale } from './downscale';

/** Latent variables of the small image, and of what it misses. */
const [COARSE, FINE] = [8, 16] as const;
/** A categorical likelihood has a free probability for each value: for data of few values. */
const MOST_LEVELS = 32;

/** A VAE of the image at half its size, and one of the image given that. */
function pyramid({ dataset, key, quick, width }: BenchmarkTask): Benchmark {
  const { shape } = dataset.train;
  const values = dataset.levels!;
  const [dims, side, hidden] = [sizeOf(shape), sideOf(shape)!, width ?? (quick ? 64 : 256)];
  const halve = downscale({ shape: [side, side], factor: 2 });
  const vectors = asLayer((x) => tf.reshape(x, [x.shape[0]!, dims]));
  const network = (sizes: readonly number[], name: string, of: Key = key): Layer =>
    mlp(sizes, { key: of.fold(name), activation: 'leakyRelu' });
  const small = categorical({ shape: [dims / 4], values });
  const likelihood = categorical({ shape, values });
  const coarse = key.fold('coarse');
  const model = auxiliaryVae({
    auxiliary: (x) => halve(vectors.apply(x)),
    base: vae({
      encoder: network([dims / 4, hidden, hidden, 2 * COARSE], 'encoder', coarse),
      decoder: network([COARSE, hidden, hidden, small.numParameters], 'decoder', coarse),
      posterior: gaussian({ shape: [COARSE] }),
      likelihood: small,
    }),
    encoder: new Sequential([vectors, network([dims, hidden, hidden, 2 * FINE], 'encoder')]),
    prior: network([dims / 4, hidden, 2 * FINE], 'prior'),
    decoder: network([FINE + dims / 4, hidden, hidden, likelihood.numParameters], 'decoder'),
    latent: gaussian({ shape: [FINE] }),
    likelihood,
  });
  return { model, training: bookTraining, evaluate: importanceSampled(model, { quick }) };
}

/** The side of square images of one channel that can be halved; undefined for others. */
function sideOf(shape: Shape): number | undefined {
  const side = Math.sqrt(sizeOf(shape));
  return Number.isInteger(side / 2) ? side : undefined;
}

export const auxiliaryBenchmarks: readonly BenchmarkEntry[] = [
  {
    name: 'vae-auxiliary',
    source: 'DGM Fig. 4.22; Self-Supervised Variational Auto-Encoders (Gatopoulos and Tomczak, 2021)',
    accepts: ({ levels, train }) =>
      levels !== undefined && levels <= MOST_LEVELS && sideOf(train.shape) !== undefined,
    create: pyramid,
  },
];
