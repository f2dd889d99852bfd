import type { Variable } from '@tensorflow/tfjs-core';
import { SerializationError } from '../errors/dgm-error';
import { formatShape, sameShape } from '../shape/shape';
import type { HostTensor } from './host-tensor';

/**
 * Checks that stored tensors are exactly the given variables' values.
 * @throws SerializationError naming the path that is missing, too many, of another shape or of another type
 */
export function checkMatch(
  variables: ReadonlyMap<string, Variable>,
  stored: ReadonlyMap<string, HostTensor>,
  where: string,
): void {
  const remedy = 'load it into a model built with the same options';
  for (const [path, { shape, dtype }] of variables) {
    const tensor = stored.get(path);
    const expected = `to be ${dtype} ${formatShape(shape)}`;
    if (tensor === undefined) {
      throw new SerializationError({
        where,
        argument: path,
        expected,
        actual: 'no such tensor in the file',
        remedy,
      });
    }
    if (!sameShape(tensor.shape, shape) || tensor.dtype !== dtype) {
      const actual = `${tensor.dtype} ${formatShape(tensor.shape)}`;
      throw new SerializationError({ where, argument: path, expected, actual, remedy });
    }
  }
  for (const [path, { shape, dtype }] of stored) {
    if (variables.has(path)) continue;
    const actual = `${dtype} ${formatShape(shape)} in the file`;
    throw new SerializationError({ where, argument: path, expected: 'not to exist', actual, remedy });
  }
}
