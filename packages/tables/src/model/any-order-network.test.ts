import { eager, Key } from '@dgm/core';
import { readCells } from '@dgm/data';
import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { smallCodec, smallNetwork, smallTable } from '../../test/small-table';
import type { ColumnDistribution } from '../table/column-distribution';
import { Conditionals } from '../table/conditionals';
import { Rows } from '../table/rows';
import type { AnyOrderNetwork } from './any-order-network';
import { capacityOf, maskRows } from './masks';

const table = smallTable();
const codec = smallCodec(table);
const values = codec.values(readCells(table, codec.schema));

/** The distributions of a column in the first rows, with other cells seen at random in each. */
async function distributions(
  network: AnyOrderNetwork,
  column: number,
  check: (row: number, distribution: ColumnDistribution) => void,
): Promise<void> {
  const conditionals = new Conditionals(network, eager());
  const rows = Rows.complete(codec, values);
  const isSeen = (row: number, other: number) => Key.of(row).fold(other).generator().uniform() < 0.5;
  await conditionals.column(column, { rows, chosen: [0, 1, 2, 3, 4, 5], isSeen }, (row, distribution, at) => {
    expect(at).toBe(row);
    check(at, distribution);
  });
  conditionals.dispose();
}

describe('the network of a table', () => {
  it.each([0, 1, 2, 3, 4])(
    'gives masses that sum to 1 over the values of column %d, whatever is seen',
    async (column) => {
      const network = smallNetwork(codec);
      const own = codec.columns[column]!;
      const all =
        own.kind === 'number'
          ? [NaN, ...Array.from({ length: own.support }, (_, index) => own.starts[0]! + index)]
          : [NaN, -1, ...own.state.kept];
      let spread = 0;
      await distributions(network, column, (row, distribution) => {
        const masses = all.map((value) => Math.exp(distribution.logProb(row, value)));
        spread = Math.max(spread, Math.max(...masses));
        expect(Math.abs(masses.reduce((sum, mass) => sum + mass, 0) - 1)).toBeLessThan(1e-5);
        expect(Math.min(...masses)).toBeGreaterThan(0);
      });
      // Far from uniform, so that the sum says something.
      expect(spread).toBeGreaterThan(Math.min(0.02, 10 / all.length));
      network.dispose();
    },
  );

  it('trains on the log-probabilities that rows are scored with', async () => {
    const network = smallNetwork(codec);
    const examples = codec.examples(values);
    const rows = Int32Array.from({ length: 32 }, (_, row) => row);
    const batch = await maskRows(network.layout)(examples, rows, { key: Key.of(5), training: true });
    const loss = tf.tidy(() => network.loss(batch).dataSync()[0]!);
    // The same, cell by cell on the host: what the batch sees, and what it predicts.
    const seen = batch.seen.features.arraySync();
    const conditionals = new Conditionals(network, eager());
    const complete = Rows.complete(codec, values);
    let sum = 0;
    for (const [group, targets] of [
      [network.layout.numbers, batch.numbers!],
      [network.layout.categories, batch.categories!],
    ] as const) {
      const [chosen, weights] = [targets.rows.arraySync(), targets.weights.arraySync()];
      for (const [index, column] of group.columns.entries()) {
        const isSeen = (row: number, other: number) => seen[row]![codec.width + other] === 1;
        const wanted = chosen[index]!.filter((_, at) => weights[index]![at]! > 0);
        await conditionals.column(
          column,
          { rows: complete, chosen: wanted, isSeen },
          (row, distribution, at) => {
            sum -= weights[index]![at]! * distribution.logProb(at, values[column]![row]!);
          },
        );
      }
    }
    expect(Math.abs(loss / (sum / 32) - 1)).toBeLessThan(1e-5);
    conditionals.dispose();
    tf.dispose(batch as unknown as tf.TensorContainer);
    network.dispose();
  });

  it('hides cells so that nothing that is predicted is seen, and weighs them as random orders do', async () => {
    const network = smallNetwork(codec);
    const examples = codec.examples(values);
    const rows = Int32Array.from({ length: 240 }, (_, row) => row);
    let weight = 0;
    for (let repeat = 0; repeat < 20; repeat++) {
      const batch = await maskRows(network.layout)(examples, rows, { key: Key.of(repeat), training: true });
      const seen = batch.seen.features.arraySync();
      for (const [group, targets] of [
        [network.layout.numbers, batch.numbers!],
        [network.layout.categories, batch.categories!],
      ] as const) {
        expect(targets.rows.shape[1]).toBe(capacityOf(240, codec.width));
        targets.weights.arraySync().forEach((column, index) =>
          column.forEach((own, at) => {
            if (own === 0) return;
            weight += own;
            const row = targets.rows.arraySync()[index]![at]!;
            expect(seen[row]![codec.width + group.columns[index]!]).toBe(0);
          }),
        );
      }
      tf.dispose(batch as unknown as tf.TensorContainer);
    }
    // The weights of a row sum to the number of its columns.
    expect(Math.abs(weight / 20 / 240 / codec.width - 1)).toBeLessThan(0.02);
    network.dispose();
  });

  it('frees what it makes', () => {
    expectNoLeaks(() => {
      const network = smallNetwork(codec);
      network.sample(Key.of(0), 3).dispose();
      network.dispose();
    });
  });
});

describe('the distribution of a cell', () => {
  it.each([0, 1, 2, 4])('draws column %d by its probabilities', async (column) => {
    const network = smallNetwork(codec);
    const random = Key.of(11).generator();
    await distributions(network, column, (row, distribution) => {
      if (row > 0) return;
      const n = 4000;
      const draws = Array.from({ length: n }, () =>
        distribution.draw(row, random.uniform(), random.uniform()),
      );
      const counts = new Map<number, number>();
      for (const draw of draws) counts.set(draw, (counts.get(draw) ?? 0) + 1);
      // The mean of 1 / (n p) over draws: each value that occurs often has its probability.
      for (const [value, count] of counts) {
        const p = Math.exp(distribution.logProb(row, value));
        if (n * p < 20 && count < 20) continue;
        expect(Math.abs(count - n * p)).toBeLessThan(5 * Math.sqrt(n * p) + 2);
      }
      const below = draws.filter((draw) => draw <= distribution.quantile(row, 0.3)).length;
      const present = draws.filter((draw) => !Number.isNaN(draw)).length;
      if (codec.columns[column]!.kind === 'number') expect(below / present).toBeGreaterThan(0.26);
    });
    network.dispose();
  });

  it('keeps to what is allowed, whose mass is that of its values', async () => {
    const network = smallNetwork(codec);
    const random = Key.of(12).generator();
    await distributions(network, 1, (row, distribution) => {
      const allowed = { min: 233, max: 251 };
      const inside = Array.from({ length: 19 }, (_, index) =>
        Math.exp(distribution.logProb(row, 233 + index)),
      );
      const mass = distribution.mass(row, allowed);
      expect(Math.abs(inside.reduce((sum, p) => sum + p, 0) - mass)).toBeLessThan(2e-4);
      for (let draw = 0; draw < 50; draw++) {
        const value = distribution.draw(row, random.uniform(), random.uniform(), allowed);
        expect(value).toBeGreaterThanOrEqual(233);
        expect(value).toBeLessThanOrEqual(251);
      }
      const values = [240, 260, NaN];
      const of = values.reduce((sum, value) => sum + Math.exp(distribution.logProb(row, value)), 0);
      expect(Math.abs(distribution.mass(row, { values }) - of)).toBeLessThan(2e-4);
    });
    network.dispose();
  });
});
