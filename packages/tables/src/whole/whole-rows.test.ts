import { compiled } from '@dgm/compile';
import { DgmError, Key, modelBytes, normalHead, residualMlp, Sequential } from '@dgm/core';
import { gaussianDiffusion, mlpDenoiser } from '@dgm/diffusion';
import * as diffusion from '@dgm/diffusion';
import { neuralSplineFlow } from '@dgm/flows';
import * as flows from '@dgm/flows';
import { inferSchema, parseTextTable, readCells, type TextTable } from '@dgm/data';
import * as tf from '@tensorflow/tfjs-core';
import { vae } from '@dgm/vae';
import * as vaes from '@dgm/vae';
import { loadModel } from '@dgm/core';
import { describe, expect, it } from 'vitest';
import { smallTable } from '../../test/small-table';
import { TableCodec } from '../codec/table-codec';
import * as tables from '../index';
import { RowFeatures } from '../model/row-features';
import { rowHead } from '../model/row-head';
import { TableModel } from '../table/table-model';
import { trainTable } from '../train/train-table';
import { columnShares, DequantizedRows, dequantizedRows } from './dequantized-rows';
import { LatentRows, latentRows } from './latent-rows';

const key = Key.of(1);
const table = smallTable(120);

function codecOf(rows: TextTable) {
  const schema = inferSchema(rows);
  const typed = readCells(rows, schema);
  const codec = TableCodec.of(schema, typed, { maxBins: 12, minCount: 4, maxLevels: 8, protect: 1 });
  return { codec, values: codec.values(typed) };
}

/** Models with random weights, large enough that every part of the likelihood matters. */
const MODELS = {
  vae: (rows: TextTable) => {
    const { codec } = codecOf(rows);
    const likelihood = rowHead(codec, { components: 2 });
    const input = new RowFeatures(codec, { features: 4, key });
    const sizes = { features: 16, blocks: 1 };
    const encoder = new Sequential([
      input,
      residualMlp({ inputs: input.outputs, outputs: 4, ...sizes, key: key.fold('encoder') }),
    ]);
    const decoder = residualMlp({
      ...{ inputs: 2, outputs: likelihood.numParameters, ...sizes, key: key.fold('decoder') },
    });
    const posterior = normalHead({ shape: [2] });
    return new TableModel(latentRows(codec, vae({ encoder, decoder, posterior, likelihood })));
  },
  flow: (rows: TextTable) => {
    const { codec, values } = codecOf(rows);
    const density = neuralSplineFlow({
      ...{ dims: codec.width, kind: 'autoregressive', layers: 2, hidden: [16], key },
    });
    return new TableModel(dequantizedRows(codec, columnShares(codec, values), density));
  },
  diffusion: (rows: TextTable) => {
    const { codec, values } = codecOf(rows);
    const shape = [codec.width];
    const network = mlpDenoiser({ shape, features: 16, blocks: 1, key });
    const density = gaussianDiffusion({ shape, network });
    return new TableModel(dequantizedRows(codec, columnShares(codec, values), density));
  },
};
const KINDS = ['vae', 'flow', 'diffusion'] as const;

/** All rows of two small columns. */
const few = parseTextTable(
  `size,kind\n${Array.from({ length: 48 }, (_, row) => `${row % 7 === 0 ? '' : row % 4},${'ab'[row % 2]}`).join('\n')}\n`,
);

/** The bounds of rows, over 1000 draws each. */
function meanBounds({ rowModel }: TableModel, rows: TextTable): Float64Array {
  if (!(rowModel instanceof DequantizedRows)) throw new Error('The rows are dequantized.');
  const { codec } = rowModel;
  const typed = readCells(rows, { ...codec.schema, columns: codec.columns.map(({ schema }) => schema) });
  const { values, count, shape } = rowModel.examples(codec.values(typed));
  const means = tf.tidy(() => {
    const x = tf.tensor3d(values as Float32Array, [count, shape[0]!, shape[1]!]);
    const draws = tf.reshape(rowModel.elbo(tf.tile(x, [1000, 1, 1]), key), [1000, count]);
    return tf.mean(draws, 0).dataSync() as Float32Array;
  });
  return Float64Array.from(means);
}

