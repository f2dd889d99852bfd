import { gatedPixelCnn, made, recurrentArm, transformerArm, waveNet, zigZagOrder } from '@dgm/arm';
import type { AutoregressiveModel } from '@dgm/arm';
import { categoricalHead, discretizedLogisticHead, discretizedLogisticMixtureHead } from '@dgm/core';
import type { Key } from '@dgm/core';
import type { CodecCase, CodecTable } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { autoregressiveCodec, readCodec } from '../src/index';

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
};
