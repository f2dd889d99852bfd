import { adam, adamax, Key, mlp, ModelStep, rmsprop, sgd } from '@dgm/core';
import type { OptimizerFactory, StepOptions, StepProgram } from '@dgm/core';
import { relativeError } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, test } from 'vitest';
import { captureStep } from '../src/engine/step-variant';
import { compiled } from '../src/index';
import type { CapturedStep } from '../src/engine/step-variant';
import { topologicalOrder } from '../src/graph/graph';
import type { Graph } from '../src/graph/graph';
import { Arena } from '../src/update/arena';
import type { ElementwiseProgram } from '../src/update/expression';
import { cutAtUpdates } from '../src/update/cut-at-updates';
import { splitUpdates } from '../src/update/split-updates';
import { Denoiser } from './support/network-model';

/** What a program computes, by its definition. */
function reference(
  { steps, results }: ElementwiseProgram,
  tensors: readonly ArrayLike<number>[],
  scalars: readonly number[],
  size: number,
): Float32Array[] {
  const round = Math.fround;
  const outputs = results.map(() => new Float32Array(size));
  for (let at = 0; at < size; at++) {
    const values: number[] = [];
    for (const step of steps) {
      if (step.kind === 'tensor') values.push(tensors[step.index]![at]!);
      else if (step.kind === 'scalar') values.push(round(scalars[step.index]!));
      else if (step.kind === 'constant') values.push(round(step.value));
      else {
        const [a, b] = step.operands.map((operand) => values[operand]!) as [number, number];
        const compute = {
          Abs: () => Math.abs(a),
          Add: () => a + b,
          Maximum: () => Math.max(a, b),
          Minimum: () => Math.min(a, b),
          Multiply: () => a * b,
          Neg: () => -a,
          RealDiv: () => a / b,
          Sqrt: () => Math.sqrt(a),
          Square: () => a * a,
          Sub: () => a - b,
        }[step.op];
        values.push(round(compute()));
      }
    }
    results.forEach((step, index) => (outputs[index]![at] = values[step]!));
  }
  return outputs;
}

describe('the assembled program', () => {
  const everyOp: ElementwiseProgram = {
    steps: [
      { kind: 'tensor', index: 0 },
      { kind: 'tensor', index: 1 },
      { kind: 'scalar', index: 0 },
      { kind: 'constant', value: 0.3 },
      { kind: 'op', op: 'Add', operands: [0, 1] },
      { kind: 'op', op: 'Sub', operands: [4, 2] },
      { kind: 'op', op: 'Multiply', operands: [5, 3] },
      { kind: 'op', op: 'Abs', operands: [6] },
      { kind: 'op', op: 'Sqrt', operands: [7] },
      { kind: 'op', op: 'RealDiv', operands: [0, 8] },
      { kind: 'op', op: 'Maximum', operands: [9, 1] },
      { kind: 'op', op: 'Minimum', operands: [10, 2] },
      { kind: 'op', op: 'Neg', operands: [11] },
      { kind: 'op', op: 'Square', operands: [12] },
    ],
    results: [13, 9, 6],
  };

  test.each(['Minimum', 'Maximum'] as const)('keeps what is not a number in either operand: %s', (op) => {
    const program: ElementwiseProgram = {
      steps: [
        { kind: 'tensor', index: 0 },
        { kind: 'tensor', index: 1 },
        { kind: 'op', op, operands: [0, 1] },
      ],
      results: [2],
    };
    const values = [Number.NaN, Number.NEGATIVE_INFINITY, -1, 0, 2, Number.POSITIVE_INFINITY];
    const pairs = values.flatMap((a) => values.map((b) => [a, b] as const));
    const arena = new Arena([pairs.length, pairs.length, pairs.length]);
    const [a, b, result] = [0, 1, 2].map(() => arena.place(pairs.length));
    a!.data.set(pairs.map(([first]) => first));
    b!.data.set(pairs.map(([, second]) => second));
    const update = { program, size: pairs.length, tensors: [], scalars: [], results: ['result'] };
    arena.bind(update, [a!, b!], [result!])([]);
    const [expected] = reference(program, [a!.data, b!.data], [], pairs.length);
    expect([...result!.data]).toEqual([...expected!]);
  });

  test.each([1, 3, 4, 5, 64, 1001])('computes every op to the bit, %i elements', (size) => {
    const arena = new Arena([size, size, size, size, size]);
    const tensors = [arena.place(size), arena.place(size)];
    tensors.forEach(({ data }, index) => {
      const values = Key.of(index).normal([size]);
      data.set(values.dataSync());
      values.dispose();
    });
    // The first result replaces the first tensor: an update in place.
    const results = [tensors[0]!, arena.place(size), arena.place(size)];
    const before = tensors.map(({ data }) => data.slice());
    const update = {
      program: everyOp,
      size,
      tensors: [],
      scalars: [undefined as never],
      results: ['a', 'b', 'c'],
    };
    arena.bind(update, tensors, results)([0.7]);
    const expected = reference(everyOp, before, [0.7], size);
    results.forEach(({ data }, index) => expect([...data]).toEqual([...expected[index]!]));
    expect([...tensors[1]!.data]).toEqual([...before[1]!]);
  });
});

