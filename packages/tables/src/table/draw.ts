import type { Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor1D } from '@tensorflow/tfjs-core';
import type { TableCodec } from '../codec/table-codec';
import type { NetworkLayout } from '../model/layout';
import type { SeenRows } from '../model/masks';
import { columnDistribution, type ColumnDistribution } from './column-distribution';
import { cellNoise, Rows } from './rows';

/** A network that gives the distribution of each column from what is seen of rows. */
export interface ConditionalNetwork {
  readonly codec: TableCodec;
  readonly layout: NetworkLayout;
  /** The number of logistic components inside the bins of a number. */
  readonly components: number;
  /** Of the column of numbers at place `group`: `[n, indices + 3 components]`. */
  numberColumn(seen: SeenRows, group: Tensor1D): Tensor;
  /** Of the column of categories at place `group`: `[n, indices]`. */
  categoryColumn(seen: SeenRows, group: Tensor1D): Tensor;
}

/** Draws whole rows, column by column, in the calling thread. */
export function drawTable(network: ConditionalNetwork, key: Key, count: number): readonly Float64Array[] {
  const { codec, layout } = network;
  const rows = Rows.unknown(codec, count);
  const all = Int32Array.from({ length: count }, (_, row) => row);
  for (let column = 0; column < codec.width && count > 0; column++) {
    const outputs = tf.tidy(() => columnOutputs(network, rows.seen(layout, all, count), column));
    const distribution = distributionOf(network, column, outputs.dataSync() as Float32Array);
    outputs.dispose();
    for (const row of all) {
      rows.values[column]![row] = distribution.draw(row, ...cellNoise(key, row, column));
      rows.known[column]![row] = 1;
    }
  }
  return rows.values;
}

/** What the network says of a column: its place among the columns of its kind decides the head. */
function columnOutputs(network: ConditionalNetwork, seen: SeenRows, column: number) {
  const { isNumber, group } = placeOf(network, column);
  const index = tf.tensor1d([group], 'int32');
  return isNumber ? network.numberColumn(seen, index) : network.categoryColumn(seen, index);
}

/** Which head a column belongs to, and its place there. */
export function placeOf(
  { layout }: ConditionalNetwork,
  column: number,
): { isNumber: boolean; group: number } {
  const group = layout.numbers.columns.indexOf(column);
  return group >= 0
    ? { isNumber: true, group }
    : { isNumber: false, group: layout.categories.columns.indexOf(column) };
}

export function distributionOf(
  network: ConditionalNetwork,
  column: number,
  outputs: Float32Array,
): ColumnDistribution {
  const { layout, codec, components } = network;
  const { isNumber } = placeOf(network, column);
  const { indices } = isNumber ? layout.numbers : layout.categories;
  const stride = isNumber ? indices + 3 * components : indices;
  return columnDistribution(codec.columns[column]!, outputs, { stride, indices });
}
