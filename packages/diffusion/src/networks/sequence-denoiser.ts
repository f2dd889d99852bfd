import {
  ActivationLayer,
  AdaptiveResidual,
  ArgumentError,
  checkInteger,
  checkNumber,
  checkOptions,
  contextEmbedding,
  Conv1d,
  Dense,
  disposeOnThrow,
  Dropout,
  EmbeddedContext,
  Film,
  formatShape,
  LayerNorm,
  Sequential,
} from '@dgm/core';
import { record } from '../record';
import { checkedDenoiser, Denoiser, TIME, type DenoiserOptions } from './denoiser';

export interface SequenceDenoiserOptions extends DenoiserOptions {
  /** The size of a position's vector. @defaultValue 96 */
  readonly features?: number;
  /** The number of residual blocks. @defaultValue 8, which see 30 positions on each side */
  readonly blocks?: number;
}

/** How far apart the three positions are that a block sees, in turn. */
const DILATIONS = [1, 2, 4, 8] as const;

/**
 * Residual dilated convolutions over a sequence, for text and other categories in a row, with {@link oneHotEntries}. What stands
 * near a position means the same everywhere, so that it learns from far fewer examples than {@link transformerDenoiser}; the
 * condition scales, shifts and gates each block.
 * @throws ArgumentError for an option that is unknown or out of its range, or a shape that is no sequence
 * @see WaveNet (van den Oord et al., 2016), §2.1, here without the order; Scalable Diffusion Models with Transformers (Peebles
 * and Xie, 2023), §3.2, for the condition
 *
 * @example
 * ```ts
 * const entries = oneHotEntries({ levels: 27 });
 * const network = sequenceDenoiser({ shape: [128], outputs: 27, entries, key });
 * const model = maskedDiffusion({ shape: [128], levels: 27, network });
 * ```
 */
export function sequenceDenoiser(options: SequenceDenoiserOptions): Denoiser {
  const where = 'sequenceDenoiser';
  const { entries, outputs, contextSize, lead } = checkedDenoiser(where, options);
  const { features = 96, blocks = 8, dropout = 0, key, ...unknown } = lead;
  checkOptions(where, unknown, ['features', 'blocks', 'dropout', 'key']);
  checkInteger(where, 'features', features);
  checkInteger(where, 'blocks', blocks);
  checkNumber(where, 'dropout', dropout, { min: 0, below: 1 });
  if (options.shape.length !== 1) {
    throw new ArgumentError({
      where,
      argument: 'shape',
      expected: 'to be [length]',
      actual: formatShape(options.shape),
    });
  }
  const network = disposeOnThrow(() => {
    const ofContext = { contextSize: 1 + contextSize, key: key.fold('context') };
    const block = (index: number): AdaptiveResidual => {
      const own = key.fold(index);
      const dilation = DILATIONS[index % DILATIONS.length]!;
      return new AdaptiveResidual({
        ...{ features, contextSize: features, key: own.fold('context') },
        body: new Sequential([
          new Conv1d({
            ...{ inputs: features, outputs: features, kernelSize: 3, dilation, padding: 'same' },
            key: own.fold('convolution'),
          }),
          new ActivationLayer('swish'),
          ...(dropout > 0 ? [new Dropout({ rate: dropout })] : []),
          new Dense({ inputs: features, outputs: features, key: own.fold('out') }),
        ]),
      });
    };
    const body = new EmbeddedContext({
      contextSize: 1 + contextSize,
      embedding: contextEmbedding({ ...ofContext, features, time: TIME }),
      body: new Sequential([
        new Dense({ inputs: entries.size, outputs: features, key: key.fold('in') }),
        ...Array.from({ length: blocks }, (_, index) => block(index)),
        new LayerNorm({ features }),
        new Film({ features, contextSize: features, initial: 'zero', key: key.fold('film') }),
        new Dense({ inputs: features, outputs, initial: 'zero', key: key.fold('last') }),
      ]),
    });
    return new Denoiser({ shape: options.shape, outputs, entries, contextSize, body });
  });
  return record(network, 'sequenceDenoiser', arguments);
}
