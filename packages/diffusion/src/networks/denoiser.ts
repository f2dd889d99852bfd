import {
  BaseLayer,
  checkGiven,
  checkInteger,
  checkKey,
  checkMethods,
  checkSizes,
  leadingShape,
  sizeOf,
} from '@dgm/core';
import type { CallOptions, Key, Layer, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { record } from '../record';
import { plainEntries, type EntryFeatures } from './entry-features';

/** Options that all denoisers have. */
export interface DenoiserOptions {
  /** The shape of one example. */
  readonly shape: Shape;
  /**
   * Numbers for each entry of an example: 1, or the number of levels where the network gives logits.
   * @defaultValue 1
   */
  readonly outputs?: number;
  /** What the network sees of each entry. @defaultValue `plainEntries()` */
  readonly entries?: EntryFeatures;
  /** The width of a condition besides the time, for example the number of classes. @defaultValue 0 */
  readonly contextSize?: number;
  /** @defaultValue 0 */
  readonly dropout?: number;
  /** Randomness for the initial weights. */
  readonly key: Key;
}

/**
 * A network for the models of this package: from examples `[n, ...shape]` and the context `[n, 1 + contextSize]`, whose first
 * column is a time in [0, 1], to `outputs` numbers for each entry, `[n, ...shape, outputs]`.
 *
 * @example
 * ```ts
 * const body = new Sequential([
 *   new Flatten(),
 *   residualMlp({ inputs: 2, outputs: 2, features: 64, contextSize: 1, time: { scale: 1000 }, key }),
 * ]);
 * const network = new Denoiser({ shape: [2], body });
 * network.apply(tf.zeros([4, 2]), { context: tf.fill([4, 1], 0.5) }); // [4, 2, 1]
 * ```
 */
export class Denoiser extends BaseLayer {
  readonly eventShape: Shape;
  readonly outputs: number;
  readonly contextSize: number;
  readonly #entries: EntryFeatures;
  readonly #body: Layer;

  /** @param body - from `[n, ...shape, entries.size]` to anything of the size of `[n, ...shape, outputs]`; it is owned */
  constructor({
    shape,
    outputs = 1,
    entries = plainEntries(),
    contextSize = 0,
    body,
  }: Pick<DenoiserOptions, 'shape' | 'outputs' | 'entries' | 'contextSize'> & { readonly body: Layer }) {
    super();
    record(this, 'Denoiser', arguments);
    this.eventShape = shape;
    this.outputs = outputs;
    this.contextSize = contextSize;
    this.#entries = entries;
    this.#body = this.child('body', body);
  }

  protected override validate(x: Tensor): void {
    leadingShape(x.shape, this.eventShape, 'Denoiser.apply', 'x');
  }

  protected forward(x: Tensor, call: CallOptions): Tensor {
    const output = this.#body.apply(this.#entries.of(x), call);
    return tf.reshape(output, [...x.shape, this.outputs]);
  }
}

/** Frequencies from 0.5 to 50 for times in [0, 1]. */
export const TIME = { scale: 50, maxPeriod: 100 };

/** Checks what all denoisers have in common before a weight is made; `lead` is what is left of the options. */
export function checkedDenoiser<O extends DenoiserOptions>(where: string, options: O) {
  checkGiven(where, 'options', options, 'to be an object with a shape and a key');
  const { shape, outputs = 1, entries = plainEntries(), contextSize = 0, ...lead } = options;
  checkSizes(where, 'shape', shape);
  checkMethods(where, 'entries', entries, {
    methods: ['of'],
    expected: 'to be features such as plainEntries()',
  });
  checkInteger(where, 'outputs', outputs);
  checkInteger(where, 'contextSize', contextSize, { min: 0 });
  checkKey(where, options.key);
  return { entries, outputs, contextSize, size: sizeOf(shape), lead };
}
