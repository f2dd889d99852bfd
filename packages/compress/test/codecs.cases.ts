import { gatedPixelCnn, made, recurrentArm, transformerArm, waveNet, zigZagOrder } from '@dgm/arm';
import type { AutoregressiveModel } from '@dgm/arm';
import {
  categoricalHead,
  DiscretizedLogistic,
  discretizedLogisticHead,
  discretizedLogisticMixtureHead,
  Independent,
  mlp,
  normalHead,
  Permutation,
  sizeOf,
} from '@dgm/core';
import type { DistributionHead, Key } from '@dgm/core';
import { autoregressiveIdf, flow, idf, imageIdf } from '@dgm/flows';
import type { Flow } from '@dgm/flows';
import { bottomUpVae, topDownVae, vae } from '@dgm/vae';
import type { BottomUpVae, TopDownVae, Vae } from '@dgm/vae';
import type { CodecCase, CodecTable } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import {
  autoregressiveCodec,
  bitsBackCodec,
  integerFlowCodec,
  neuralCodec,
  readCodec,
  readLossyCodec,
} from '../src/index';
import type { NeuralCompressor } from '../src/index';
import { channelConditional, factorized, hyperprior, ofVectors } from './compressors.cases';

const shape = [3, 3];
const levels = 5;
const likelihood = categoricalHead({ shape: [], levels });

/** A codec of a small model with random weights. */
function ofArm(make: (key: Key) => AutoregressiveModel): () => CodecCase {
  return () => ({
    levels,
    read: readCodec,
    make: (key) => {
      const model = make(key);
      try {
        return autoregressiveCodec(model, { rows: 4 });
      } finally {
        model.dispose();
      }
    },
    bits: (key, values) => {
      const model = make(key);
      const nats = tf.tidy(() =>
        tf.sum(model.logProb(tf.tensor(values, [values.length / 9, ...shape], 'float32'))).dataSync(),
      );
      model.dispose();
      return -nats[0]! / Math.LN2;
    },
  });
}

const oneLevel =
  (head: DistributionHead) =>
  (key: Key): Vae =>
    vae({
      encoder: mlp([9, 8, 4], { key: key.fold('encoder') }),
      decoder: mlp([2, 8, head.numParameters], { key: key.fold('decoder') }),
      posterior: normalHead({ shape: [2] }),
      likelihood: head,
    });

const twoLevels =
  (head: DistributionHead) =>
  (key: Key): TopDownVae =>
    topDownVae({
      levels: [
        {
          latent: 2,
          prior: mlp([2, 4], { key: key.fold('prior') }),
          bottomUp: mlp([9, 8], { key: key.fold('up 1') }),
          evidence: mlp([8, 4], { key: key.fold('evidence 1') }),
        },
        {
          latent: 2,
          bottomUp: mlp([8, 4], { key: key.fold('up 2') }),
          evidence: mlp([4, 4], { key: key.fold('evidence 2') }),
        },
      ],
      decoder: mlp([2, 8, head.numParameters], { key: key.fold('decoder') }),
      likelihood: head,
    });

const upwards =
  (head: DistributionHead) =>
  (key: Key): BottomUpVae =>
    bottomUpVae({
      levels: [
        {
          latent: 2,
          prior: mlp([2, 4], { key: key.fold('prior') }),
          posterior: mlp([9, 8, 4], { key: key.fold('posterior 1') }),
        },
        { latent: 2, posterior: mlp([2, 4], { key: key.fold('posterior 2') }) },
      ],
      decoder: mlp([2, 8, head.numParameters], { key: key.fold('decoder') }),
      likelihood: head,
    });

/** A codec of a small VAE with random weights. */
function ofVae(make: (key: Key) => Vae | TopDownVae | BottomUpVae): () => CodecCase {
  return () => ({
    levels,
    read: readCodec,
    make: (key) => {
      const model = make(key);
      try {
        return bitsBackCodec(model);
      } finally {
        model.dispose();
      }
    },
    // Words of random bits at the start, for the first draws.
    overhead: 60,
    bits: (key, values) => {
      const model = make(key);
      const n = values.length / 9;
      const nats = tf.tidy(() => {
        const many = tf.tile(tf.tensor(values, [n, 9], 'float32'), [100, 1]);
        return tf.div(tf.sum(model.elbo(many, key)), 100).dataSync();
      });
      model.dispose();
      return -nats[0]! / Math.LN2;
    },
  });
}

