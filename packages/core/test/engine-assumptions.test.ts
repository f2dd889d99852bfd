// What this project believes of TensorFlow.js and works around. A failure here after an upgrade is news: the
// workaround that the test names may go, or must change.
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor, Tensor1D } from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { registerGradients, setup } from '../src/index';
import { runInPlainNode } from './plain-node';
import { suiteBackend } from './support/suite-backend';

beforeAll(async () => void (await setup({ backend: 'cpu' })));
afterAll(async () => void (await setup({ backend: suiteBackend })));

/** What two processes of their own see, in which nothing of this project runs. */
const untouched = {
  cpu: `
    import * as tf from '@tensorflow/tfjs-core';
    import '@tensorflow/tfjs-backend-cpu';
    const warnings = [];
    console.warn = (text) => warnings.push(text);
    await tf.setBackend('cpu');
    tf.scalar(1);
    const registration = import('@tensorflow/tfjs-core/dist/register_all_gradients.js');
    console.log(JSON.stringify({
      warnings,
      gradientOfSum: tf.getGradient('Sum') ?? 'none',
      registration: await registration.then(() => 'loads', () => 'fails'),
      chainedSquare: typeof tf.Tensor.prototype.square,
    }));`,
  wasm: `
    import * as tf from '@tensorflow/tfjs-core';
    import '@tensorflow/tfjs-backend-wasm';
    await tf.setBackend('wasm');
    const handlers = process.listenerCount('uncaughtException') + process.listenerCount('unhandledRejection');
    const convolved = [...tf.conv2d(tf.ones([1, 6, 6, 1]), tf.ones([2, 2, 1, 1]), 3, 'same').dataSync()];
    const bringsCpu = tf.findBackendFactory('cpu') != null;
    await import('@tensorflow/tfjs-backend-cpu');
    const names = (backend) => tf.getKernelsForBackend(backend).map(({ kernelName }) => kernelName);
    const wasm = new Set(names('wasm'));
    const lacking = names('cpu').filter((name) => !wasm.has(name)).sort();
    console.log(JSON.stringify({ handlers, convolved, bringsCpu, lacking }));`,
};
let cpu: { warnings: string[]; gradientOfSum: unknown; registration: string; chainedSquare: string };
let wasm: { handlers: number; convolved: number[]; bringsCpu: boolean; lacking: string[] };
beforeAll(async () => {
  cpu = JSON.parse(await runInPlainNode(untouched.cpu)) as typeof cpu;
  wasm = JSON.parse(await runInPlainNode(untouched.wasm)) as typeof wasm;
});

const gradientOf = (f: (x: Tensor) => Tensor, x: number): number =>
  tf.tidy(
    () =>
      tf
        .grad((t) => tf.sum(f(t)))(tf.scalar(x))
        .dataSync()[0]!,
  );

/** The relative distance of the gradient of the penalty (d/dx x f(x))^2 at 0.7 from finite differences. */
function secondOrderError(f: (x: Tensor) => Tensor): number {
  const penalty = (x: Tensor): Tensor => tf.square(tf.grad((t) => tf.sum(tf.mul(t, f(t))))(x));
  const value = (x: number): number => tf.tidy(() => penalty(tf.scalar(x)).dataSync()[0]!);
  const step = 1e-2;
  const differences = (value(0.7 + step) - value(0.7 - step)) / (2 * step);
  return Math.abs(gradientOf(penalty, 0.7) / differences - 1);
}

describe('gradients', () => {
  it('are not registered by tfjs-core (registerGradients does it)', () => {
    expect(cpu.gradientOfSum).toBe('none');
  });

  it('cannot be registered in Node by the module that tfjs-core has for it (we generate our own)', () => {
    expect(cpu.registration).toBe('fails');
  });

  it('are all in the generated list', () => {
    registerGradients();
    const missing = ['Sum', 'BatchMatMul', 'Conv2D', 'GatherV2', 'Prod', 'Softplus', 'Erf'].filter(
      (name) => tf.getGradient(name) == null,
    );
    expect(missing).toEqual([]);
  });

  it.each<[string, (x: Tensor) => Tensor]>([
    ['tanh', tf.tanh],
    ['sigmoid', tf.sigmoid],
    ['exp', tf.exp],
  ])('of second order are silently wrong through %s (core exports its own)', (_, f) => {
    expect(secondOrderError(f)).toBeGreaterThan(0.05);
  });

  it.each<[string, (x: Tensor) => Tensor]>([
    ['softplus', tf.softplus],
    ['square', tf.square],
    ['sin', tf.sin],
  ])('of second order are right through %s', (_, f) => {
    expect(secondOrderError(f)).toBeLessThan(1e-3);
  });

  it.each<[string, (x: Tensor) => Tensor]>([
    ['leakyRelu', (x) => tf.leakyRelu(x)],
    ['selu', tf.selu],
    ['logSumExp', (x) => tf.logSumExp(x)],
    ['clipByValue', (x) => tf.clipByValue(x, 0, 1)],
  ])('of second order throw through %s (core exports its own)', (_, f) => {
    expect(() => secondOrderError(f)).toThrow('gradient function not found');
  });

  it('do not pass a condition that is computed from the input (core/ops has selectByMask)', () => {
    expect(() => gradientOf((x) => tf.where(tf.greater(x, 0), x, tf.neg(x)), 1)).toThrow(
      'gradient function not found',
    );
  });

  it('do not exist for cumprod and einsum', () => {
    expect([tf.getGradient('Cumprod'), tf.getGradient('Einsum')]).toEqual([undefined, undefined]);
  });

  it('of a norm at zero are NaN', () => {
    expect(gradientOf((x) => tf.norm(tf.stack([x, x])), 0)).toBeNaN();
  });
});

