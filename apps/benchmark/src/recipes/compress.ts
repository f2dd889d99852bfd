import { adam, asLayer, BaseLayer, Dense, mlp, Sequential, sizeOf } from '@dgm/core';
import type { CallOptions, Examples, Key, Layer } from '@dgm/core';
import { channelConditionalEntropy, neuralCodec, neuralCompressor } from '@dgm/compress';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Curve } from '../results/schema';
import { isVectorsOfIntegers } from './shared/datasets';
import type { Experiment, Recipe, RecipeTask } from './shared/recipe';

/** What a nat of rate costs at each rate, in squared units of a pixel of 17 levels. */
const BETAS = [3.5, 1.8, 0.9, 0.45, 0.22, 0.11, 0.05];
/** How many entries of a code are coded at a time. */
const GROUPS = [4, 4, 8, 16];
/** Of the logistic distributions that each entry mixes. */
const COMPONENTS = 3;

/** The sum of a linear map, which is a start as good as principal components, and of a network. */
export class Parallel extends BaseLayer {
  readonly #linear: Layer;
  readonly #network: Layer;

  constructor(inputs: number, hidden: number, outputs: number, key: Key) {
    super();
    this.#linear = this.child('linear', new Dense({ inputs, outputs, key: key.fold('linear') }));
    this.#network = this.child(
      'network',
      mlp([inputs, hidden, outputs], { key: key.fold('network'), activation: 'swish' }),
    );
  }

  protected forward(x: Tensor, call: CallOptions): Tensor {
    return tf.add(this.#linear.apply(x, call), this.#network.apply(x, call));
  }
}

/** One model for all rates. */
function create({ dataset, key, quick, width = quick ? 32 : 192 }: RecipeTask): Experiment {
  const { train, levels } = dataset;
  const dims = sizeOf(train.shape);
  const half = (levels! - 1) / 2;
  const size = GROUPS.reduce((sum, group) => sum + group, 0);
  const rates = BETAS.length;
  const before = (group: number): number => GROUPS.slice(0, group).reduce((sum, each) => sum + each, 0);
  const model = neuralCompressor({
    eventShape: train.shape,
    encoder: new Sequential([
      asLayer((x) => tf.sub(tf.div(x, half), 1)),
      new Parallel(dims, width, size, key.fold('encoder')),
    ]),
    decoder: new Sequential([
      new Parallel(size, width, dims, key.fold('decoder')),
      asLayer((y) => tf.mul(tf.add(y, 1), half)),
    ]),
    entropyModel: channelConditionalEntropy({
      groups: GROUPS,
      rates,
      components: COMPONENTS,
      networks: GROUPS.slice(1).map((group, index) =>
        mlp([before(index + 1) + rates, quick ? 16 : 64, 3 * COMPONENTS * group], {
          key: key.fold('entropy').fold(index),
          activation: 'swish',
        }),
      ),
    }),
    // Costs are in units of the data.
    beta: BETAS.map((beta) => (beta * half ** 2) / 64),
    range: [0, levels! - 1],
  });
  return {
    model,
    training: {
      optimizer: adam({ learningRate: 3e-3 }),
      ema: { decay: 0.99 },
      batchSize: 64,
      epochs: 600,
      earlyStopping: { patience: 50 },
    },
    reconstruct: (x) => model.reconstruct(x),
    measure: (examples) => {
      const codec = neuralCodec(model);
      return Promise.resolve({ curves: [rateDistortion(codec, examples)] });
    },
  };
}

/** Bits per example of one file of all examples, and the mean squared error of what it decodes to, at each rate. */
function rateDistortion(codec: ReturnType<typeof neuralCodec>, { values, count }: Examples): Curve {
  const points = Array.from({ length: codec.rates }, (_, rate) => {
    const file = codec.encode(values, { rate });
    const { values: decoded } = codec.decode(file);
    const error = decoded.reduce((sum, value, at) => sum + (value - values[at]!) ** 2, 0) / decoded.length;
    return [(8 * file.length) / count, error] as const;
  });
  return {
    name: 'rate-distortion',
    x: { name: 'rate', unit: 'bits per example' },
    y: { name: 'mean squared error' },
    points,
  };
}

export const recipes: readonly Recipe[] = [
  {
    name: 'neural-compressor',
    source: 'DGM §8.4, Listings 8.1-8.5; Minnen and Singh, 2020; Cui et al., 2021',
    isFlagship: true,
    accepts: isVectorsOfIntegers,
    create,
  },
];
