import { Key } from '@dgm/core';
import { readCells } from '@dgm/data';
import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { smallCodec, smallTable } from '../../test/small-table';
import { RowFeatures } from './row-features';
import { hostColumns, RowDistribution, rowExamples, rowHead } from './row-head';

const table = smallTable();
const codec = smallCodec(table);
const values = codec.values(readCells(table, codec.schema));
const key = Key.of(4);
const n = 40;
const { values: cells, shape } = rowExamples(
  codec,
  values.map((column) => column.subarray(0, n)),
);
const rows = () => tf.tensor3d(cells as Float32Array, [n, shape[0]!, shape[1]!]);

it('the head of rows has the log-probabilities of the host, cell by cell', () => {
  const head = rowHead(codec, { components: 3 });
  const [logProbs, columns] = tf.tidy(() => {
    const p = head.distribution(key.normal([n, head.numParameters]));
    return [p.logProb(rows()).dataSync(), p.columns().dataSync() as Float32Array];
  });
  const host = hostColumns(codec, columns, n);
  for (let row = 0; row < n; row++) {
    const sum = host.reduce((total, cell, column) => total + cell.logProb(row, values[column]![row]!), 0);
    expect(Math.abs(logProbs[row]! - sum)).toBeLessThan(2e-3);
  }
});

it('the head of rows draws on the host alone, and says so', () => {
  const head = rowHead(codec);
  tf.tidy(() => {
    expect(head.distribution(tf.zeros([1, head.numParameters]))).toBeInstanceOf(RowDistribution);
  });
  expect(() => tf.tidy(() => head.distribution(tf.zeros([1, head.numParameters])).sample(key))).toThrow(
    /TableModel\.sample/,
  );
});

it('the features of rows tell missing cells from others, and leak nothing', () => {
  expectNoLeaks(() => {
    const layer = new RowFeatures(codec, { features: 3, key });
    const features = tf.tidy(() => layer.apply(rows()).arraySync()) as number[][];
    expect(features[0]).toHaveLength(layer.outputs);
    const lengths = values[1]!.subarray(0, n);
    const [missing, other] = [lengths.findIndex(Number.isNaN), lengths.findIndex((value) => value > 0)];
    expect(features[missing]!.slice(3, 6)).not.toEqual(features[other]!.slice(3, 6));
    const again = lengths.findIndex((value, row) => row > missing && Number.isNaN(value));
    expect(features[missing]!.slice(3, 6)).toEqual(features[again]!.slice(3, 6));
    layer.dispose();
  });
});
