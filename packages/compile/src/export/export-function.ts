import { ArgumentError, checkOptions } from '@dgm/core';
import type { Variable } from '@tensorflow/tfjs-core';
import type { InputSpec } from '../capture/capture';
import type { TensorFunction } from '../function/compile';
import type { Value } from '../graph/graph';
import { writeModel } from '../onnx/write-model';
import { FileCaptures, type Described } from './file-captures';

/** What goes into the file beside the function. */
export interface ExportFunctionOptions {
  /** Names of variables, for the file's weights: `model.parameters()`. */
  readonly parameters?: ReadonlyMap<string, Variable>;
  /** Key-value pairs for the file's `metadata_props`. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * Writes a function of tensors as an `.onnx` file, for any ONNX Runtime: Python, a browser, a phone.
 *
 * Inputs and outputs have the names that the function gives them. Variables become weights with their present values.
 * Random draws become the inputs `noise/0`, `noise/1`, ...; the metadata say under `dgm.inputs` what each is drawn from,
 * and what each input's shape is.
 *
 * @param fn - as for `compile`
 * @param specs - shape and type of each input; shapes are fixed
 * @returns the file's bytes
 * @throws ArgumentError if an output has the name of an input
 * @throws UnsupportedError where the function reads the value of a tensor or assigns a variable
 * @throws EngineError where it uses a kernel without a lowering
 *
 * @example
 * ```ts
 * const network = mlp([64, 32, 10], { key });
 * const classify = (x: tf.Tensor): tf.Tensor => tf.softmax(network.apply(x));
 * const bytes = exportFunction(({ tensors }) => ({ y: classify(tensors['x']!) }), { x: { shape: [1, 64] } });
 * ```
 */
export function exportFunction(
  fn: TensorFunction,
  specs: Readonly<Record<string, InputSpec>>,
  { parameters = new Map(), metadata = {}, ...unknown }: ExportFunctionOptions = {},
): Uint8Array {
  checkOptions('exportFunction', unknown, ['parameters', 'metadata']);
  const captures = new FileCaptures(parameters);
  const graph = captures.capture(fn, specs);
  const shared = [...graph.outputs.keys()].find((name) => name in specs);
  if (shared !== undefined) {
    throw new ArgumentError({
      where: 'exportOnnx',
      argument: 'the outputs',
      expected: 'to have other names than the inputs',
      actual: `an output "${shared}"`,
    });
  }
  const { names, distributions } = captures;
  return writeModel(graph, {
    ...{ outputPrefix: '', names },
    metadata: {
      ...metadata,
      'dgm.inputs': describe(graph.inputs, distributions),
      'dgm.outputs': describe(graph.outputs),
    },
  });
}

function describe(
  values: ReadonlyMap<string, Value>,
  distributions: ReadonlyMap<string, string> = new Map(),
): string {
  const entries = [...values].map(([name, { shape, dtype }]): [string, Described] => {
    const distribution = distributions.get(name);
    return [name, { shape, dtype, ...(distribution !== undefined && { distribution }) }];
  });
  return JSON.stringify(Object.fromEntries(entries));
}
