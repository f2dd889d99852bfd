import { inputValue } from '../graph/graph';
import { writeModel } from '../onnx/write-model';

/** The smallest model there is: gives back the number `x`. Whether it runs says whether a device works. */
export function probeModel(): Uint8Array {
  const values = new Map([['x', inputValue('x', { shape: [], dtype: 'float32' })]]);
  return writeModel({ inputs: values, outputs: values });
}
