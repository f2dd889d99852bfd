import {
  BaseModule,
  checkGiven,
  checkOptions,
  checkSampling,
  checkThat,
  formatShape,
  Key,
  sameShape,
  ShapeError,
} from '@dgm/core';
import type {
  ConditionedBatch,
  Distribution,
  Examples,
  GenerativeModel,
  MakeBatch,
  Objective,
  SampleOptions,
  Shape,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { ConditionedLatentModel } from '../analysis/analyze-latents';
import { chunksOf } from '../analysis/chunks';
import type { Chunk } from '../analysis/chunks';
import { record } from '../record';

/** A model with an encoder: a VAE gives the means of its posterior, an auto-encoder its latents. */
export interface LatentModel {
  readonly latentShape: Shape;
  encode(x: Tensor): Tensor | Distribution;
}

export interface LatentExamplesOptions {
  /**
   * The batch size of the encoder.
   * @defaultValue 256
   */
  readonly chunkSize?: number;
  /** Makes batches of examples, as for `fit`: `{ x, context }` for a conditional model. */
  readonly batch?: MakeBatch<Tensor | ConditionedBatch>;
  /**
   * Randomness of the batches.
   * @defaultValue Key.of(0)
   */
  readonly key?: Key;
}

/**
 * The latents of examples as a data set, with their labels: to fit a density, a classifier (M1 of Kingma et al.,
 * 2014), or a model with labels (M1+M2). The latents of a {@link vqVae} are its codes.
 * @throws ArgumentError if an option is out of its range, or the contexts of a conditional model are missing
 *
 * @example
 * ```ts
 * const model = autoencoder({
 *   encoder: mlp([64, 64, 2], { key: key.fold('encoder') }),
 *   decoder: mlp([2, 64, 64 * 17], { key: key.fold('decoder') }),
 *   likelihood: categoricalHead({ shape: [64], levels: 17 }),
 *   latents: 2,
 *   penalty: latentNorm(),
 * });
 * await fit(model, data, { key, optimizer, batchSize: 64, epochs: 20 });
 * const { values, shape } = await latentExamples(model, data.train); // shape: [2]
 * ```
 */
export async function latentExamples(
  model: LatentModel | (ConditionedLatentModel & { readonly latentShape: Shape }),
  examples: Examples,
  options: LatentExamplesOptions = {},
): Promise<Examples> {
  checkOptions('latentExamples', options, ['chunkSize', 'batch', 'key']);
  const { chunkSize = 256, batch, key = Key.of(0) } = options;
  const parts: Float32Array[] = [];
  for (const chunk of chunksOf('latentExamples', examples, { key, chunkSize, batch })) {
    const latents = tf.tidy(() => {
      const code = latentsOf(model, chunk());
      return 'logProb' in code ? code.mean() : tf.clone(code);
    });
    parts.push((await latents.data()) as Float32Array);
    latents.dispose();
  }
  const values = new Float32Array(parts.reduce((total, part) => total + part.length, 0));
  parts.reduce((start, part) => {
    values.set(part, start);
    return start + part.length;
  }, 0);
  const { count, labels } = examples;
  return { count, shape: model.latentShape, values, ...(labels && { labels }) };
}

function latentsOf(
  model: LatentModel | ConditionedLatentModel,
  { x, context }: Chunk,
): Tensor | Distribution {
  if ('encode' in model) return model.encode(x);
  checkGiven('latentExamples', 'batch', context, 'to make { x, context } for a conditional model');
  return model.given(context).encode(x);
}

/** The decoder of a model with a density of its latents. */
export interface DecodingModel extends LatentModel, GenerativeModel {
  decode(z: Tensor): Distribution;
}

/**
 * A trained auto-encoder that samples from a density fitted to its latents afterwards (ex post): a mixture, a flow or
 * any other generative model. It owns both.
 * @throws ShapeError if the density is of another shape than the latents
 * @see From Variational to Deterministic Autoencoders (Ghosh et al., 2020), §4
 *
 * @example
 * ```ts
 * const model = autoencoder({
 *   encoder: mlp([64, 64, 2], { key: key.fold('encoder') }),
 *   decoder: mlp([2, 64, 64 * 17], { key: key.fold('decoder') }),
 *   likelihood: categoricalHead({ shape: [64], levels: 17 }),
 *   latents: 2,
 *   penalty: latentNorm(),
 * });
 * await fit(model, data, { key, optimizer, batchSize: 64, epochs: 20 });
 * const density = ppcaMaximumLikelihood(await latentExamples(model, data.train), { latent: 1 });
 * const images = withLatentDensity(model, density).sample(key, 16); // [16, 64]
 * ```
 */
export function withLatentDensity(model: DecodingModel, density: GenerativeModel): GenerativeModel {
  checkThat('withLatentDensity', 'density', sameShape(model.latentShape, density.eventShape), {
    error: ShapeError,
    expected: `of events of shape ${formatShape(model.latentShape)}`,
    actual: formatShape(density.eventShape),
  });
  return record(new LatentDensityModel(model, density), 'withLatentDensity', arguments);
}

class LatentDensityModel extends BaseModule implements GenerativeModel {
  readonly likelihoodKind = 'none';
  readonly eventShape: Shape;
  readonly #model: DecodingModel;
  readonly #density: GenerativeModel;

  constructor(model: DecodingModel, density: GenerativeModel) {
    super();
    this.eventShape = model.eventShape;
    this.#model = this.child('model', model);
    this.#density = this.child('density', density);
  }

  sample(key: Key, n: number, options: SampleOptions = {}): Tensor {
    checkSampling('withLatentDensity.sample', { key, n, options });
    return tf.tidy(() => this.#model.decode(this.#density.sample(key.fold('z'), n)).sample(key.fold('x')));
  }

  /** The objectives of the auto-encoder: the density is fitted separately. */
  objectives(): readonly Objective[] {
    return this.#model.objectives();
  }
}
