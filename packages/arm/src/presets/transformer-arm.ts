import { ActivationLayer, Dense, Dropout, LayerNorm, MultiHeadAttention } from '@dgm/core';
import type { Key, Layer } from '@dgm/core';
import { CausalResidual, CausalStack } from '../layers/causal-stack';
import { LearnedPositions } from '../layers/learned-positions';
import type { AutoregressiveModel } from '../model/autoregressive-model';
import { numVariablesOf } from '../model/check-fit';
import { count, makeArm, oneOf, optional, share } from './options';
import type { OrderedArmOptions } from './options';
import { sequenceModel } from './sequence-model';

export interface TransformerArmOptions extends OrderedArmOptions {
  /** The size of a variable's vector. */
  readonly features: number;
  /** A divisor of `features`. */
  readonly heads: number;
  /** How many blocks of attention and MLP there are. */
  readonly blocks: number;
  /**
   * How a variable's place is known: a `learned` vector is added, or attention is `rotary`.
   * @defaultValue 'learned'
   */
  readonly positions?: 'learned' | 'rotary';
  /**
   * Share of the units that is dropped in training.
   * @defaultValue 0
   */
  readonly dropout?: number;
}

/**
 * A causal transformer with norms before the parts of a block (GPT-2). Sampling keeps the keys and values of earlier
 * variables.
 * @see Attention Is All You Need (Vaswani et al., 2017). Generative Pretraining from Pixels (Chen et al., 2020).
 *   RoFormer (Su et al., 2021)
 *
 * @example
 * ```ts
 * const likelihood = categoricalHead({ shape: [], levels: 28 }); // characters
 * const model = transformerArm({ shape: [32], likelihood, features: 64, heads: 4, blocks: 2, key });
 * ```
 */
export function transformerArm(options: TransformerArmOptions): AutoregressiveModel {
  return makeArm(options, {
    name: 'transformerArm',
    ordered: true,
    own: {
      features: count,
      heads: count,
      blocks: count,
      positions: optional(oneOf('learned', 'rotary')),
      dropout: optional(share),
    },
    build,
  });
}

function build({
  features,
  heads,
  blocks,
  positions = 'learned',
  dropout = 0,
  ...options
}: TransformerArmOptions): AutoregressiveModel {
  const { key } = options;
  return sequenceModel(options, ({ inputs, outputs }) => {
    const drop = (): Layer => new Dropout({ rate: dropout });
    const rotary = positions === 'rotary';
    const places = {
      length: numVariablesOf(options.shape, options.likelihood),
      features,
      key: key.fold('positions'),
    };
    return new CausalStack([
      new Dense({ inputs, outputs: features, key: key.fold('input') }),
      ...(rotary ? [] : [new LearnedPositions(places)]),
      drop(),
      ...Array.from({ length: blocks }, (_, index) =>
        block({ features, heads, rotary, key: key.fold(index), drop }),
      ).flat(),
      new LayerNorm({ features }),
      new Dense({ inputs: features, outputs, key: key.fold('output') }),
    ]);
  });
}

interface BlockOptions {
  readonly features: number;
  readonly heads: number;
  readonly rotary: boolean;
  readonly key: Key;
  readonly drop: () => Layer;
}

function block({ features, heads, rotary, key, drop }: BlockOptions): Layer[] {
  const wide = 4 * features;
  return [
    new CausalResidual([
      new LayerNorm({ features }),
      new MultiHeadAttention({ features, heads, causal: true, rotary, key: key.fold('attention') }),
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
