import {
  adam,
  adamW,
  adamax,
  clipByGlobalNorm,
  Key,
  rmsprop,
  sgd,
  valueAndGradients,
  type DgmError,
  type OptimizerFactory,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import golden from '../../test/golden/optimizers.json';
import { adamaxRule, adamRule } from './adam';
import type { Factors, UpdateRule } from './optimizer';

/** The cases of test/golden/optimizers.py. */
const factories: Record<keyof typeof golden.trajectories, OptimizerFactory> = {
  sgd: sgd({ learningRate: 0.01 }),
  'sgd momentum': sgd({ learningRate: 0.01, momentum: 0.9 }),
  'sgd nesterov': sgd({ learningRate: 0.01, momentum: 0.9, nesterov: true }),
  adam: adam(),
  'adam fast': adam({ learningRate: 0.1, beta1: 0.8, beta2: 0.95, epsilon: 1e-3 }),
  'adam l2': adam({ learningRate: 0.05, l2: 0.3 }),
  'adam root': adam({ learningRate: 0.05, epsilon: 0, rootEpsilon: 1e-2, l2: 0.1 }),
  adamW: adamW({ learningRate: 0.05 }),
  'adamW decay': adamW({ learningRate: 0.05, weightDecay: 0.5 }),
  adamax: adamax(),
  'adamax fast': adamax({ learningRate: 0.1, beta1: 0.8, beta2: 0.95, epsilon: 1e-3 }),
  rmsprop: rmsprop(),
  'rmsprop momentum': rmsprop({ learningRate: 0.003, decay: 0.9, momentum: 0.7, epsilon: 1e-4 }),
};

const loss = (w: Tensor): Scalar => {
  const fit = tf.sub(tf.matMul(tf.tensor2d(golden.matrix), w), tf.tensor2d(golden.target, [4, 1]));
  const wiggle = tf.sin(tf.mul(50, tf.slice(w, [2, 0], [1, 1])));
  return tf.add(tf.mean<Scalar>(tf.square(fit)), tf.mul(1e-5, tf.sum<Scalar>(wiggle)));
};

/** Runs an optimizer on the problem of the golden values. */
function trajectory(factory: OptimizerFactory, steps: number, clip?: number): number[][] {
  const w = tf.variable(tf.tensor2d(golden.start, [3, 1]));
  const variables = new Map([['w', w]]);
  const optimizer = factory.create(variables);
  const visited = Array.from({ length: steps }, (_, taken) =>
    tf.tidy(() => {
      const { gradients } = valueAndGradients(() => ({ total: loss(w) }), variables);
      const used = clip === undefined ? gradients : clipByGlobalNorm(gradients, clip).gradients;
      optimizer.apply(used, {
        learningRate: tf.scalar(factory.learningRate(taken)),
        step: tf.scalar(taken + 1),
      });
      return [...w.dataSync()];
    }),
  );
  optimizer.dispose();
  w.dispose();
  return visited;
}

describe('optimizers', () => {
  it.each(Object.entries(factories))('%s follows its golden trajectory', (name, factory) => {
    const expected = golden.trajectories[name as keyof typeof golden.trajectories];
    trajectory(factory, expected.length).forEach((weights, step) =>
      weights.forEach((weight, index) => expect(weight).toBeCloseTo(expected[step]![index]!, 5)),
    );
  });

  it('take a schedule for the learning rate', () => {
    const visited = trajectory(sgd({ learningRate: (step) => (step === 1 ? 0.02 : 0) }), 3);
    expect(visited[0]!).toEqual([...Float32Array.from(golden.start)]);
    expect(visited[1]).not.toEqual(visited[0]);
    expect(visited[2]).toEqual(visited[1]);
  });

  it.each(Object.entries(factories))(
    '%s keeps its slots under paths and frees what it made',
    (_, factory) => {
      const before = tf.memory().numTensors;
      const kernel = tf.variable(tf.ones([2]));
      const variables = new Map([['encoder/0/kernel', kernel]]);
      const optimizer = factory.create(variables);
      const alive = tf.memory().numTensors;
      const context = { learningRate: tf.scalar(0.1), step: tf.scalar(1) };
      const gradient = tf.ones([2]);
      optimizer.apply(new Map([['encoder/0/kernel', gradient]]), context);
      expect(tf.memory().numTensors).toBe(alive + 3);
      for (const [path, slot] of optimizer.parameters()) {
        expect(path).toMatch(/^(m|u|v|momentum)\/encoder\/0\/kernel$/);
        expect(slot.trainable).toBe(false);
      }
      optimizer.dispose();
      optimizer.dispose();
      tf.dispose([kernel, gradient, context.learningRate, context.step]);
      // `tf.ones([2])` was copied into the variable.
      expect(tf.memory().numTensors).toBe(before + 1);
    },
  );

  it('leave a variable without a gradient as it is', () => {
    const kernel = tf.variable(tf.ones([2]));
    const optimizer = adamW().create(new Map([['kernel', kernel]]));
    optimizer.apply(new Map(), { learningRate: tf.scalar(0.1), step: tf.scalar(1) });
    expect([...kernel.dataSync()]).toEqual([1, 1]);
    optimizer.dispose();
    const gradients = new Map([['kernel', tf.ones([2])]]);
    expect(() => optimizer.apply(gradients, { learningRate: tf.scalar(0.1), step: tf.scalar(1) })).toThrow(
      expect.objectContaining({ code: 'state' }) as DgmError,
    );
  });
});

describe('a rule as one pass', () => {
  const hyperparameters = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
  const rules = {
    adam: adamRule(hyperparameters),
    'adam l2, root': adamRule({ ...hyperparameters, epsilon: 0, l2: 0.1, rootEpsilon: 1e-2 }),
    adamW: adamRule({ ...hyperparameters, weightDecay: 0.3 }),
    adamax: adamaxRule(hyperparameters),
  } as unknown as Record<string, UpdateRule<string, Factors>>;

  it.each(Object.entries(rules))('%s gives the bits of its operations', (_, rule) => {
    const key = Key.of(3);
    const names = ['weight', ...rule.slots];
    // Magnitudes from 1e-9 to 10, and zeros.
    const values = ['gradient', ...names].map((name) => {
      const wide = tf.mul(
        key.fold(name).normal([500]),
        tf.pow(10, key.fold(`${name}/size`).uniform([500], { min: -9, max: 1 })),
      );
      return [
        name,
        tf.abs(tf.mul(wide, tf.cast(tf.greater(key.fold(`${name}/zero`).uniform([500]), 0.05), 'float32'))),
      ];
    });
    const before = Object.fromEntries(values) as Record<string, Tensor>;
    const context = { learningRate: tf.scalar(1e-3), step: tf.scalar(7) };
    const factors = { ...rule.factors(context), ...context };
    const expected = rule.update(before['weight']!, before['gradient']!, before, factors) as Record<
      string,
      Tensor
    >;

    const arrays = (tensors: Record<string, Tensor>) =>
      Object.fromEntries(Object.entries(tensors).map(([name, x]) => [name, x.dataSync() as Float32Array]));
    const after = Object.fromEntries(names.map((name) => [name, new Float32Array(500)]));
    const numbers = Object.entries(factors).map(([name, factor]) => [name, factor.dataSync()[0]!]);
    rule.pass!(arrays(before) as never, after as never, Object.fromEntries(numbers) as never);
    for (const name of names) expect(after[name]).toEqual(expected[name]!.dataSync());
  });
});

describe('valueAndGradients', () => {
  it('returns the terms and the gradients, and nothing else', () => {
    const a = tf.variable(tf.scalar(2));
    const b = tf.variable(tf.scalar(3));
    const unused = tf.variable(tf.scalar(1));
    const before = tf.memory().numTensors;
    const { terms, gradients } = valueAndGradients(
      () => {
        const product = tf.mul<Scalar>(a, b);
        return { total: tf.square(product), product };
      },
      new Map([
        ['a', a],
        ['b', b],
        ['unused', unused],
      ]),
    );
    expect(terms.total.dataSync()[0]).toBe(36);
    expect(terms['product']!.dataSync()[0]).toBe(6);
    expect([...gradients].map(([path, gradient]) => [path, gradient.dataSync()[0]])).toEqual([
      ['a', 36],
      ['b', 24],
    ]);
    expect(tf.memory().numTensors).toBe(before + 4);
  });

  it('frees everything when the loss throws', () => {
    const a = tf.variable(tf.scalar(2));
    const before = tf.memory().numTensors;
    const broken = (): never => {
      tf.square(tf.exp(a));
      throw new RangeError('broken');
    };
    expect(() => valueAndGradients(broken, new Map([['a', a]]))).toThrow('broken');
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('clipByGlobalNorm', () => {
  it('follows torch.nn.utils.clip_grad_norm_', () => {
    trajectory(sgd({ learningRate: 0.1 }), golden.clipped.length, 0.5).forEach((weights, step) =>
      weights.forEach((weight, index) => expect(weight).toBeCloseTo(golden.clipped[step]![index]!, 5)),
    );
  });

  it('measures the joint norm and leaves small gradients alone', () => {
    const gradients = new Map([
      ['a', tf.tensor1d([3])],
      ['b', tf.tensor1d([4])],
    ]);
    const { gradients: clipped, norm } = clipByGlobalNorm(gradients, 10);
    expect(norm.dataSync()[0]).toBe(5);
    expect([...clipped.values()].map((gradient) => gradient.dataSync()[0])).toEqual([3, 4]);
  });
});

describe('options of optimizers', () => {
  const options = (value: object) => value as Parameters<typeof adam>[0];
  it.each<[string, () => unknown, RegExp]>([
    [
      'a negative rate',
      () => adam({ learningRate: -1e-3 }),
      /adam: expected learningRate to be a number of at least 0/,
    ],
    ['a rate that is NaN', () => sgd({ learningRate: NaN }), /sgd: expected learningRate .* got NaN/],
    ['an infinite rate', () => rmsprop({ learningRate: Infinity }), /rmsprop: expected learningRate/],
    ['a rate as text', () => adam(options({ learningRate: '1e-3' })), /got "1e-3"/],
    [
      'a rate in the place of options',
      () => adam(options(1e-3 as unknown as object)),
      /options to be an object, got 0.001/,
    ],
    ['a misspelt name', () => adamW(options({ weightdecay: 0 })), /did you mean "weightDecay"/],
    ['a name of another library', () => adam(options({ lr: 1e-3 })), /"lr"/],
    ['a decay of 1', () => adamax({ beta1: 1 }), /beta1 to be a number in \[0, 1\), got 1/],
    ['a decay above 1', () => adam({ beta2: 2 }), /beta2 to be a number in \[0, 1\), got 2/],
    ['a momentum above 1', () => sgd({ momentum: 2 }), /momentum/],
    ['a negative decay', () => rmsprop({ decay: -1 }), /decay/],
    ['a negative weight decay', () => adamW({ weightDecay: -5 }), /weightDecay to be a number of at least 0/],
    [
      'a rate that becomes NaN',
      () => adam({ learningRate: (step) => 1 - step / 0 }).learningRate(3),
      /learningRate after 3 steps/,
    ],
  ])('refuse %s', (_, call, message) => {
    expect(call).toThrow(
      expect.objectContaining({ code: 'argument', message: expect.stringMatching(message) as string }),
    );
  });
});