describe.each(KINDS)('a model of the kind %s', (kind) => {
  it('has probabilities of rows that sum to at most 1, and nearly to 1', async () => {
    const model = MODELS[kind](few);
    const sizes = [
      '',
      ...Array.from({ length: kind === 'diffusion' ? 4 : 12 }, (_, at) =>
        String(kind === 'diffusion' ? at : at - 4),
      ),
    ];
    const all = sizes.flatMap((size) => ['a', 'b'].map((name) => `${size},${name}`));
    const grid = parseTextTable(`size,kind\n${all.join('\n')}\n`);
    model.useEngine(compiled({ threads: 1 }));
    const { rows, cells } = await model.score(grid);
    expect(cells).toEqual({});
    // The mean of 64 draws of the bound of a diffusion is too noisy to take its exponential.
    const logProbs = kind === 'diffusion' ? meanBounds(model, grid) : rows;
    const sum = logProbs.reduce((total, logProb) => total + Math.exp(logProb), 0);
    expect(sum).toBeLessThan(kind === 'diffusion' ? 1 : 1.05);
    expect(sum).toBeGreaterThan(kind === 'diffusion' ? 1e-6 : 0.8);
    model.dispose();
  });

  it('is written to a file, and read with the same scores and draws to the bit', async () => {
    const model = MODELS[kind](table);
    const bytes = await modelBytes(model);
    const packages = [tables, vaes, flows, diffusion];
    const { model: loaded } = await loadModel<TableModel>(bytes, { packages });
    expect([loaded.kind, loaded.likelihoodKind]).toEqual([kind, 'lower-bound']);
    expect(loaded.rowModel).toBeInstanceOf(kind === 'vae' ? LatentRows : DequantizedRows);
    for (const each of [loaded, model]) each.useEngine(compiled({ threads: 1 }));
    const some = table.subset([0, 1, 2]);
    expect([...(await loaded.score(some)).rows]).toEqual([...(await model.score(some)).rows]);
    const draws = await Promise.all([loaded, model].map((each) => each.sample(5, { key })));
    expect(draws[0]!.table.toString()).toBe(draws[1]!.table.toString());
    loaded.dispose();
    model.dispose();
  });

  it('has rows that depend on the key and their number alone, and no leaks', async () => {
    const model = MODELS[kind](table);
    model.useEngine(compiled({ threads: 1 }));
    await model.sample(1, { key });
    const before = tf.memory().numTensors;
    const many = await model.sample(270, { key });
    const few = await model.sample(3, { key });
    expect(few.table.toString()).toBe(many.table.subset([0, 1, 2]).toString());
    expect(many.table.subset([256, 257]).toString()).not.toBe(many.table.subset([0, 1]).toString());
    expect(many.effectiveSampleSize).toBeCloseTo(270, 6);
    expect(many.table.columns.map(({ name }) => name)).toContain('shop');
    expect(tf.memory().numTensors).toBe(before);
    model.dispose();
  });

  it('refuses what takes a model of any order, and names it', async () => {
    const model = MODELS[kind](table);
    const like = parseTextTable('kind,price\nelm,\n');
    const calls = [
      () => model.impute(table),
      () => model.explain(table, [0]),
      () => model.score(table, { given: 'others' }),
      () => model.sample(1, { key, like }),
      ...(kind === 'vae' ? [] : [() => model.sample(1, { key, given: { kind: 'elm' } })]),
    ];
    for (const call of calls) {
      await expect(call()).rejects.toThrow(/kind "any-order"/);
      await expect(call()).rejects.toThrow(expect.toSatisfy((error) => DgmError.is(error, 'unsupported')));
    }
    model.dispose();
  });

  it('learns a table', async () => {
    const options = { steps: 60, engine: compiled({ threads: 1 }) } as const;
    const trained = await trainTable(smallTable(240), { ...options, model: kind });
    const { nats, baselines, steps, columns } = trained.training!;
    expect([steps, columns, trained.card.training!.heldOut!.kind]).toEqual([60, {}, 'bound']);
    expect(nats).toBeLessThan(baselines.independent.nats + 2);
    trained.dispose();
  });
});

it('a vae draws under conditions, with weights', async () => {
  const model = MODELS.vae(table);
  const { table: drawn, effectiveSampleSize } = await model.sample(40, {
    ...{ key, given: { kind: 'elm', price: { min: 400 } } },
  });
  for (let row = 0; row < 40; row++) {
    expect(drawn.column('kind').text(row)).toBe('elm');
    expect(Number(drawn.column('price').text(row))).toBeGreaterThanOrEqual(400);
  }
  expect(effectiveSampleSize).toBeLessThan(39.9);
  model.dispose();
});
