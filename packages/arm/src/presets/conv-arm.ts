import { ActivationLayer, Dropout } from '@dgm/core';
import type { Activation } from '@dgm/core';
import { CausalConv1d } from '../layers/causal-conv1d';
import { CausalStack } from '../layers/causal-stack';
import type { AutoregressiveModel } from '../model/autoregressive-model';
import { anything, count, counts, makeArm, optional, share } from './options';
import type { OrderedArmOptions } from './options';
import { sequenceModel } from './sequence-model';

export interface ConvArmOptions extends OrderedArmOptions {
  /**
   * Channels of the hidden layers.
   * @defaultValue 256
   */
  readonly hidden?: number;
  /** @defaultValue 7 */
  readonly kernelSize?: number;
  /**
   * The dilation of each layer.
   * @defaultValue [1, 1, 1, 1]
   */
  readonly dilations?: readonly number[];
  /** @defaultValue 'leakyRelu' */
  readonly activation?: Activation;
  /**
   * Share of the units that is dropped in training.
   * @defaultValue 0
   */
  readonly dropout?: number;
}

/**
 * The book's model: a stack of causal convolutions, the first of which leaves out its own position (here: all see the
 * sequence one position late, which comes to the same). By default it takes the values `raw`, as in the book.
 * @see DGM §2.3, Listings 2.1-2.3
 *
 * @example
 * ```ts
 * const model = convArm({ shape: [64], likelihood: categoricalHead({ shape: [], levels: 17 }), hidden: 32, key });
 * ```
 */
export function convArm(options: ConvArmOptions): AutoregressiveModel {
  return makeArm(options, {
    name: 'convArm',
    ordered: true,
    own: {
      hidden: optional(count),
      kernelSize: optional(count),
      dilations: optional(counts),
      activation: anything,
      dropout: optional(share),
    },
    build,
  });
}

function build({
  hidden = 256,
  kernelSize = 7,
  dilations = [1, 1, 1, 1],
  activation = 'leakyRelu',
  dropout = 0,
  ...options
}: ConvArmOptions): AutoregressiveModel {
  return sequenceModel({ encoding: 'raw', ...options }, ({ inputs, outputs }) => {
    const layers = dilations.flatMap((dilation, index) => {
      const isLast = index === dilations.length - 1;
      const convolution = new CausalConv1d({
        inputs: index === 0 ? inputs : hidden,
        outputs: isLast ? outputs : hidden,
        ...{ kernelSize, dilation, key: options.key.fold(index) },
      });
      return isLast
        ? [convolution]
        : [convolution, new ActivationLayer(activation), new Dropout({ rate: dropout })];
    });
    return new CausalStack(layers);
  });
}
