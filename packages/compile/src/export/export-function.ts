import { ArgumentError, checkOptions, UnsupportedError } from '@dgm/core';
import type { Variable } from '@tensorflow/tfjs-core';
import { capture } from '../capture/capture';
import type { InputSpec } from '../capture/capture';
import type { TensorFunction } from '../function/compile';
import { constantValue, inputValue } from '../graph/graph';
import type { Data, DType, Value } from '../graph/graph';
import { dropUnusedInputs, substitute } from '../graph/substitute';
import { writeModel } from '../onnx/write-model';
import { portablePasses, simplify } from '../passes/simplify';

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
  const { graph, state, draws } = capture(fn, specs);
  if ([...state.keys()].some((name) => graph.outputs.has(name))) {
    throw new UnsupportedError({
      where: 'exportOnnx',
      argument: 'the function',
      expected: 'to assign no variable',
      actual: 'one that does',
      remedy: 'export it without training',
    });
  }
  const shared = [...graph.outputs.keys()].find((name) => graph.inputs.has(name));
  if (shared !== undefined) {
    throw new ArgumentError({
      where: 'exportOnnx',
      argument: 'the outputs',
      expected: 'to have other names than the inputs',
      actual: `an output "${shared}"`,
    });
  }
  const paths = new Map([...parameters].map(([path, variable]) => [variable, path]));
  const names = new Map<Value, string>();
  const replacements = new Map<string, Value>();
  for (const [name, variable] of state) {
    const weight = constantValue(
      (variable.dataSync() as Data).slice(),
      variable.shape,
      variable.dtype as DType,
    );
    replacements.set(name, weight);
    const path = paths.get(variable);
    if (path !== undefined) names.set(weight, path);
  }
  const noise = [...draws].map(([name, draw], index) => {
    const value = inputValue(`noise/${index}`, { shape: draw.shape, dtype: 'float32' });
    replacements.set(name, value);
    return [`noise/${index}`, { value, distribution: draw.distribution }] as const;
  });

  const bound = substitute(graph, replacements);
  const noiseInputs = noise.map(([name, { value }]) => [name, value] as const);
  const used = dropUnusedInputs(
    simplify({ outputs: bound.outputs, inputs: new Map([...bound.inputs, ...noiseInputs]) }, portablePasses),
  );
  const distributions = new Map(noise.map(([name, { distribution }]) => [name, distribution]));
  return writeModel(used, {
    outputPrefix: '',
    names,
    metadata: {
      ...metadata,
      'dgm.inputs': describe(used.inputs, distributions),
      'dgm.outputs': describe(used.outputs),
    },
  });
}

function describe(
  values: ReadonlyMap<string, Value>,
  distributions: ReadonlyMap<string, string> = new Map(),
): string {
  const entries = [...values].map(([name, { shape, dtype }]) => {
    const distribution = distributions.get(name);
    return [name, { shape, dtype, ...(distribution === undefined ? {} : { distribution }) }];
  });
  return JSON.stringify(Object.fromEntries(entries));
}
