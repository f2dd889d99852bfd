import { DgmError, Key, mlp } from '@dgm/core';
import type { DgmErrorCode } from '@dgm/core';
import { relativeError } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import * as ort from 'onnxruntime-node';
import { describe, expect, test, vi } from 'vitest';
import { capture, compile } from '../src/index';
import type { TensorFunction } from '../src/index';

const failing = (code: DgmErrorCode, ...words: string[]) =>
  expect.toSatisfy((error: unknown) => {
    expect(DgmError.is(error, code), String(error)).toBe(true);
    words.forEach((word) => expect(String(error)).toContain(word));
    return true;
  });

/** The runtime, what each run in it was given by name, and how many sessions were freed. */
function watchedRuntime() {
  const runs: string[][] = [];
  let released = 0;
  const create = async (...given: Parameters<typeof ort.InferenceSession.create>) => {
    const session = await ort.InferenceSession.create(...given);
    const [run, release] = [session.run.bind(session), session.release.bind(session)];
    return Object.assign(session, {
      run: (feeds: ort.InferenceSession.FeedsType, fetches: ort.InferenceSession.FetchesType) => {
        runs.push(Object.keys(feeds));
        return run(feeds, fetches);
      },
      release: () => {
        released++;
        return release();
      },
    });
  };
  return { runtime: { ...ort, InferenceSession: { create } }, runs, released: () => released };
}

