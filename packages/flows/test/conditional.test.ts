import {
  adam,
  classContext,
  DgmError,
  evaluate,
  fit,
  Key,
  loadWeights,
  saveWeights,
  Sigmoid,
  trainable,
} from '@dgm/core';
import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import * as flows from '../src/index';

const key = Key.of(0);
const [C, N] = [2, 12];
const vector = { dims: 4, key, contextSize: C };
const image = { shape: [4, 4, 1], key, contextSize: C };
const levels = 3;

const models: Record<string, () => flows.Flow> = {
  realNvp: () => flows.realNvp({ ...vector, couplings: 2, hidden: [4] }),
  maf: () => flows.maf({ ...vector, layers: 2, hidden: [4] }),
  iaf: () => flows.iaf({ ...vector, layers: 2, hidden: [4] }),
  neuralSplineFlow: () => flows.neuralSplineFlow({ ...vector, layers: 2, hidden: [4] }),
  cnf: () => flows.cnf({ ...vector, hidden: [4] }),
  planarFlow: () => flows.planarFlow({ ...vector, layers: 2 }),
  sylvesterFlow: () => flows.sylvesterFlow({ ...vector, layers: 1 }),
  residualFlow: () => flows.residualFlow({ ...vector, blocks: 1, hidden: [4], lipschitz: 0.5 }),
  denseFlow: () => flows.denseFlow({ ...vector, blocks: 1, depth: 1, growth: 2, lipschitz: 0.5 }),
  glow: () => flows.glow({ ...image, steps: 1, hidden: 2 }),
  idf: () => flows.idf({ ...vector, couplings: 1, hidden: [4], scales: 2 }),
  autoregressiveIdf: () => flows.autoregressiveIdf({ ...vector, levels, hidden: [4], baseHidden: [6] }),
  imageIdf: () => flows.imageIdf({ ...image, levels, steps: 1, hidden: 2, components: 2 }),
};
const bounds: Record<string, () => flows.DequantizedFlow> = {
  histogramFlow: () => flows.histogramFlow({ ...vector, levels, hidden: [6] }),
  'dequantized (learned noise)': () =>
    flows.dequantized({
      flow: flows.realNvp({ ...vector, couplings: 1, hidden: [4] }),
      levels,
      dequantizer: flows.variationalDequantizer(
        flows.realNvp({
          ...vector,
          contextSize: 4 + C,
          couplings: 1,
          hidden: [4],
          preprocessing: new Sigmoid(),
        }),
        { levels },
      ),
    }),
};

const data = (shape: readonly number[]): Tensor => tf.floor(key.uniform([N, ...shape], { max: levels }));
const contexts = (): Tensor => Key.of(3).normal([N, C]);
const isContextError = expect.toSatisfy(
  (error) => DgmError.is(error, 'shape') && error.argument === 'context',
);

/** Weights that all count: many layers start at 0. */
function spread(model: flows.Flow | flows.DequantizedFlow): void {
  [...trainable(model).values()].forEach((variable, index) =>
    tf.tidy(() => variable.assign(tf.add(variable, tf.mul(0.3, Key.of(index).normal(variable.shape))))),
  );
}

describe.each([...Object.entries(models), ...Object.entries(bounds)])('%s', (_, make) => {
  test('learns from { x, context }, and refuses a context that is missing, superfluous or of another size', () => {
    const model = make();
    const [x, context] = [data(model.eventShape), contexts()];
    const [objective] = model.objectives();
    const loss = (batch: Tensor | { x: Tensor; context: Tensor }) =>
      objective!.loss(batch, key, { training: true });
    expectNoLeaks(() => {
      const { value, grads } = tf.variableGrads(() => loss({ x, context }).total, [...objective!.parameters]);
      expect(Number.isFinite(value.dataSync()[0])).toBe(true);
      tf.dispose([value, ...Object.values(grads)]);
    });
    const wrong = [tf.zeros([N, C + 1]), tf.zeros([N - 1, C]), tf.zeros([N])];
    expectNoLeaks(() => {
      expect(() => loss(x)).toThrow(isContextError);
      expect(() => model.sample(key, N)).toThrow(isContextError);
      for (const other of wrong) {
        expect(() => loss({ x, context: other })).toThrow(isContextError);
        expect(() => model.sample(key, N, { context: other })).toThrow(isContextError);
      }
    });
    tf.dispose([x, context, ...wrong]);
    model.dispose();
  });

  test('depends on the context, in its draws or its density, and is its weights', async () => {
    const [model, other] = [make(), make()];
    spread(model);
    loadWeights(other, await saveWeights(model));
    tf.tidy(() => {
      const x = data(model.eventShape);
      const draws = (context: Tensor) => [...model.sample(Key.of(1), N, { context }).dataSync()];
      const scores = (context: Tensor) => {
        const score = 'logProb' in model ? model.logProb({ x, context }) : model.elbo({ x, context }, key);
        return [...score.dataSync()];
      };
      const [near, far] = [contexts(), tf.add(contexts(), 5)];
      expect([draws(near).length, scores(near).length]).toEqual([x.size, N]);
      expect(scores(near)).not.toEqual(scores(far));
      expect(draws(near)).toEqual([...other.sample(Key.of(1), N, { context: near }).dataSync()]);
    });
    model.dispose();
    other.dispose();
  });
});

test.each(['realNvp', 'planarFlow', 'glow'])(
  '%s: one example is scored under each of several contexts',
  (name) => {
    const model = models[name]!();
    spread(model);
    tf.tidy(() => {
      const [x, context] = [Key.of(4).normal(model.eventShape), contexts()];
      const together = model.given(context).logProb(x);
      const repeated = tf.tile(tf.expandDims(x, 0), [N, ...x.shape.map(() => 1)]);
      expect([...together.dataSync()]).toEqual([...model.logProb({ x: repeated, context }).dataSync()]);
      const first = tf.slice(context, 0, 1);
      expect(model.given(first).logProb(repeated).shape).toEqual([N]);
    });
    model.dispose();
  },
);

test('an unconditional flow refuses a context, whatever its layers are', () => {
  const context = contexts();
  for (const make of [flows.planarFlow, flows.sylvesterFlow, flows.maf]) {
    const model = make({ dims: 4, key });
    expect(() => model.given(context)).toThrow(isContextError);
    model.dispose();
  }
  const layer = new flows.Planar({ dims: 4, key, contextSize: C });
  expect(() => layer.forwardAndLogDet(tf.zeros([3, 4]))).toThrow(isContextError);
  layer.dispose();
});

test('fit and evaluate take the batches of a conditional flow', async () => {
  const model = models['realNvp']!();
  const values = Float32Array.from(key.normal([40, 4]).dataSync());
  const labels = Int32Array.from({ length: 40 }, (_, row) => row % C);
  for (let row = 0; row < 40; row++) for (let d = 0; d < 4; d++) values[4 * row + d]! += 4 * labels[row]!;
  const examples = { count: 40, shape: [4], values, labels };
  const batch = classContext({ classes: C });
  const before = await evaluate(model, examples, { key, batch });
  await fit(
    model,
    { train: examples },
    { key, batch, optimizer: adam({ learningRate: 1e-2 }), batchSize: 20, epochs: 5 },
  );
  const after = await evaluate(model, examples, { key, batch });
  expect(after.kind).toBe('exact');
  expect(after.nats).toBeLessThan(before.nats);
  model.dispose();
});
