import { checkInteger, checkOptions } from '../check/check';
import { record } from '../construction/record';
import { ActivationLayer, type Activation } from './activation';
import { AdaptiveResidual, checkConditioned, type ConditionedOptions } from './conditioning';
import { Dense } from './dense';
import { Dropout } from './dropout';
import type { Layer } from './layer';
import { LayerNorm } from './layer-norm';
import { MultiHeadAttention } from './multi-head-attention';
import { Residual } from './residual';
import { Sequential } from './sequential';

export interface TransformerBlockOptions extends ConditionedOptions {
  /** The size of a position's vector. */
  readonly features: number;
  /** How many heads share the features; a divisor of `features`. */
  readonly heads: number;
  /** Hidden units of the second branch. @defaultValue 4 * `features` */
  readonly hidden?: number;
  /** Whether a position sees only itself and those before it. @defaultValue false */
  readonly causal?: boolean;
  /** Whether attention uses rotary positions. @defaultValue false */
  readonly rotary?: boolean;
  /** @defaultValue 'gelu' */
  readonly activation?: Activation;
}

/**
 * A transformer block with normalization first: $h = x + \mathrm{attention}(\mathrm{norm}(x))$,
 * $y = h + K_2\, a(K_1\, \mathrm{norm}(h) + b_1) + b_2$. With a `contextSize` it is the block of a diffusion
 * transformer: the condition scales, shifts and gates both branches ({@link AdaptiveResidual}).
 *
 * @returns a layer of `[n, length, features]`
 * @throws {@link ArgumentError} for an option out of its range.
 * @see Attention Is All You Need (Vaswani et al., 2017), §3; Scalable Diffusion Models with Transformers (Peebles and
 * Xie, 2023), Figure 3
 *
 * @example
 * ```ts
 * const block = transformerBlock({ features: 32, heads: 4, causal: true, rotary: true, key });
 * block.apply(tf.zeros([4, 10, 32])); // [4, 10, 32]
 * ```
 */
export function transformerBlock({
  features,
  heads,
  hidden = 4 * features,
  causal = false,
  rotary = false,
  contextSize = 0,
  dropout = 0,
  key,
  activation = 'gelu',
  ...unknown
}: TransformerBlockOptions): Layer {
  const where = 'transformerBlock';
  checkOptions(where, unknown, [
    'features',
    'heads',
    'hidden',
    'causal',
    'rotary',
    'contextSize',
    'dropout',
    'key',
    'activation',
  ]);
  checkInteger(where, 'features', features);
  checkInteger(where, 'hidden', hidden);
  checkConditioned(where, { contextSize, dropout, key });
  const activate = new ActivationLayer(activation);
  const drop = dropout > 0 ? [new Dropout({ rate: dropout })] : [];
  const branch = (name: string, body: readonly Layer[]): Layer =>
    contextSize > 0
      ? new AdaptiveResidual({
          body: new Sequential([...body, ...drop]),
          features,
          contextSize,
          key: key.fold(name).fold('context'),
        })
      : new Residual({ body: new Sequential([new LayerNorm({ features }), ...body, ...drop]) });
  return record(
    new Sequential([
      branch('attention', [
        new MultiHeadAttention({ features, heads, causal, rotary, key: key.fold('attention') }),
      ]),
      branch('mlp', [
        new Dense({ inputs: features, outputs: hidden, key: key.fold('in') }),
        activate,
        new Dense({ inputs: hidden, outputs: features, key: key.fold('out') }),
      ]),
    ]),
    'transformerBlock',
    arguments,
  );
}
