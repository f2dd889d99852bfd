import { BaseModule, formatShape, sameShape, ShapeError } from '@dgm/core';
import type { Distribution, Examples, GenerativeModel, Key, Objective, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { chunksOf } from '../analysis/chunks';

/** A model whose encoder says where examples lie: a VAE by the means of its posterior, an auto-encoder by itself. */
export interface LatentModel {
  readonly latentShape: Shape;
  encode(x: Tensor): Tensor | Distribution;
}

/**
 * The latents of examples as examples themselves, with their labels: to fit a density to, or a classifier (M1 of Kingma et
 * al., 2014), or a model with labels (M1+M2).
 * @param options - `chunkSize`: how many examples the encoder sees at once, 256 unless given
 */
export async function latentExamples(
  model: LatentModel,
  examples: Examples,
  { chunkSize = 256 }: { readonly chunkSize?: number } = {},
): Promise<Examples> {
  const parts: Float32Array[] = [];
  for (const chunk of chunksOf(examples, chunkSize)) {
    const latents = tf.tidy(() => {
      const code = model.encode(chunk());
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

/** A model that decodes draws of a density of its latents. */
export interface DecodingModel extends LatentModel, GenerativeModel {
  decode(z: Tensor): Distribution;
}

/**
 * A trained auto-encoder that samples from a density which was fitted to its latents afterwards (ex post): a mixture, a flow,
 * any model of core's interface. It owns both.
 * @throws ShapeError if the density is of another shape than the latents
 * @see From Variational to Deterministic Autoencoders (Ghosh et al., 2020), §4
 */
export function withLatentDensity(model: DecodingModel, density: GenerativeModel): GenerativeModel {
  if (!sameShape(model.latentShape, density.eventShape)) {
    throw new ShapeError({
      where: 'withLatentDensity',
      argument: 'density',
      expected: `of events of shape ${formatShape(model.latentShape)}`,
      actual: formatShape(density.eventShape),
    });
  }
  return new LatentDensityModel(model, density);
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

  sample(key: Key, n: number): Tensor {
    return tf.tidy(() => this.#model.decode(this.#density.sample(key.fold('z'), n)).sample(key.fold('x')));
  }

  /** The auto-encoder's: the density is fitted by itself. */
  objectives(): readonly Objective[] {
    return this.#model.objectives();
  }
}