describe('splitUpdates', () => {
  const captured = (optimizer: OptimizerFactory, options: Partial<StepOptions> = {}): CapturedStep => {
    const model = new Denoiser({ network: mlp([3, 8, 3], { key: Key.of(0) }), eventShape: [3] });
    const program = new ModelStep(model, { optimizer, ...options });
    const batch = Key.of(1).normal([5, 3]);
    const step = captureStep(program, { batch, key: Key.of(2), learningRates: { denoise: 1 }, step: 1 });
    batch.dispose();
    program.dispose();
    model.dispose();
    return step;
  };
  const split = (step: CapturedStep) => splitUpdates(step.graph, new Set(step.state.keys()));

  test.each([
    ['sgd', sgd(), 1],
    ['sgd with momentum', sgd({ momentum: 0.9 }), 2],
    ['adam', adam(), 3],
    ['adam with a penalty', adam({ epsilon: 0, rootEpsilon: 1e-8, l2: 0.1 }), 3],
    ['adamax', adamax(), 3],
    ['rmsprop', rmsprop(), 2],
  ] as const)('%s: one update per weight, with all of its slots', (_, optimizer, results) => {
    const { updates } = split(captured(optimizer));
    expect(updates.length).toBe(4);
    for (const update of updates) expect(update.results.length).toBe(results);
  });

  test('clipping reads the gradients in the graph and scales them in the update', () => {
    const { updates } = split(captured(sgd(), { clipNorm: 1 }));
    expect(updates.map(({ scalars }) => scalars.length)).toEqual([2, 2, 2, 2]);
  });

  test('a moving average belongs to the update of its weight', () => {
    const { updates } = split(captured(adam(), { ema: { decay: 0.9 } }));
    expect(updates.map(({ results }) => results.length)).toEqual([4, 4, 4, 4]);
  });

  test.each([
    ['adam', adam()],
    ['adam with a penalty', adam({ epsilon: 0, rootEpsilon: 1e-8, l2: 0.1 })],
  ] as const)('leaves no %s in the graph', (_, optimizer) => {
    const step = captured(optimizer);
    const count = (outputs: ReadonlyMap<string, unknown>) => outputs.size;
    const { graph } = split(step);
    // A loss and four gradients.
    expect(count(graph.outputs)).toBe(1 + 4);
    const kernels = topologicalOrder(graph.outputs.values()).map(({ kernel }) => kernel);
    expect(kernels).not.toContain('Sqrt');
  });

  test('the host computes the factors of a step from its learning rate and number', () => {
    const { updates, formulas } = split(captured(adam({ beta1: 0.5, beta2: 0.75, epsilon: 1e-8 })));
    const numbers: Readonly<Record<string, number>> = { 'rate/denoise': 0.1, step: 2 };
    expect(updates[0]!.scalars.length).toBe(formulas.size);
    const [rate, epsilon] = [...formulas.values()].map((formula) => formula((name) => numbers[name]!));
    // Moments are kept unnormalized, so that only these two carry the corrections of both biases.
    const correction = Math.sqrt(1 - 0.75 ** 2);
    expect(rate).toBeCloseTo((0.1 * correction) / (1 - 0.5 ** 2), 7);
    expect(epsilon! * 1e8).toBeCloseTo(correction / Math.sqrt(1 - 0.75), 6);
  });

  test('a factor that needs a gradient stays in the graph', () => {
    const { graph, updates, formulas } = split(captured(sgd(), { clipNorm: 1 }));
    const inGraph = [...graph.outputs.keys()].filter((name) => name.startsWith('leaf/'));
    expect(updates[0]!.scalars.length).toBe(2);
    expect(formulas.size).toBe(1);
    expect(inGraph.length).toBe(4 + 1);
  });
});

