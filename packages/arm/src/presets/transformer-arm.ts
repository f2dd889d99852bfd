import { ActivationLayer, Dense, Dropout, LayerNorm, MultiHeadAttention, sizeOf } from '@dgm/core';
import type { Key, Layer } from '@dgm/core';
import { CausalResidual } from '../layers/causal-residual';
import { CausalStack } from '../layers/causal-stack';
import { LearnedPositions } from '../layers/learned-positions';
import type { AutoregressiveModel } from '../model/autoregressive-model';
import type { OrderedArmOptions } from './options';
import { sequenceModel } from './sequence-model';

export interface TransformerArmOptions extends OrderedArmOptions {
  /** The size of a variable's vector. */
  readonly features: number;
  /** A divisor of `features`. */
  readonly heads: number;
  /** How many blocks of attention and MLP there are. */
  readonly blocks: number;
  /** Share of the units that is dropped in training; 0 unless given. */
  readonly dropout?: number;
}

/**
 * A causal transformer with learned positions, and norms before the parts of a block (GPT-2). Sampling keeps the keys and
 * values of earlier variables.
 * @see Attention Is All You Need (Vaswani et al., 2017). Generative Pretraining from Pixels (Chen et al., 2020)
 */
export function transformerArm({
  features,
  heads,
  blocks,
  dropout = 0,
  ...options
}: TransformerArmOptions): AutoregressiveModel {
  const { key } = options;
  return sequenceModel(options, ({ inputs, outputs }) => {
    const drop = (): Layer => new Dropout({ rate: dropout });
    return new CausalStack([
      new Dense({ inputs, outputs: features, key: key.fold('input') }),
      new LearnedPositions({ length: sizeOf(options.shape), features, key: key.fold('positions') }),
      drop(),
      ...Array.from({ length: blocks }, (_, index) =>
        block({ features, heads, key: key.fold(index), drop }),
      ).flat(),
      new LayerNorm({ features }),
      new Dense({ inputs: features, outputs, key: key.fold('output') }),
    ]);
  });
}

interface BlockOptions {
  readonly features: number;
  readonly heads: number;
  readonly key: Key;
  readonly drop: () => Layer;
}

function block({ features, heads, key, drop }: BlockOptions): Layer[] {
  const wide = 4 * features;
  return [
    new CausalResidual([
      new LayerNorm({ features }),
      new MultiHeadAttention({ features, heads, causal: true, key: key.fold('attention') }),
      drop(),
    ]),
    new CausalResidual([
      new LayerNorm({ features }),
      new Dense({ inputs: features, outputs: wide, key: key.fold('in') }),
      new ActivationLayer('gelu'),
      new Dense({ inputs: wide, outputs: features, key: key.fold('out') }),
      drop(),
    ]),
  ];
}
