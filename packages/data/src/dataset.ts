import {
  checkExamples,
  checkInteger,
  checkOptions,
  ShapeError,
  type Dataset,
  type Examples,
} from '@dgm/core';
import { contentHash } from './internal/content-hash';

export type { Dataset, Examples } from '@dgm/core';

export interface DatasetOptions {
  readonly name: string;
  readonly train: Examples;
  readonly validation: Examples;
  readonly test: Examples;
  /** For integer data: how many values an entry can take, 0 to `levels` - 1. */
  readonly levels?: number;
}

/**
 * A data set of one's own arrays: checked, and with the SHA-256 of its content. Equal hashes mean equal values, labels,
 * shapes and splits.
 *
 * @param options.validation - may be empty, as `test` may
 * @throws ArgumentError if there is nothing to learn from, or values or labels are not as many as the count says
 * @throws ShapeError if the parts differ in shape
 * @throws DomainError naming the first row with a value that is not finite or not one of the levels
 *
 * @example
 * ```ts
 * const values = Float32Array.of(0.1, 0.2, 0.3, 0.4, 0.5, 0.6);
 * const train = { count: 3, shape: [2], values };
 * const mine = dataset({ name: 'mine', train, validation: train, test: train });
 * ```
 */
export function dataset(options: DatasetOptions): Dataset {
  checkOptions('dataset', options, ['name', 'train', 'validation', 'test', 'levels']);
  const { name, train, validation, test, levels } = options;
  if (levels !== undefined) checkInteger('dataset', 'levels', levels);
  const parts = { train, validation, test };
  for (const [part, examples] of Object.entries(parts)) {
    const argument = `${name}.${part}`;
    if (part !== 'train' && examples.count === 0) checkEmpty(examples, argument);
    else checkExamples(examples, { where: 'dataset', argument, levels, shape: train.shape });
  }
  return { name, ...parts, ...(levels === undefined ? {} : { levels }), sha256: contentHash(parts) };
}

function checkEmpty({ values }: Examples, argument: string): void {
  if (values.length === 0) return;
  throw new ShapeError({
    where: 'dataset',
    argument: `${argument}.values`,
    expected: 'of length 0, as the count says',
    actual: String(values.length),
  });
}