describe('cutAtUpdates', () => {
  type Other = (now: Tensor, before: Tensor, shared: Tensor) => Tensor;

  /** Two players: the first moves `w` by what both see, the second `v` by what it makes of the first's new weights and old ones. */
  function players(size: number, other: Other) {
    const [w, v] = tf.tidy(
      () => [tf.variable(tf.linspace(0, 1, size)), tf.variable(tf.ones([size]))] as const,
    );
    const program: StepProgram<Tensor> = {
      state: new Map([
        ['w', w],
        ['v', v],
      ]),
      run: ({ batch }) =>
        tf.tidy(() => {
          const before = tf.clone(w);
          const shared = tf.sin(tf.mul(batch, w));
          w.assign(tf.sub(w, tf.mul(0.1, tf.square(shared))));
          v.assign(tf.sub(v, other(w, before, shared)));
          return { 'first/total': tf.mean(shared), 'second/total': tf.mean(tf.exp(v)) };
        }),
    };
    return { program, variables: [w, v] };
  }
  const feed = { batch: tf.scalar(0.7), key: Key.of(0), learningRates: {}, step: 1 };
  const partsOf = (program: StepProgram<Tensor>) => {
    const { graph, state } = captureStep(program, feed);
    return cutAtUpdates(graph, new Set(state.keys()));
  };

  test.each<[string, number, Other, number | undefined]>([
    ['the second player reads the new weights as state', 40_000, (now) => tf.exp(now), 0],
    ['what both compute crosses', 40_000, (now, _, shared) => tf.cos(tf.mul(now, shared)), 1],
    [
      'not where it reads old weights',
      40_000,
      (now, before) => tf.cos(tf.mul(now, tf.exp(before))),
      undefined,
    ],
    ['not for little', 40, (now) => tf.exp(now), undefined],
    ['not where nothing new is read', 40_000, (_, __, shared) => tf.exp(shared), undefined],
  ])('%s', async (_, size, other, crossing) => {
    const [actual, expected] = [players(size, other), players(size, other)];
    const parts = partsOf(actual.program);
    if (crossing === undefined) expect(parts.length).toBe(1);
    else {
      expect(parts.length).toBe(2);
      expect([...parts[1]!.inputs.keys()].filter((name) => name.startsWith('cross/')).length).toBe(crossing);
      const [first, second] = parts.map((part) => splitUpdates(part, new Set(['state/0', 'state/1'])).graph);
      const kernels = ({ outputs }: Graph) => topologicalOrder(outputs.values()).map(({ kernel }) => kernel);
      expect(kernels(first!)).not.toContain('Exp');
      expect(kernels(second!)).not.toContain('Sin');
      expect(kernels(second!)).not.toContain('Square');
    }
    const step = await compiled().prepare(actual.program);
    const terms = [];
    for (let at = 0; at < 3; at++) {
      await step.run(feed);
      terms.push(
        tf.tidy(() =>
          Object.values(expected.program.run({ ...feed, step: tf.scalar(1) })).map(
            (term) => term.dataSync()[0]!,
          ),
        ),
      );
    }
    const drained = (await step.drain()).map((each) => Object.values(each));
    expect(relativeError(drained.flat(), terms.flat())).toBeLessThan(1e-5);
    await step.sync();
    actual.variables.forEach((variable, index) =>
      expect(relativeError(variable.dataSync(), expected.variables[index]!.dataSync())).toBeLessThan(1e-5),
    );
    step.dispose();
    tf.dispose([...actual.variables, ...expected.variables]);
  });
});