describe('a compiled function', () => {
  test('gives what the function gives, with the weights of each run', async () => {
    const network = mlp([3, 8, 2], { key: Key.of(0) });
    const fn: TensorFunction<'y'> = ({ tensors }) => ({ y: network.apply(tensors['x']!) });
    const compiled = await compile(fn, { x: { shape: [4, 3] } });
    const x = Key.of(1).normal([4, 3]);
    for (const scale of [1, -0.5]) {
      tf.tidy(() => network.parameters().forEach((weight) => weight.assign(tf.mul(weight, scale))));
      const { y } = await compiled.run({ x });
      const expected = network.apply(x);
      expect(relativeError(y.dataSync(), expected.dataSync())).toBeLessThan(1e-6);
      tf.dispose([y, expected]);
    }
    compiled.dispose();
    compiled.dispose();
    network.dispose();
    x.dispose();
  });

  test('reads a variable again only when it was assigned', async () => {
    const weight = tf.tidy(() => tf.variable(tf.tensor1d([1, 2])));
    const data = vi.spyOn(weight, 'data');
    const compiled = await compile(({ tensors }) => ({ y: tf.mul(tensors['x']!, weight) }), {
      x: { shape: [2] },
    });
    const x = tf.tensor1d([3, 4]);
    const call = async () => {
      const { y } = await compiled.run({ x });
      const values = [...y.dataSync()];
      y.dispose();
      return values;
    };
    expect([await call(), await call()]).toEqual([
      [3, 8],
      [3, 8],
    ]);
    expect(data).toHaveBeenCalledTimes(1);
    tf.tidy(() => weight.assign(tf.tensor1d([5, 6])));
    expect(await call()).toEqual([15, 24]);
    expect(data).toHaveBeenCalledTimes(2);
    compiled.dispose();
    tf.dispose([weight, x]);
  });

  test('computes what depends on variables alone once for each of their values', async () => {
    const weight = tf.tidy(() => tf.variable(Key.of(0).normal([3, 3])));
    const symmetric = () => tf.matMul(weight, weight, false, true);
    const fn: TensorFunction<'y' | 'w'> = ({ tensors }) => ({
      y: tf.matMul(tensors['x']!, symmetric()),
      w: symmetric(),
    });
    const { runtime, runs } = watchedRuntime();
    const compiled = await compile(fn, { x: { shape: [2, 3] } }, { runtime });
    const x = Key.of(1).normal([2, 3]);
    for (const scale of [1, -0.5]) {
      if (scale !== 1) tf.tidy(() => weight.assign(tf.mul(weight, scale)));
      // Calls that overlap wait for the same.
      for (const results of await Promise.all([compiled.run({ x }), compiled.run({ x })])) {
        const expected = tf.tidy(() => ({ y: tf.matMul(x, symmetric()), w: symmetric() }));
        expect(relativeError(results.y.dataSync(), expected.y.dataSync())).toBeLessThan(1e-6);
        expect(relativeError(results.w.dataSync(), expected.w.dataSync())).toBeLessThan(1e-6);
        tf.dispose([results, expected]);
      }
    }
    // Until the weight is assigned, what depends on it is part of the session; a result that does so alone is fed.
    const both = ['fixed/0', 'x'];
    expect(runs).toEqual([['state/0'], ['x'], ['x'], ['state/0'], both, both]);
    compiled.dispose();
    await expect(compiled.run({ x })).rejects.toEqual(failing('state', 'disposed'));
    tf.dispose([weight, x]);
  });

  test('has variables as constants until one is assigned, which calls in progress do not see', async () => {
    const weight = tf.tidy(() => tf.variable(tf.tensor1d([1, 2])));
    const { runtime, runs, released } = watchedRuntime();
    const compiled = await compile(
      ({ tensors }) => ({ x: tf.mul(tensors['x']!, weight) }),
      { x: { shape: [2] } },
      { runtime },
    );
    const [start, between] = [tf.tensor1d([1, 1]), [] as Promise<{ readonly x: tf.Tensor }>[]];
    const looped = await compiled.loop(4, {
      start: { x: start },
      each: (index) => {
        if (index === 2) {
          tf.tidy(() => weight.assign(tf.tensor1d([3, 5])));
          between.push(compiled.run({ x: start }));
        }
        return {};
      },
    });
    const { x: single } = await between[0]!;
    expect([...looped.x.dataSync()]).toEqual([1, 16]);
    expect([...single.dataSync()]).toEqual([3, 5]);
    expect(runs.map((names) => names.join())).toEqual(['x', 'x', 'x', 'x', 'state/0,x']);
    // The constants went with the loop, the last call that needed them.
    expect(released()).toBe(1);
    compiled.dispose();
    await Promise.resolve();
    expect(released()).toBe(2);
    tf.dispose([weight, start, looped, single]);
  });

  test('keeps the draws of calls that overlap apart', async () => {
    const compiled = await compile(({ key }) => ({ z: tf.add(key.normal([5]), 1) }), {});
    const seeds = [0, 1, 2, 3];
    const results = await Promise.all(seeds.map((seed) => compiled.run({}, { key: Key.of(seed) })));
    results.forEach(({ z }, seed) => {
      const expected = tf.tidy(() => tf.add(Key.of(seed).normal([5]), 1));
      expect([...z.dataSync()]).toEqual([...expected.dataSync()]);
      tf.dispose([z, expected]);
    });
    compiled.dispose();
  });

  test('draws what the key draws, and wants one', async () => {
    const compiled = await compile(({ key }) => ({ z: key.fold('z').normal([5]) }), {});
    const { z } = await compiled.run({}, { key: Key.of(3) });
    const expected = Key.of(3).fold('z').normal([5]);
    expect([...z.dataSync()]).toEqual([...expected.dataSync()]);
    await expect(compiled.run({})).rejects.toEqual(failing('shape', 'key'));
    tf.dispose([z, expected]);
    compiled.dispose();
  });

  test('runs a loop of Langevin steps without leaving the runtime', async () => {
    // The unadjusted Langevin algorithm on a standard normal, written twice.
    const step: TensorFunction<'x'> = ({ tensors, key }) => {
      const x = tensors['x']!;
      const rate = tensors['rate']!;
      const drift = tf.mul(rate, tf.neg(x));
      return { x: tf.add(tf.add(x, drift), tf.mul(tf.sqrt(tf.mul(2, rate)), key.normal(x.shape))) };
    };
    const compiled = await compile(step, { x: { shape: [16, 2] }, rate: { shape: [] } });
    const key = Key.of(7);
    const start = tf.fill([16, 2], 3);
    const before = tf.memory().numTensors;
    const { x } = await compiled.loop(50, {
      start: { x: start },
      each: (index) => ({ tensors: { rate: 0.1 / (index + 1) }, key: key.fold(index) }),
    });
    expect(tf.memory().numTensors).toBe(before + 1);
    const expected = tf.tidy(() => {
      let current: tf.Tensor = start;
      for (let index = 0; index < 50; index++) {
        current = step({
          tensors: { x: current, rate: tf.scalar(0.1 / (index + 1)) },
          key: key.fold(index),
        }).x;
      }
      return current;
    });
    expect(relativeError(x.dataSync(), expected.dataSync())).toBeLessThan(1e-5);
    await expect(compiled.loop(0, { start: { x: start } })).rejects.toEqual(failing('argument', 'count'));
    tf.dispose([x, expected, start]);
    compiled.dispose();
  });

  test('refuses inputs of another shape, unknown ones and missing ones', async () => {
    const compiled = await compile(({ tensors }) => ({ y: tf.neg(tensors['x']!) }), { x: { shape: [2] } });
    const [pair, triple] = [tf.zeros([2]), tf.zeros([3])];
    await expect(compiled.run({ x: triple })).rejects.toEqual(failing('shape', '[2]', '[3]', 'compile'));
    await expect(compiled.run({ x: pair, y: pair })).rejects.toEqual(failing('argument', 'y', 'x'));
    await expect(compiled.run({})).rejects.toEqual(failing('shape', 'x'));
    compiled.dispose();
    await expect(compiled.run({ x: pair })).rejects.toEqual(failing('state', 'disposed'));
    tf.dispose([pair, triple]);
  });
});