/** A codec of a small integer flow with random weights. */
function ofFlow(make: (key: Key) => Flow): () => CodecCase {
  return () => ({
    levels,
    read: readCodec,
    unknown: [2 ** 31, -(2 ** 31) - 1, 0.5, NaN],
    make: (key) => {
      const model = make(key);
      try {
        return integerFlowCodec(model, { rows: 4 });
      } finally {
        model.dispose();
      }
    },
    bits: (key, values) => {
      const model = make(key);
      const n = values.length / sizeOf(model.eventShape);
      const nats = tf.tidy(() =>
        tf.sum(model.logProb(tf.tensor(values, [n, ...model.eventShape], 'float32'))).dataSync(),
      );
      model.dispose();
      return -nats[0]! / Math.LN2;
    },
  });
}

/** A codec of a small neural compressor with random weights. */
function ofCompressor(make: (key: Key) => NeuralCompressor): () => CodecCase {
  const withModel = <T>(
    key: Key,
    values: Int32Array,
    use: (model: NeuralCompressor, x: tf.Tensor) => T,
  ): T => {
    const model = make(key);
    try {
      return use(
        model,
        tf.tensor(values, [values.length / sizeOf(model.eventShape), ...model.eventShape], 'float32'),
      );
    } finally {
      model.dispose();
    }
  };
  return () => ({
    levels: 16,
    read: readLossyCodec,
    unknown: [NaN, Infinity],
    make: (key) => {
      const model = make(key);
      try {
        return neuralCodec(model, { rows: 4 });
      } finally {
        model.dispose();
      }
    },
    reconstruction: (key, values) =>
      values.length === 0
        ? []
        : tf.tidy(() => withModel(key, values, (model, x) => model.reconstruct(x).dataSync())),
    bits: (key, values) =>
      tf.tidy(() => withModel(key, values, (model, x) => tf.sum(model.rate(x)).dataSync()[0]! / Math.LN2)),
  });
}

/** Every codec, with a network that steps and one that does not, and every kind of likelihood of few levels. */
export const codecs: CodecTable = {
  'autoregressiveCodec of a WaveNet': ofArm((key) =>
    waveNet({ shape, likelihood, hidden: 4, dilations: [1, 2, 4], key }),
  ),
  'autoregressiveCodec of a recurrent network, in zigzag': ofArm((key) =>
    recurrentArm({ shape, likelihood, hidden: 4, order: zigZagOrder(shape), key }),
  ),
  'autoregressiveCodec of a transformer': ofArm((key) =>
    transformerArm({ shape, likelihood, features: 8, heads: 2, blocks: 1, key }),
  ),
  'autoregressiveCodec of logistics by a MADE': ofArm((key) =>
    made({ shape, likelihood: discretizedLogisticHead({ shape: [], levels }), hidden: [8], key }),
  ),
  'autoregressiveCodec of mixtures by a gated PixelCNN': ofArm((key) =>
    gatedPixelCnn({
      shape,
      likelihood: discretizedLogisticMixtureHead({ shape: [], levels, components: 2 }),
      hidden: 4,
      blocks: 1,
      key,
    }),
  ),
  'bitsBackCodec of categories': ofVae(oneLevel(categoricalHead({ shape: [9], levels }))),
  'bitsBackCodec of two levels': ofVae(twoLevels(categoricalHead({ shape: [9], levels }))),
  'bitsBackCodec of two levels that go up': ofVae(upwards(categoricalHead({ shape: [9], levels }))),
  'integerFlowCodec of an IDF': ofFlow((key) => idf({ dims: 9, couplings: 2, hidden: [8], key })),
  'integerFlowCodec of an IDF of images, with mixtures': ofFlow((key) =>
    imageIdf({ shape: [2, 4, 1], levels, scales: 1, steps: 1, hidden: 4, key }),
  ),
  'integerFlowCodec of an IDF of images, with two scales': ofFlow((key) =>
    imageIdf({ shape: [4, 4, 1], levels, scales: 2, steps: 1, hidden: 4, components: 2, key }),
  ),
  'integerFlowCodec of an autoregressive base': ofFlow((key) =>
    autoregressiveIdf({ dims: 9, levels, hidden: [8], baseHidden: [8], components: 2, key }),
  ),
  'integerFlowCodec of a fixed base': ofFlow((key) =>
    flow({
      layers: [Permutation.reverse(9)],
      base: new Independent(new DiscretizedLogistic(2, 1 + key.generator().uniform(), { shape: [9] }), 1),
    }),
  ),
  'neuralCodec of a factorized model': ofCompressor((key) => factorized(key)),
  'neuralCodec of a hyperprior': ofCompressor((key) => hyperprior(key)),
  'neuralCodec of groups of channels, with three rates': ofCompressor((key) => channelConditional(key)),
  'neuralCodec of a vector codebook': ofCompressor(ofVectors),
  'bitsBackCodec of mixtures': ofVae(
    oneLevel(discretizedLogisticMixtureHead({ shape: [9], levels, components: 2 })),
  ),
};
