import { BaseDistribution, checkInteger, checkOptions, distributionHead, UnsupportedError } from '@dgm/core';
import type { DistributionHead, Examples, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { cellOf, type TableCodec } from '../codec/table-codec';
import { record } from '../record';
import { columnDistribution, type ColumnDistribution } from '../table/column-distribution';
import {
  categoryConstants,
  categoryLogits,
  categoryLogProb,
  initialNumberOutputs,
  numberColumns,
  numberConstants,
  numberLogProb,
  type Keep,
} from './column-likelihoods';
import { layoutOf, type NetworkLayout } from './layout';

/** The numbers of a cell in {@link rowExamples}. */
const PARTS = 6;

/**
 * Rows as a whole: for each row and column the index of the cell in its head, its place on the axis, and the lower edges and widths of
 * its cell and of its bin there. `[count, 6, width]`.
 * @param values - of each described column, `[count]`
 *
 * @example
 * ```ts
 * const table = parseTextTable('kind,size\nash,3\noak,5\nash,4\noak,6\n');
 * const schema = inferSchema(table);
 * const typed = readCells(table, schema);
 * const codec = TableCodec.of(schema, typed, { maxBins: 12, minCount: 1, maxLevels: 8, protect: 1 });
 * const train = rowExamples(codec, codec.values(typed)); // { count: 4, shape: [6, 2], values }
 * ```
 */
export function rowExamples(codec: TableCodec, values: readonly Float64Array[]): Examples {
  const count = values[0]!.length;
  const { width } = codec;
  const { numbers } = layoutOf(codec);
  const cells = new Float32Array(count * PARTS * width);
  codec.columns.forEach((own, column) => {
    for (let row = 0; row < count; row++) {
      const [index, place, low, size] = cellOf(own, values[column]![row]!);
      const at = row * PARTS * width + column;
      const write = (...parts: readonly number[]) =>
        parts.forEach((part, number) => (cells[at + number * width] = part));
      if (own.kind === 'category') write(index, 0, 0, 1, 0, 1);
      else if (index >= own.bins) write(numbers.indices - 1, 0, 0, 1, 0, 1);
      // A bin of one integer: its cell and itself must be the same to the bit.
      else if (own.starts[index] === own.ends[index]) write(index, place, low, size, low, size);
      else {
        const [start, end] = [own.edges[index]!, own.edges[index + 1]!];
        write(index, place, low, size, start, end - start);
      }
    }
  });
  return { count, shape: [PARTS, width], values: cells };
}

/** Heads of all columns of a table. */
export interface RowHead extends DistributionHead {
  readonly codec: TableCodec;
  distribution(parameters: Tensor): RowDistribution;
}

/**
 * The distribution of rows whose cells are independent, given the numbers of a network: the likelihood of a decoder. Each cell has the
 * distribution that {@link AnyOrderNetwork} gives it. Events are rows of {@link rowExamples}, `[6, width]`.
 *
 * The network puts out for each column of numbers the logits of the bins, then log-weights, means and log-scales of `components`
 * logistics, relative to components side by side, and after them the logits of each column of categories.
 *
 * @example
 * ```ts
 * const table = parseTextTable('kind,size\nash,3\noak,5\nash,4\noak,6\n');
 * const schema = inferSchema(table);
 * const typed = readCells(table, schema);
 * const codec = TableCodec.of(schema, typed, { maxBins: 12, minCount: 1, maxLevels: 8, protect: 1 });
 * const head = rowHead(codec, { components: 2 });
 * const p = head.distribution(tf.zeros([1, head.numParameters]));
 * const { values } = rowExamples(codec, codec.values(typed));
 * p.logProb(tf.tensor3d(values, [4, 6, 2])); // [4], in nats
 * ```
 */
export function rowHead(codec: TableCodec, options: { readonly components?: number } = {}): RowHead {
  checkOptions('rowHead', options, ['components']);
  const { components = 4 } = options;
  checkInteger('rowHead', 'components', components);
  const layout = layoutOf(codec);
  const { numbers, categories } = layout;
  const head = distributionHead({
    name: 'rowHead',
    eventShape: [PARTS, codec.width],
    numParameters:
      numbers.columns.length * (numbers.indices + 3 * components) +
      categories.columns.length * categories.indices,
    build: (parameters) => new RowDistribution(codec, { parameters, layout, components }),
  });
  return record({ ...head, codec } as RowHead, 'rowHead', arguments);
}

interface RowParameters {
  /** `[n, numParameters]` */
  readonly parameters: Tensor;
  readonly layout: NetworkLayout;
  readonly components: number;
}

const asTensor: Keep = (_name, values, shape) => tf.tensor(values, shape);

/**
 * The distribution of rows. Made by {@link rowHead}.
 *
 * @example
 * ```ts
 * const table = parseTextTable('kind,size\nash,3\noak,5\nash,4\noak,6\n');
 * const schema = inferSchema(table);
 * const options = { maxBins: 12, minCount: 1, maxLevels: 8, protect: 1 };
 * const head = rowHead(TableCodec.of(schema, readCells(table, schema), options));
 * const p = head.distribution(tf.zeros([1, head.numParameters]));
 * ```
 */
export class RowDistribution extends BaseDistribution {
  readonly kind = 'Rows';
  readonly reparameterized = false;
  override readonly space = undefined;
  readonly batchShape: Shape;
  readonly eventShape: Shape;

  constructor(
    codec: TableCodec,
    private readonly of: RowParameters,
  ) {
    super();
    this.batchShape = [of.parameters.shape[0]!];
    this.eventShape = [PARTS, codec.width];
  }

  /**
   * The distributions of all cells, for {@link hostColumns}: of each column of numbers `[n, indices + 3 components]`, then of each
   * of categories `[n, indices]`, one after the other.
   */
  columns(): Tensor {
    return tf.tidy(() => {
      const { numbers, categories } = this.of.layout;
      const parts = [
        ...(numbers.columns.length > 0
          ? [numberColumns(this.#numberOutputs(), numberConstants(numbers, asTensor))]
          : []),
        ...(categories.columns.length > 0
          ? [categoryLogits(this.#categoryOutputs(), categoryConstants(categories, asTensor))]
          : []),
      ];
      return tf.concat(parts.map((part) => tf.reshape(part, [part.size])));
    });
  }

  protected logDensity(x: Tensor): Tensor {
    const { numbers, categories } = this.of.layout;
    // [6, C, n] of some of the columns.
    const cellsOf = (columns: readonly number[]) => {
      const chosen = tf.gather(x, tf.tensor1d([...columns], 'int32'), 2);
      return tf.unstack(tf.transpose(chosen, [1, 2, 0]));
    };
    const terms: Tensor[] = [];
    if (numbers.columns.length > 0) {
      const [index, , low, width, binLow, binWidth] = cellsOf(numbers.columns) as Tensor[];
      const cells = { low: low!, width: width!, binLow: binLow!, binWidth: binWidth! };
      const constants = numberConstants(numbers, asTensor);
      terms.push(numberLogProb(this.#numberOutputs(), { indices: index!, ...cells }, constants));
    }
    if (categories.columns.length > 0) {
      const [index] = cellsOf(categories.columns) as Tensor[];
      const constants = categoryConstants(categories, asTensor);
      terms.push(categoryLogProb(this.#categoryOutputs(), index!, constants));
    }
    return tf.sum(tf.concat(terms, 0), 0);
  }

  protected draw(): Tensor {
    throw new UnsupportedError({
      where: 'RowDistribution.sample',
      argument: 'sample',
      expected: 'to be drawn on the host, in doubles',
      actual: 'a tensor',
      remedy: 'draw rows with TableModel.sample',
    });
  }

  /** `[C, n, indices + 3 components]` */
  #numberOutputs(): Tensor {
    const { numbers } = this.of.layout;
    const [columns, size] = [numbers.columns.length, numbers.indices + 3 * this.of.components];
    const initial = tf.tensor(initialNumberOutputs(numbers, this.of.components), [columns, 1, size]);
    return tf.add(this.#outputs(0, columns, size), initial);
  }

  /** `[C, n, indices]` */
  #categoryOutputs(): Tensor {
    const { numbers, categories } = this.of.layout;
    const first = numbers.columns.length * (numbers.indices + 3 * this.of.components);
    return this.#outputs(first, categories.columns.length, categories.indices);
  }

  #outputs(first: number, columns: number, size: number): Tensor {
    const { parameters } = this.of;
    const n = parameters.shape[0]!;
    const own = tf.slice(parameters, [0, first], [n, columns * size]);
    return tf.transpose(tf.reshape(own, [n, columns, size]), [1, 0, 2]);
  }
}

/**
 * The distributions of the cells of `n` rows, by column of the codec.
 * @param columns - what {@link RowDistribution.columns} gives
 */
export function hostColumns(
  codec: TableCodec,
  columns: Float32Array,
  n: number,
): readonly ColumnDistribution[] {
  const { numbers, categories } = layoutOf(codec);
  const ofCategories = n * categories.columns.length * categories.indices;
  const stride =
    numbers.columns.length === 0 ? 0 : (columns.length - ofCategories) / (n * numbers.columns.length);
  const first = n * numbers.columns.length * stride;
  return codec.columns.map((own, column) => {
    const isNumber = own.kind === 'number';
    const group = (isNumber ? numbers : categories).columns.indexOf(column);
    const size = isNumber ? stride : categories.indices;
    const at = (isNumber ? 0 : first) + group * n * size;
    const indices = isNumber ? numbers.indices : categories.indices;
    return columnDistribution(own, columns.subarray(at, at + n * size), { stride: size, indices });
  });
}
