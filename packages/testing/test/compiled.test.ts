import { BaseModule, eager } from '@dgm/core';
import type { Engine, Key, GenerativeModel, Objective, Shape, StepFeed, TrainStep } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { compiledChecks, describeCompiled, engineChecks, type CompiledCase } from '../src/index';

/** Learns the mean of noisy data. */
class Location extends BaseModule implements GenerativeModel {
  readonly likelihoodKind = 'none';
  readonly eventShape: Shape = [2];
  readonly #location: Variable;

  constructor() {
    super();
    this.#location = this.parameter('location', tf.ones([2]));
  }

  sample(key: Key, n: number): Tensor {
    return tf.tidy(() => tf.add(key.normal([n, 2]), this.#location));
  }

  objectives(): readonly Objective[] {
    const loss = (x: Tensor, key: Key): { total: Scalar } =>
      tf.tidy(() => {
        const noisy = tf.add(x, key.normal(x.shape));
        return { total: tf.mean<Scalar>(tf.square(tf.sub(noisy, this.#location))) };
      });
    return [{ name: 'distance', parameters: [this.#location], loss }];
  }
}

const location: CompiledCase = {
  make: () => new Location(),
  data: [
    [1, 2],
    [3, 4],
    [0, -1],
  ],
};

/** Engines that are eager but for one fault. */
function faulty(change: {
  readonly feed?: (feed: StepFeed<unknown>) => StepFeed<unknown>;
  readonly step?: (step: TrainStep<unknown>) => Partial<TrainStep<unknown>>;
  readonly measured?: (value: number) => number;
}): () => Engine {
  return () => ({
    name: 'faulty',
    prepareFunction: async (measure) => {
      const prepared = await eager().prepareFunction(measure);
      return {
        run: async (batch, key) =>
          (await prepared.run(batch, key)).map(change.measured ?? ((value) => value)),
        dispose: () => prepared.dispose(),
      };
    },
    prepare: async <B>(program: Parameters<Engine['prepare']>[0]) => {
      const step = await eager().prepare(program);
      const changed: TrainStep<unknown> = {
        queueLength: step.queueLength,
        run: (feed) => step.run(change.feed?.(feed) ?? feed),
        drain: () => step.drain(),
        sync: () => step.sync(),
        load: () => step.load(),
        dispose: () => step.dispose(),
        ...change.step?.(step),
      };
      return changed as TrainStep<B>;
    },
  });
}

const GRADIENTS = 'computes every gradient of the eager engine';
const TRAINING = 'trains to the terms and variables of the eager engine, also by smaller batches';
const DRAWS = 'draws the bits that the eager engine draws';
const MEASURES = 'measures what the eager engine measures';
const TENSORS = 'holds no tensors beyond those of the step';

const faults: Record<string, { readonly engine: () => Engine; readonly found: readonly string[] }> = {
  'another key': {
    engine: faulty({ feed: (feed) => ({ ...feed, key: feed.key.fold('other') }) }),
    found: [GRADIENTS, TRAINING, DRAWS],
  },
  'a learning rate that is a little larger': {
    engine: faulty({
      feed: (feed) => ({
        ...feed,
        learningRates: Object.fromEntries(
          Object.entries(feed.learningRates).map(([name, rate]) => [name, rate * 1.1]),
        ),
      }),
    }),
    found: [TRAINING],
  },
  'the shape of the first batch for all': {
    engine: () => {
      let first: unknown;
      return faulty({
        feed: (feed) => {
          first ??= tf.keep(tf.clone(feed.batch as Tensor));
          return { ...feed, batch: first };
        },
      })();
    },
    found: [TRAINING, TENSORS],
  },
  'a validation loss that is a little larger': {
    engine: faulty({ measured: (value) => 1.001 * value }),
    found: [MEASURES],
  },
  'a tensor left at each step': {
    engine: faulty({
      feed: (feed) => {
        tf.keep(tf.scalar(0));
        return feed;
      },
    }),
    found: [TENSORS],
  },
};

describe('describeCompiled', () => {
  describeCompiled({ location: () => location }, { engine: eager, report: () => undefined });

  for (const [fault, { engine, found }] of Object.entries(faults)) {
    it(`finds ${fault}`, async () => {
      const broken: string[] = [];
      for (const [statement, check] of Object.entries(engineChecks))
        await check(engine).catch(() => broken.push(statement));
      for (const [statement, check] of Object.entries(compiledChecks))
        await check(location, engine).catch(() => broken.push(statement));
      expect(broken).toEqual(expect.arrayContaining([...found]));
    });
  }
});
