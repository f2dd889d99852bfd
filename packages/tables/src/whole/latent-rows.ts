import {
  BaseModule,
  checkSampling,
  Key,
  type SampleOptions,
  singleObjective,
  type Engine,
  type GenerativeModel,
  type Module,
} from '@dgm/core';
import type { Distribution, Objective, PreparedFunction } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Tensor3D } from '@tensorflow/tfjs-core';
import type { TableCodec } from '../codec/table-codec';
import { hostColumns, rowExamples, type RowDistribution } from '../model/row-head';
import { record } from '../record';
import type { ColumnDistribution } from '../table/column-distribution';
import { cellNoise } from '../table/rows';
import type { ConditionedQueries, LatentQueries, RowModel } from '../table/row-model';
import { measureRows } from './blocks';

/** A model with latent variables whose likelihood is that of `rowHead`: a VAE of `@dgm/vae`, for example. */
export interface LatentRowModel extends Module, Pick<GenerativeModel, 'objectives'> {
  prior(): Distribution;
  decode(z: Tensor): Distribution;
  logWeights(x: Tensor, key: Key, numSamples: number): Tensor;
}

/** Importance samples of a row's likelihood. */
const SAMPLES = 64;
/** Rows whose latents are drawn together. */
const BLOCK = 256;
const SCORE_KEY = Key.of(0);

/**
 * Rows that follow from latent variables: cells are independent given z. The likelihood of a row is bounded by importance sampling,
 *
 * $$ \ln p(x) \ge \mathbb E \Bigl[ \ln \frac1K \sum_k \frac{p(x | z_k)\, p(z_k)}{q(z_k | x)} \Bigr], \quad z_k \sim q(z | x), \quad K = 64, $$
 *
 * with the same noise in each block of 64 rows. Conditions weigh draws of the prior by the likelihood of what they ask for.
 *
 * @see Auto-Encoding Variational Bayes (Kingma and Welling, 2014); Importance Weighted Autoencoders (Burda, Grosse and Salakhutdinov, 2016)
 *
 * @example
 * ```ts
 * const table = parseTextTable('kind,size\nash,3\noak,5\nash,4\noak,6\n');
 * const schema = inferSchema(table);
 * const codec = TableCodec.of(schema, readCells(table, schema), { maxBins: 12, minCount: 1, maxLevels: 8, protect: 1 });
 * const likelihood = rowHead(codec);
 * const posterior = normalHead({ shape: [4] });
 * const encoder = new Sequential([new Flatten(), mlp([6 * 2, 32, 8], { key: key.fold('encoder') })]);
 * const decoder = mlp([4, 32, likelihood.numParameters], { key: key.fold('decoder') });
 * const model = new TableModel(latentRows(codec, vae({ encoder, decoder, posterior, likelihood })));
 * ```
 */
export function latentRows(codec: TableCodec, model: LatentRowModel): LatentRows {
  return record(new LatentRows(codec, model), 'latentRows', arguments);
}

/** Made by {@link latentRows}. It owns its model. */
export class LatentRows extends BaseModule implements RowModel, GenerativeModel {
  readonly kind = 'vae';
  readonly likelihoodKind = 'lower-bound';
  readonly eventShape: readonly [columns: number];

  constructor(
    readonly codec: TableCodec,
    readonly model: LatentRowModel,
  ) {
    super();
    this.child('model', model);
    this.eventShape = [codec.width];
  }

  /** The objective of the model. */
  objectives(): readonly Objective[] {
    const [own] = this.model.objectives();
    return singleObjective<Tensor>(this, {
      name: own!.name,
      loss: (x, key, options) => ({ total: own!.loss(x, key, options).total }) as { total: Scalar },
    });
  }

  /** `[n, D]`: values in units of the schema, indices of levels; NaN where missing. */
  sample(key: Key, n: number, options: SampleOptions = {}): Tensor {
    checkSampling(`${this.constructor.name}.sample`, { key, n, options });
    return tf.tidy(() => {
      const columns = (this.#decodePrior(key, n).dataSync() as Float32Array).slice();
      const cells = hostColumns(this.codec, columns, n);
      const width = cells.length;
      const rows = new Float32Array(n * width);
      for (let row = 0; row < n; row++) {
        cells.forEach((cell, column) => {
          rows[row * width + column] = cell.draw(row, ...cellNoise(key, row, column));
        });
      }
      return tf.tensor2d(rows, [n, width]);
    });
  }

  queries(engine: Engine): LatentQueries {
    const { codec } = this;
    let score: PreparedFunction<Tensor3D> | undefined;
    let decode: PreparedFunction<Tensor3D> | undefined;
    return {
      sees: 'latents',
      logProb: async (values) => {
        score ??= await engine.prepareFunction<Tensor3D>((x, key) =>
          tf.tidy(() => tf.sub(tf.logSumExp(this.model.logWeights(x, key, SAMPLES), 0), Math.log(SAMPLES))),
        );
        return measureRows(score, rowExamples(codec, values), SCORE_KEY);
      },
      given: (key, firstRow) => {
        const blocks = new Map<number, readonly ColumnDistribution[]>();
        const cellsOf = async (block: number) => {
          decode ??= await engine.prepareFunction<Tensor3D>((_, own) => this.#decodePrior(own, BLOCK));
          const nothing = tf.zeros<tf.Rank.R3>([1, 1, 1]);
          try {
            const columns = await decode.run(nothing, key.fold('latents').fold(block));
            return hostColumns(codec, columns.slice(), BLOCK);
          } finally {
            nothing.dispose();
          }
        };
        const column: ConditionedQueries['column'] = async (column, { chosen }, visit) => {
          for (const index of Array.from(chosen)) {
            const row = firstRow + index;
            const block = Math.floor(row / BLOCK);
            const cells = blocks.get(block) ?? (await cellsOf(block));
            blocks.set(block, cells);
            visit(index, cells[column]!, row % BLOCK);
          }
        };
        return { sees: 'latents', column };
      },
      dispose: () => {
        score?.dispose();
        decode?.dispose();
      },
    };
  }

  /** The distributions of the cells of rows with latents of the prior. */
  #decodePrior(key: Key, n: number): Tensor {
    return tf.tidy(() => {
      const z = this.model.prior().sample(key.fold('z'), [n]);
      return (this.model.decode(z) as RowDistribution).columns();
    });
  }
}