describe('what cannot be captured says why', () => {
  const spec = { x: { shape: [3] } };
  const refusals: Record<string, [TensorFunction, ReturnType<typeof failing>]> = {
    'a value that is read': [
      ({ tensors }) => ({ y: tf.scalar(tf.max(tensors['x']!).dataSync()[0]!) }),
      failing('unsupported', 'Max', 'argument'),
    ],
    'a branch on a value': [
      ({ tensors }) => {
        const sum = tf.sum(tensors['x']!).arraySync() as unknown as number;
        return { y: sum > 0 ? tensors['x']! : tf.neg(tensors['x']!) };
      },
      failing('unsupported', 'Sum', 'eager'),
    ],
    'a kernel without a lowering': [
      ({ tensors }) => ({ y: tf.denseBincount(tf.cast(tensors['x']!, 'int32') as tf.Tensor1D, [], 3) }),
      failing('engine', 'DenseBincount', 'eager'),
    ],
    'factors that do not fit': [
      ({ tensors }) => ({ y: tf.matMul(tf.reshape(tensors['x']!, [1, 3]), tf.zeros([2, 1])) }),
      failing('shape', '3 of [1, 3]', '2 of [2, 1]'),
    ],
    'draws one by one': [
      ({ key }) => ({ y: tf.scalar(key.generator().normal()) }),
      failing('unsupported', 'captured'),
    ],
  };

  for (const [name, [fn, refusal]] of Object.entries(refusals)) {
    test(name, async () => {
      const before = tf.memory().numTensors;
      const backend = tf.getBackend();
      await expect(compile(fn, spec)).rejects.toEqual(refusal);
      expect(tf.getBackend()).toBe(backend);
      expect(tf.memory().numTensors).toBe(before);
    });
  }

  test('a variable that is assigned; it keeps its value', async () => {
    const variable = tf.variable(tf.tensor1d([1, 2, 3]));
    await expect(
      compile(({ tensors }) => {
        variable.assign(tf.add(variable, tensors['x']!) as tf.Tensor1D);
        return { y: tf.neg(variable) };
      }, spec),
    ).rejects.toEqual(failing('unsupported', 'assign'));
    expect([...variable.dataSync()]).toEqual([1, 2, 3]);
    variable.dispose();
  });

  test('a nested capture', () => {
    expect(() => capture(() => capture(() => ({}), {}).graph.outputs as never, {})).toThrow(
      failing('state', 'capture'),
    );
  });
});

describe('capture', () => {
  test('tells variables apart that share their data', () => {
    const weight = tf.variable(tf.tensor1d([1, 2]));
    const average = tf.variable(weight, false);
    const { graph, state } = capture(() => {
      weight.assign(tf.add(weight, 1));
      average.assign(tf.mul(average, 2));
      return {};
    }, {});
    expect([...state.values()]).toEqual([weight, average]);
    const kernels = [...graph.outputs.values()].map(({ source }) =>
      source.kind === 'node' ? [source.node.kernel, source.node.inputs[0]] : [],
    );
    expect(kernels).toEqual([
      ['Add', graph.inputs.get([...state.keys()][0]!)],
      ['Multiply', graph.inputs.get([...state.keys()][1]!)],
    ]);
    tf.dispose([weight, average]);
  });

  test('takes a tensor from outside as a constant, and leaves out variables that are not used', () => {
    const outside = tf.tensor1d([1, 2]);
    const unused = tf.variable(tf.zeros([2]));
    const { graph, state } = capture(({ tensors }) => ({ y: tf.add(tensors['x']!, outside) }), {
      x: { shape: [2] },
    });
    expect(state.size).toBe(0);
    expect([...graph.inputs.keys()]).toEqual(['x']);
    const { source } = graph.outputs.get('y')!;
    expect(source.kind === 'node' && source.node.inputs[1]!.source).toEqual({
      kind: 'constant',
      data: Float32Array.of(1, 2),
    });
    tf.dispose([outside, unused]);
  });
});
