import {
  ArgumentError,
  BaseModule,
  checkSampling,
  checkShape,
  clipToRange,
  hasSamplingLoop,
  Key,
  sameShape,
  type SampleOptions,
  singleObjective,
  type BoundModel,
  type ConditionedBatch,
  type Engine,
  type Examples,
  type GenerativeModel,
  type LikelihoodModel,
  type Objective,
  type PreparedFunction,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Tensor3D } from '@tensorflow/tfjs-core';
import { ColumnShares } from '../codec/column-shares';
import type { TableCodec } from '../codec/table-codec';
import { record } from '../record';
import type { RowModel, WholeQueries } from '../table/row-model';
import { measureRows, repeated } from './blocks';

type Batch = Tensor | ConditionedBatch;

/** A density of real vectors, or a bound on one: a flow of `@dgm/flows`, or a Gaussian diffusion of `@dgm/diffusion`. */
export type VectorModel = LikelihoodModel<Batch, Batch> | BoundModel<Batch, Batch>;

/** The numbers of a cell: what lies below its interval, its width, and what lies above. */
const PARTS = 3;
/** Draws of the noise, and of what else a bound is estimated by, for each row. */
const SAMPLES = 64;
/** Rows that are drawn together. */
const BLOCK = 256;
const SCORE_KEY = Key.of(0);
/** Gives $y$ the variance 1 for uniform $u$. */
export const SCALE = Math.sqrt(3) / Math.PI;

/**
 * Rows as vectors of real numbers, for a density of these. By the column's distribution function over the training rows each
 * value has an interval of (0, 1) as wide as its share. A place u in it, drawn uniformly, becomes a coordinate of the vector,
 *
 * $$ y = s \ln \frac{u}{1 - u}, \quad s = \frac{\sqrt 3}{\pi}, \qquad
 *    \ln P(x) \ge \mathbb E_u \Bigl[ \ln p(y) + \sum_d \ln \frac{w_d\, s}{u_d (1 - u_d)} \Bigr] $$
 *
 * with the widths w of the intervals. They fill (0, 1), so the probabilities of all rows sum to 1. Columns that do not depend on each
 * other are a logistic density. Of a flow a row is scored by the mean of 64 importance weights, of a bound by the mean of 64 draws;
 * the noise is the same in each block of 64 rows.
 *
 * @param shares - JSON: of each column the shares of its indices
 * @param density - of vectors `[width]`; it is owned
 * @throws ArgumentError if the shares or the density do not fit the columns
 * @see Flow++ (Ho et al., 2019), Eq. 4, for the bound
 *
 * @example
 * ```ts
 * const table = parseTextTable('kind,size\nash,3\noak,5\nash,4\noak,6\n');
 * const schema = inferSchema(table);
 * const typed = readCells(table, schema);
 * const codec = TableCodec.of(schema, typed, { maxBins: 12, minCount: 1, maxLevels: 8, protect: 1 });
 * const density = neuralSplineFlow({ dims: 2, layers: 2, hidden: [16], key });
 * const model = new TableModel(dequantizedRows(codec, columnShares(codec, codec.values(typed)), density));
 * ```
 */
export function dequantizedRows(codec: TableCodec, shares: string, density: VectorModel): DequantizedRows {
  return record(new DequantizedRows(codec, shares, density), 'dequantizedRows', arguments);
}

/**
 * The shares of the values of each column, for {@link dequantizedRows}, as JSON.
 * @param values - of each column, of the training rows
 *
 * @example
 * ```ts
 * const table = parseTextTable('kind,size\nash,3\noak,5\nash,4\noak,6\n');
 * const schema = inferSchema(table);
 * const typed = readCells(table, schema);
 * const codec = TableCodec.of(schema, typed, { maxBins: 12, minCount: 1, maxLevels: 8, protect: 1 });
 * const shares = columnShares(codec, codec.values(typed));
 * ```
 */
export function columnShares(codec: TableCodec, values: readonly Float64Array[]): string {
  return JSON.stringify(codec.columns.map((own, column) => ColumnShares.count(own, values[column]!)));
}

/**
 * The distribution functions of the columns of a codec.
 * @param json - {@link columnShares}
 * @throws ArgumentError if it does not fit the columns
 */
export function sharesOf(codec: TableCodec, json: string): readonly ColumnShares[] {
  const lists: unknown = JSON.parse(json);
  if (Array.isArray(lists) && lists.length === codec.width && lists.every(Array.isArray)) {
    return codec.columns.map((own, column) => new ColumnShares(own, (lists as number[][])[column]!));
  }
  throw new ArgumentError({
    where: 'dequantizedRows',
    argument: 'shares',
    expected: `to be those of ${codec.width} columns`,
    actual: json.slice(0, 60),
  });
}

/**
 * Of each row and column what lies below the interval of the cell, its width, and what lies above. `[count, 3, width]`.
 * @param values - of each column, `[count]`
 */
export function intervalExamples(
  columns: readonly ColumnShares[],
  values: readonly Float64Array[],
): Examples {
  const count = values[0]!.length;
  const width = columns.length;
  const cells = new Float32Array(count * PARTS * width);
  columns.forEach((shares, column) => {
    for (let row = 0; row < count; row++) {
      const interval = shares.interval(values[column]![row]!);
      const at = row * PARTS * width + column;
      cells[at] = interval.below;
      cells[at + width] = interval.width;
      cells[at + 2 * width] = interval.above;
    }
  });
  return { count, shape: [PARTS, width], values: cells };
}

/** Made by {@link dequantizedRows}. */
export class DequantizedRows extends BaseModule implements RowModel, GenerativeModel {
  readonly kind: 'flow' | 'diffusion';
  readonly likelihoodKind = 'lower-bound';
  readonly isDequantized = true;
  readonly eventShape: readonly [columns: number];
  readonly #shares: readonly ColumnShares[];

