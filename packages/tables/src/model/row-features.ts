import { BaseLayer, checkInteger, checkKey, checkOptions, Embedding, type Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { TableCodec } from '../codec/table-codec';
import { record } from '../record';
import { layoutOf } from './layout';

export interface RowFeaturesOptions {
  /** The size of a cell's vector. @defaultValue 16 */
  readonly features?: number;
  /** Randomness for the initial vectors. */
  readonly key: Key;
}

/**
 * The first layer of an encoder of rows: a learned vector for the index of each cell, and its place on the axis. From
 * `[n, 6, width]`, as {@link rowExamples} has them, to `[n, width * (features + 1)]`.
 *
 * @example
 * ```ts
 * const table = parseTextTable('kind,size\nash,3\noak,5\nash,4\noak,6\n');
 * const schema = inferSchema(table);
 * const typed = readCells(table, schema);
 * const codec = TableCodec.of(schema, typed, { maxBins: 12, minCount: 1, maxLevels: 8, protect: 1 });
 * const layer = new RowFeatures(codec, { features: 4, key });
 * const { values } = rowExamples(codec, codec.values(typed));
 * layer.apply(tf.tensor3d(values, [4, 6, 2])); // [4, 10]
 * ```
 */
export class RowFeatures extends BaseLayer {
  /** How many numbers a row becomes. */
  readonly outputs: number;
  readonly #embedding: Embedding;
  /** Of each column: where its vectors begin, and its last index. */
  readonly #offsets: readonly number[];
  readonly #last: readonly number[];

  constructor(codec: TableCodec, options: RowFeaturesOptions) {
    super();
    const { features = 16, key, ...unknown } = options;
    checkOptions('RowFeatures', unknown, ['features', 'key']);
    checkInteger('RowFeatures', 'features', features);
    checkKey('RowFeatures', key);
    record(this, 'RowFeatures', [codec, options]);
    const { offsets, vectors } = layoutOf(codec);
    this.#embedding = this.child('embedding', new Embedding({ values: vectors, features, key }));
    this.#offsets = offsets;
    this.#last = codec.columns.map(({ indices }) => indices - 1);
    this.outputs = codec.width * (features + 1);
  }

  protected forward(x: Tensor): Tensor {
    const [index, place] = tf.unstack(x, 1) as [Tensor, Tensor];
    const [n, width] = index.shape as [number, number];
    // Missing numbers have the last index of their head, which is that of the column with the most bins.
    const own = tf.minimum(index, tf.tensor1d([...this.#last]));
    const vectors = this.#embedding.apply(tf.add(own, tf.tensor1d([...this.#offsets])));
    return tf.concat([tf.reshape(vectors, [n, width * this.#embedding.features]), place], 1);
  }
}
