import { UnsupportedError } from '@dgm/core';
import type { ConditionalLoopModel } from '@dgm/core';
import { NeuralCompressor } from '../lossy/neural-compressor';
import { autoregressiveCodec } from './autoregressive-codec';
import { bitsBackCodec } from './bits-back-codec';
import type { LatentModel } from './latent-programs';
import type { Codec, LossyCodec } from './codec';
import { integerFlowCodec } from './integer-flow-codec';
import type { IntegerFlowModel } from './integer-flow-model';
import { neuralCodec } from './neural-codec';

/**
 * The codec of a model of any kind, with the defaults of that codec: {@link autoregressiveCodec} of a model with conditionals,
 * {@link integerFlowCodec} of a flow of integers, {@link bitsBackCodec} of a model with latent variables, and {@link neuralCodec} of a
 * neural compressor.
 *
 * @param model - its present weights are copied
 * @throws UnsupportedError if there is no codec for it, or its codec does not take its distributions
 * @throws EngineError if it uses a kernel whose bits are not the same everywhere
 *
 * @example
 * ```ts
 * const model = made({ shape: [64], hidden: [128], likelihood: categoricalHead({ shape: [], levels: 17 }), key });
 * const codec = codecOf(model); // of an autoregressive model
 * if (codec.isLossless) codec.decode(codec.encode(data.test.values)).values; // the same integers
 * ```
 */
export function codecOf(model: object): Codec | LossyCodec {
  if (model instanceof NeuralCompressor) return neuralCodec(model);
  if (hasMembers<ConditionalLoopModel>(model, ['conditionalLoop'])) return autoregressiveCodec(model);
  if (hasMembers<LatentModel>(model, ['encode', 'decode', 'prior', 'latentShape']))
    return bitsBackCodec(model);
  if (hasMembers<IntegerFlowModel>(model, ['encode', 'decode', 'given']) && model.levels === Infinity) {
    return integerFlowCodec(model);
  }
  throw new UnsupportedError({
    where: 'codecOf',
    argument: 'model',
    expected:
      'to be an autoregressive model, a flow of integers, a model with latent variables or a neural compressor',
    actual: model.constructor.name,
  });
}

function hasMembers<Model extends object>(
  model: object,
  names: readonly (keyof Model & string)[],
): model is Model {
  return names.every((name) => name in model);
}