  constructor(
    readonly codec: TableCodec,
    shares: string,
    readonly density: VectorModel,
  ) {
    super();
    this.#shares = sharesOf(codec, shares);
    if (!sameShape(density.eventShape, [codec.width])) {
      throw new ArgumentError({
        where: 'dequantizedRows',
        argument: 'density',
        expected: `to be of ${codec.width} columns`,
        actual: `of shape [${density.eventShape.join(', ')}]`,
      });
    }
    this.child('density', density);
    this.eventShape = [codec.width];
    this.kind = density.likelihoodKind === 'exact' ? 'flow' : 'diffusion';
  }

  /** What the model is trained on, see {@link intervalExamples}. */
  examples(values: readonly Float64Array[]): Examples {
    return intervalExamples(this.#shares, values);
  }

  /**
   * One draw of the bound on the log-probability of each row in nats, `[n]`.
   * @param x - as in `examples`, `[n, 3, width]`
   */
  elbo(x: Tensor, key: Key): Tensor {
    return tf.tidy(() => {
      const { y, logVolume } = this.#noised(x, key.fold('noise'));
      const { density } = this;
      const own =
        density.likelihoodKind === 'exact' ? density.logProb(y) : density.elbo(y, key.fold('density'));
      return tf.add(own, logVolume);
    });
  }

  /** One objective: that of the density, of rows with noise. */
  objectives(): readonly Objective[] {
    const [own] = this.density.objectives();
    return singleObjective<Tensor>(this, {
      name: own!.name,
      loss: (x, key, options) => {
        const { y, logVolume } = this.#noised(x, key.fold('noise'));
        const { total } = own!.loss(y, key.fold('density'), options);
        return { total: tf.sub(total, tf.mean(logVolume)) as Scalar };
      },
    });
  }

  /** `[n, D]`: values in units of the schema, indices of levels; NaN where missing. */
  sample(key: Key, n: number, options: SampleOptions = {}): Tensor {
    checkSampling(`${this.constructor.name}.sample`, { key, n, options });
    return tf.tidy(() => {
      const width = this.#shares.length;
      const y = this.density.sample(key, n).dataSync() as Float32Array;
      const rows = Float32Array.from(y, (place, at) => this.#valueAt(at % width, place));
      return tf.tensor2d(rows, [n, width]);
    });
  }

  queries(engine: Engine): WholeQueries {
    const { density } = this;
    let score: PreparedFunction<Tensor3D> | undefined;
    let draw: PreparedFunction<Tensor3D> | undefined;
    const drawBlock = async (key: Key): Promise<Float32Array> => {
      draw ??= await engine.prepareFunction<Tensor3D>(
        hasSamplingLoop(density)
          ? { loop: () => density.samplingLoop(BLOCK) }
          : (_, own) => density.sample(own, BLOCK),
      );
      const nothing = tf.zeros<tf.Rank.R3>([1, 1, 1]);
      try {
        return await draw.run(nothing, key);
      } finally {
        nothing.dispose();
      }
    };
    return {
      sees: 'none',
      logProb: async (values) => {
        score ??= await engine.prepareFunction<Tensor3D>((x, key) => this.#score(x, key));
        return measureRows(score, this.examples(values), SCORE_KEY);
      },
      sample: async (key, count) => {
        const width = this.#shares.length;
        const values = this.#shares.map(() => new Float64Array(count));
        for (let start = 0; start < count; start += BLOCK) {
          const y = await drawBlock(key.fold(start / BLOCK));
          for (let row = start; row < Math.min(start + BLOCK, count); row++) {
            values.forEach((column, at) => (column[row] = this.#valueAt(at, y[(row - start) * width + at]!)));
          }
        }
        return values;
      },
      dispose: () => {
        score?.dispose();
        draw?.dispose();
      },
    };
  }

  /** The bound with many draws, `[n]`. */
  #score(x: Tensor3D, key: Key): Tensor {
    return tf.tidy(() => {
      const draws = tf.reshape(this.elbo(repeated(x, SAMPLES), key), [SAMPLES, x.shape[0]]);
      if (this.kind === 'diffusion') return tf.mean(draws, 0);
      return tf.sub(tf.logSumExp(draws, 0), Math.log(SAMPLES));
    });
  }

  /** The vectors of rows, `[n, width]`, and $\sum_d \ln (w_d\, dy_d / du_d)$, `[n]`. */
  #noised(x: Tensor, key: Key): { readonly y: Tensor; readonly logVolume: Tensor } {
    const width = this.#shares.length;
    checkShape('DequantizedRows', 'x', x, ['n', PARTS, width]);
    const [below, size, above] = tf.unstack(x, 1) as [Tensor, Tensor, Tensor];
    const noise = clipToRange(key.uniform(below.shape), { min: LEAST_NOISE, max: 1 - LEAST_NOISE });
    const u = tf.add(below, tf.mul(noise, size));
    const rest = tf.add(above, tf.mul(tf.sub(1, noise), size)); // 1 - u
    const [logU, logRest] = [tf.log(u), tf.log(rest)];
    const logSlope = tf.sub(Math.log(SCALE), tf.add(logU, logRest)); // ln dy / du
    return {
      y: tf.mul(SCALE, tf.sub(logU, logRest)),
      logVolume: tf.sum(tf.add(tf.log(size), logSlope), 1),
    };
  }

  #valueAt(column: number, y: number): number {
    const t = y / SCALE;
    return this.#shares[column]!.drawnAt(1 / (1 + Math.exp(-t)), 1 / (1 + Math.exp(t)));
  }
}

/** Keeps u off the ends of (0, 1). */
const LEAST_NOISE = 2 ** -23;
