import { ArgumentError, checkInteger, checkOptions, hasSamplingLoop } from '@dgm/core';
import type { Distribution, GenerativeModel, Key, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { version } from '../../package.json';
import { exportFunction } from './export-function';
import { exportSampler } from './export-sampler';

export interface ExportOptions {
  /**
   * Which of the model's methods the file computes: `sample`, which takes a key and a number of examples, or one that
   * takes a batch and perhaps a key, such as `logProb`, `elbo`, `energy`, `encode`, `decode`, `reconstruct`.
   */
  readonly method: string;
  /**
   * The number of examples, which is fixed in the file.
   * @defaultValue 1
   */
  readonly batch?: number;
  /**
   * The shape of one element of the batch.
   * @defaultValue `model.eventShape`, or `model.latentShape` for the method `decode`
   */
  readonly inputShape?: Shape;
  /** More key-value pairs for the file's `metadata_props`. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * Writes one method of a model as an `.onnx` file that any ONNX Runtime can run to the same numbers, in Python or in a
 * browser, without this library.
 *
 * The batch is the input `x`; random draws are the inputs `noise/0`, `noise/1`, ... The output has the method's name; a
 * distribution gives `<method>/mean` and `<method>/variance`. The `sample` of a model that draws in a loop is written by
 * {@link exportSampler}. `metadata_props` hold `dgm.model`, `dgm.method`,
 * `dgm.version`, `dgm.inputs` and `dgm.outputs` (shapes, types and what to draw the noise from, as JSON). Weights keep
 * their paths as names.
 *
 * @param model - any model of the project; its weights are written as they are now
 * @returns the file's bytes
 * @throws ArgumentError if the model has no such method, or `batch` is not a positive integer
 * @throws UnsupportedError, EngineError if it cannot be captured
 *
 * @example
 * ```ts
 * await writeFile('vae.onnx', exportOnnx(model, { method: 'sample', batch: 16 }));
 * ```
 */
export function exportOnnx(model: GenerativeModel, options: ExportOptions): Uint8Array {
  checkOptions('exportOnnx', options, ['method', 'batch', 'inputShape', 'metadata']);
  const { method, batch = 1, inputShape = inputShapeOf(model, method), metadata = {} } = options;
  checkInteger('exportOnnx', 'batch', batch);
  for (const size of inputShape) checkInteger('exportOnnx', 'inputShape', size, { min: 0 });
  const call = methodOf(model, method);
  const isSampler = method === 'sample';
  const file = {
    parameters: model.parameters(),
    metadata: {
      ...metadata,
      'dgm.model': model.constructor.name,
      'dgm.method': method,
      'dgm.version': version,
    },
  };
  if (isSampler && hasSamplingLoop(model)) return exportSampler(model.samplingLoop(batch), file);
  return exportFunction(
    ({ tensors, key }) =>
      tf.tidy(() => outputsOf(method, isSampler ? call(key, batch) : call(tensors['x'], key))),
    isSampler ? {} : { x: { shape: [batch, ...inputShape] } },
    file,
  );
}

/** A decoder takes latents, everything else examples. */
function inputShapeOf(model: GenerativeModel, method: string): Shape {
  const { latentShape } = model as { readonly latentShape?: Shape };
  return method === 'decode' && latentShape !== undefined ? latentShape : model.eventShape;
}

type Method = (first: Tensor | Key | undefined, second: Key | number) => Tensor | Distribution;

function methodOf(model: GenerativeModel, name: string): Method {
  const method = (model as unknown as Readonly<Record<string, unknown>>)[name];
  if (typeof method === 'function') return (method as Method).bind(model);
  throw new ArgumentError({
    where: 'exportOnnx',
    argument: 'method',
    expected: `to be a method of ${model.constructor.name}`,
    actual: `"${name}"`,
  });
}

function outputsOf(method: string, result: Tensor | Distribution): Record<string, Tensor> {
  if (result instanceof tf.Tensor) return { [method]: result };
  return { [`${method}/mean`]: result.mean(), [`${method}/variance`]: result.variance() };
}