describe('ops', () => {
  it('are functions only: tensors of tfjs-core have no chained ops', () => {
    expect(cpu.chainedSquare).toBe('undefined');
  });

  it('take seed 0 as "no seed" (all randomness comes from Key)', () => {
    const draw = (seed: number): string =>
      tf.tidy(() => tf.randomNormal([8], 0, 1, 'float32', seed).dataSync().join());
    expect(draw(0)).not.toBe(draw(0));
    expect(draw(1)).toBe(draw(1));
  });

  it('give NaN for the logSumExp of nothing but -Infinity (core/ops has its own)', () => {
    const value = tf.tidy(() => tf.logSumExp(tf.fill([2], -Infinity)).dataSync()[0]);
    expect(value).toBeNaN();
  });

  it('floor when they divide integers', () => {
    const quotient = tf.tidy(
      () => tf.div(tf.tensor1d([-3], 'int32'), tf.tensor1d([2], 'int32')).dataSync()[0],
    );
    expect(quotient).toBe(-2);
  });

  it('want variable names that no other variable of the process has (we never name any)', () => {
    const first = tf.variable(tf.scalar(0), true, 'assumption');
    expect(() => tf.variable(tf.scalar(0), true, 'assumption')).toThrow('already registered');
    first.dispose();
  });

  it('let minimize move every trainable variable when it gets no list (our optimizers are given theirs)', () => {
    const { player, opponent } = { player: tf.variable(tf.scalar(1)), opponent: tf.variable(tf.scalar(1)) };
    const before = tf.memory().numTensors;
    const grads = tf.variableGrads(() => tf.mul(player, opponent) as Scalar).grads;
    expect(Object.keys(grads)).toContain(opponent.name);
    tf.dispose([...Object.values(grads)]);
    expect(tf.memory().numTensors).toBe(before + 1);
    tf.dispose([player, opponent]);
  });
});

describe('the cpu backend', () => {
  it('prints an advertisement at its first write (setup keeps it quiet)', () => {
    expect(cpu.warnings).toEqual([
      expect.stringContaining('looks like you are running TensorFlow.js in Node.js'),
    ]);
  });
});

describe('the wasm backend', () => {
  it('lacks these kernels that the cpu backend has (mended: the two for conv2d and gather)', () => {
    expect(wasm.lacking).toEqual([
      'Complex',
      'ComplexAbs',
      'Conv2DBackpropFilter',
      'DepthwiseConv2dNativeBackpropFilter',
      'DepthwiseConv2dNativeBackpropInput',
      'Draw',
      'Einsum',
      'FFT',
      'IFFT',
      'Imag',
      'RaggedGather',
      'RaggedRange',
      'RaggedTensorToTensor',
      'Real',
      'StaticRegexReplace',
      'UnsortedSegmentSum',
    ]);
  });

  it('convolves to zeros where a "same" stride is larger than the filter (mended: Conv2D)', () => {
    expect(wasm.convolved).toEqual([0, 0, 0, 0]);
  });

  it('adds handlers for the whole process (setup takes them away)', () => {
    expect(wasm.handlers).toBeGreaterThan(0);
  });

  it('does not bring the cpu backend with it (setup imports it when it is wanted)', () => {
    expect(wasm.bringsCpu).toBe(false);
  });

  it('adds up a million floats one by one: sums are off in the third digit (metrics add up in doubles)', async () => {
    await setup({ backend: 'wasm' });
    const sum = tf.tidy(() => tf.sum(tf.fill([1_000_000], 0.1) as Tensor1D).dataSync()[0]!);
    expect(sum).toBeGreaterThan(100_900);
    await setup({ backend: 'cpu' });
    expect(tf.tidy(() => tf.sum(tf.fill([1_000_000], 0.1)).dataSync()[0])).toBeCloseTo(100_000, 0);
  });
});
