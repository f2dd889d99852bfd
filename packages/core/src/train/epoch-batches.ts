import { checkThat } from '../check/check';
import type { Key } from '../random/key';
import { sizeOf } from '../shape/shape';
import { checkExamples, type CheckExamplesOptions } from './check-examples';
import { allRows, batchRows, isSource, type ExampleSource, type Examples } from './examples';

/** Some rows of some examples. */
export interface Batch {
  readonly examples: Examples;
  readonly rows: Int32Array;
}

export interface EpochOptions {
  /** Decides the order. */
  readonly key: Key;
  readonly batchSize: number;
  /** Leaves out a last batch that is smaller than the others. */
  readonly dropLast: boolean;
  /** How many batches are done already. */
  readonly skip: number;
  /** How each piece of a source is checked. */
  readonly check: CheckExamplesOptions;
}

/** How many batches an epoch has; undefined for a source that does not know how long it is. */
export function batchesPerEpoch(
  { count }: Pick<ExampleSource, 'count'>,
  { batchSize, dropLast }: Pick<EpochOptions, 'batchSize' | 'dropLast'>,
): number | undefined {
  if (count === undefined) return undefined;
  return dropLast ? Math.floor(count / batchSize) : Math.ceil(count / batchSize);
}

/** The batches of one epoch. */
export async function* epochBatches(
  data: Examples | ExampleSource,
  options: EpochOptions,
): AsyncGenerator<Batch> {
  if (isSource(data)) {
    yield* readBatches(data, options);
    return;
  }
  const { key, batchSize, skip } = options;
  const order = data.weights === undefined ? key.permutation(data.count) : weightedRows(key, data.weights);
  const batches = batchesPerEpoch(data, options)!;
  for (let index = skip; index < batches; index++) {
    yield { examples: data, rows: batchRows(order, batchSize, index) };
  }
}

/** Rows drawn with replacement, each with a probability in proportion to its weight; as many as there are weights. */
function weightedRows(key: Key, weights: Float32Array): Int32Array {
  const cumulated = new Float64Array(weights.length);
  let total = 0;
  weights.forEach((weight, row) => (cumulated[row] = total += weight));
  const generator = key.generator();
  return Int32Array.from({ length: weights.length }, () =>
    firstAbove(cumulated, generator.uniform() * total),
  );
}

/** The first index whose value exceeds a threshold, of increasing values. */
function firstAbove(values: Float64Array, threshold: number): number {
  let [low, high] = [0, values.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! > threshold) high = middle;
    else low = middle + 1;
  }
  return low;
}

async function* readBatches(
  source: ExampleSource,
  { key, batchSize, dropLast, skip, check }: EpochOptions,
): AsyncGenerator<Batch> {
  let waiting: Examples | undefined;
  let made = 0;
  for await (const piece of source.read({ key })) {
    checkExamples(piece, { ...check, argument: 'a piece of train' });
    waiting = waiting === undefined ? piece : joined(waiting, piece);
    let start = 0;
    for (; waiting.count - start >= batchSize; start += batchSize) {
      if (made++ >= skip) yield batchOf(sliced(waiting, start, start + batchSize));
    }
    waiting = start === waiting.count ? undefined : sliced(waiting, start, waiting.count);
  }
  if (waiting !== undefined && !dropLast && made++ >= skip) yield batchOf(waiting);
  checkThat('fit', 'train', made > 0, { expected: 'to give at least one batch in an epoch', actual: 'none' });
}

function batchOf(examples: Examples): Batch {
  return { examples, rows: allRows(examples.count) };
}

function sliced({ shape, values, labels }: Examples, start: number, end: number): Examples {
  const size = sizeOf(shape);
  return {
    count: end - start,
    shape,
    values: values.subarray(start * size, end * size),
    ...(labels && { labels: labels.subarray(start, end) }),
  };
}

function joined(first: Examples, second: Examples): Examples {
  checkThat(
    'fit',
    'a piece of train',
    first.values.constructor === second.values.constructor && !first.labels === !second.labels,
    {
      expected: 'to have values of one type, and labels in every piece or in none',
      actual: `${describe(first)} and ${describe(second)}`,
    },
  );
  return {
    count: first.count + second.count,
    shape: first.shape,
    values: concatenated(first.values, second.values),
    ...(first.labels && { labels: concatenated(first.labels, second.labels!) }),
  };
}

function concatenated<T extends Examples['values']>(first: T, second: T): T {
  const all = new (first.constructor as new (length: number) => T)(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}

function describe({ values, labels }: Examples): string {
  return `${values.constructor.name} ${labels ? 'with' : 'without'} labels`;
}
