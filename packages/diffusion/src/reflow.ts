import { checkInteger, checkKey, checkMethods, checkOptions, eager, gatherExamples, sizeOf } from '@dgm/core';
import type { Engine, Examples, FixedStepSolver, Key, MakeBatch } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { FlowMatching } from './flow-matching';
import type { PairedBatch } from './optimal-pairs';

export interface ReflowOptions {
  /** Decides the noise of the pairs. */
  readonly key: Key;
  /** The number of pairs. */
  readonly count: number;
  /** Draws the examples. @defaultValue that of `sample` */
  readonly solver?: FixedStepSolver;
  /** How many pairs are drawn at once. @defaultValue 256 */
  readonly batchSize?: number;
  /** Runs the flow. @defaultValue `eager()` */
  readonly engine?: Engine;
}

/** What `fit` trains a rectified flow on. */
export interface ReflowPairs {
  /** Each is an example as the first flow draws it and the noise that it was drawn from, `[2, ...shape]`. */
  readonly train: Examples;
  /** The option `batch` of `fit`, which takes the two apart. */
  readonly batch: MakeBatch<PairedBatch>;
}

/**
 * Reflow: pairs of noise with what the ODE of a trained flow makes of it. A second flow that is trained on them has the same
 * distribution and straighter paths, as those of the pairs do not cross, so that one or two steps draw.
 *
 * Examples of integers are rounded, and the second flow adds noise to them again.
 * @param flow - without a condition; it is left as it is
 * @throws ArgumentError for an option that is unknown or out of its range
 * @throws ShapeError for a conditional flow
 * @see Flow Straight and Fast: Learning to Generate and Transfer Data with Rectified Flow (Liu et al., 2023), Algorithm 1
 * @example
 * ```ts
 * const { train, batch } = await reflowPairs(first, { key, count: 10_000 });
 * await fit(second, { train }, { key, optimizer: adamW(), batchSize: 125, epochs: 50, batch });
 * ```
 */
export async function reflowPairs(flow: FlowMatching, options: ReflowOptions): Promise<ReflowPairs> {
  const where = 'reflowPairs';
  checkMethods(where, 'flow', flow, {
    methods: ['samplingLoop', 'velocity'],
    expected: 'to be a model such as flowMatching()',
  });
  checkOptions(where, options, ['key', 'count', 'solver', 'batchSize', 'engine']);
  const { key, count, solver, batchSize = 256, engine = eager() } = options;
  checkKey(where, key);
  checkInteger(where, 'count', count);
  checkInteger(where, 'batchSize', batchSize);
  const shape = flow.eventShape;
  const values = new Float32Array(2 * count * sizeOf(shape));
  const drawing = await engine.prepareFunction<Tensor>({
    loop: (noise) => flow.samplingLoop(noise.shape[0]!, { noise, ...(solver && { solver }) }),
  });
  try {
    for (let start = 0; start < count; start += batchSize) {
      const noise = key.fold(start).normal([Math.min(batchSize, count - start), ...shape]);
      try {
        values.set(pairsIn(noise, await drawing.run(noise, key)), 2 * start * sizeOf(shape));
      } finally {
        noise.dispose();
      }
    }
  } finally {
    drawing.dispose();
  }
  return { train: { count, shape: [2, ...shape], values }, batch: pairsOf };
}

/** Each example and its noise after one another. */
const pairsIn = (noise: Tensor, drawn: Float32Array): Float32Array =>
  tf.tidy(() => tf.stack([tf.tensor(drawn, noise.shape), noise], 1).dataSync() as Float32Array);

const pairsOf: MakeBatch<PairedBatch> = (examples, rows) => {
  const pairs = gatherExamples(examples, rows);
  const [x, noise] = tf.unstack(pairs, 1) as [Tensor, Tensor];
  pairs.dispose();
  return { x, noise };
};
