import { checkOptions, Dense, Dropout, relu } from '@dgm/core';
import type { Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { record } from '../record';
import { BaseCausalLayer } from './causal-layer';
import type { Through } from './causal-layer';
import { CausalConv1d } from './causal-conv1d';
import { gate } from './gate';

export interface GatedResidualStackOptions {
  /** Channels of the input. */
  readonly inputs: number;
  /** Channels of the output. */
  readonly outputs: number;
  /** Channels within. */
  readonly hidden: number;
  readonly kernelSize: number;
  /** One block for each. */
  readonly dilations: readonly number[];
  /**
   * Share of the units that is dropped in training.
   * @defaultValue 0
   */
  readonly dropout?: number;
  /** Randomness for the initial weights. */
  readonly key: Key;
}

interface Block {
  readonly drop: Dropout;
  readonly convolution: CausalConv1d;
  readonly residual: Dense;
  readonly skip: Dense;
}

/**
 * WaveNet's stack: blocks of a dilated causal convolution and a gated unit, each with a residual connection to the next
 * block and a skip connection to the output:
 * $z = \tanh(W_f * h) \odot \sigma(W_g * h)$, $h' = h + W_r z$, $y = W_2\, \mathrm{relu}(W_1\, \mathrm{relu}(\sum W_s z))$.
 * @see WaveNet: A Generative Model for Raw Audio (van den Oord et al., 2016), §2.3-2.4
 *
 * @example
 * ```ts
 * const body = new GatedResidualStack({ inputs: 8, outputs: 17, hidden: 32, kernelSize: 3, dilations: [1, 2, 4], key });
 * body.apply(tf.zeros([4, 10, 8])); // [4, 10, 17]
 * ```
 */
export class GatedResidualStack extends BaseCausalLayer {
  readonly #input: CausalConv1d;
  readonly #blocks: readonly Block[];
  readonly #hidden: Dense;
  readonly #output: Dense;

  constructor({
    inputs,
    outputs,
    hidden,
    kernelSize,
    dilations,
    dropout = 0,
    key,
    ...unknown
  }: GatedResidualStackOptions) {
    super();
    record(this, 'GatedResidualStack', arguments);
    checkOptions('GatedResidualStack', unknown, [
      'inputs',
      'outputs',
      'hidden',
      'kernelSize',
      'dilations',
      'dropout',
      'key',
    ]);
    const input = { inputs, outputs: hidden, kernelSize, key: key.fold('input') };
    this.#input = this.adopt('input', new CausalConv1d(input));
    this.#blocks = dilations.map((dilation, index) => {
      const own = key.fold(index);
      const convolution = { inputs: hidden, outputs: 2 * hidden, kernelSize, dilation };
      const dense = { inputs: hidden, outputs: hidden };
      return {
        drop: this.adopt(`drop${index}`, new Dropout({ rate: dropout })),
        convolution: this.adopt(`gate${index}`, new CausalConv1d({ ...convolution, key: own.fold('gate') })),
        residual: this.adopt(`residual${index}`, new Dense({ ...dense, key: own.fold('residual') })),
        skip: this.adopt(`skip${index}`, new Dense({ ...dense, key: own.fold('skip') })),
      };
    });
    const dense = { inputs: hidden, outputs: hidden, key: key.fold('hidden') };
    this.#hidden = this.adopt('hidden', new Dense(dense));
    this.#output = this.adopt('output', new Dense({ ...dense, outputs, key: key.fold('output') }));
  }

  protected compute(x: Tensor, through: Through): Tensor {
    let h = through(this.#input, x);
    let skipped: Tensor | undefined;
    this.#blocks.forEach(({ drop, convolution, residual, skip }, index) => {
      const z = gate(through(convolution, through(drop, h)));
      const toOutput = through(skip, z);
      skipped = skipped === undefined ? toOutput : tf.add(skipped, toOutput);
      // The residual of the last block would go nowhere but to the output's sum.
      h = tf.add(h, through(residual, z));
      if (index === this.#blocks.length - 1) skipped = tf.add(skipped, h);
    });
    return through(this.#output, relu(through(this.#hidden, relu(skipped ?? h))));
  }
}
