import { expectNoLeaks } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { DgmError } from '../errors/dgm-error';
import { Key } from '../random/key';
import { Conv1d } from './conv1d';
import type { Layer } from './layer';
import { MultiHeadAttention } from './multi-head-attention';
import { gru, lstm } from './recurrent';
import { rotate } from './rotate';
import type { SequenceState, StepLayer } from './step-layer';

const LENGTH = 6;
const FEATURES = 4;
const key = Key.of(11);

const causalLayers: Readonly<Record<string, () => Layer>> = {
  'Conv1d (causal)': () =>
    new Conv1d({ inputs: FEATURES, outputs: FEATURES, kernelSize: 3, padding: 'causal', key }),
  'Conv1d (causal, dilation 2)': () =>
    new Conv1d({ inputs: FEATURES, outputs: FEATURES, kernelSize: 2, dilation: 2, padding: 'causal', key }),
  'MultiHeadAttention (causal)': () =>
    new MultiHeadAttention({ features: FEATURES, heads: 2, causal: true, key }),
  'MultiHeadAttention (causal, rotary)': () =>
    new MultiHeadAttention({ features: FEATURES, heads: 2, causal: true, rotary: true, key }),
  gru: () => gru({ inputs: FEATURES, hidden: FEATURES, key }),
  lstm: () => lstm({ inputs: FEATURES, hidden: FEATURES, key }),
};

describe.each(Object.entries(causalLayers))('%s', (_, make) => {
  it('has a gradient of exactly 0 from a position to the inputs after it', () => {
    const layer = make();
    for (let position = 0; position < LENGTH; position++) {
      const sizes = influences(layer, position);
      expect(sizes.slice(position + 1)).toEqual(new Array(LENGTH - position - 1).fill(0));
      expect(sizes[position]).toBeGreaterThan(0);
    }
    layer.dispose();
  });
});

describe('the reach of a layer', () => {
  it('is dilation times kernel in a causal convolution, and no position in between', () => {
    const layer = causalLayers['Conv1d (causal, dilation 2)']!();
    const reached = influences(layer, 4).map((size) => size > 0);
    expect(reached).toEqual([false, false, true, false, true, false]);
    layer.dispose();
  });

  it('is everything in attention that is not causal', () => {
    const layer = new MultiHeadAttention({ features: FEATURES, heads: 2, key });
    expect(Math.min(...influences(layer, 0))).toBeGreaterThan(0);
    layer.dispose();
  });
});

/** For each position of the input, the largest gradient of the output at `position` by it. */
function influences(layer: Layer, position: number): number[] {
  return tf.tidy(() => {
    const output = (x: Tensor): Tensor =>
      tf.sum(tf.square(tf.slice(layer.apply(x), [0, position, 0], [2, 1, FEATURES])));
    const gradient = tf.grad(output)(key.fold('x').normal([2, LENGTH, FEATURES]));
    return Array.from(tf.max(tf.abs(gradient), [0, 2]).dataSync());
  });
}

const stepLayers: Readonly<Record<string, () => StepLayer<SequenceState>>> = {
  gru: () => gru({ inputs: FEATURES, hidden: 3, key }) as unknown as StepLayer<SequenceState>,
  lstm: () => lstm({ inputs: FEATURES, hidden: 3, key }) as unknown as StepLayer<SequenceState>,
  MultiHeadAttention: () =>
    new MultiHeadAttention({
      features: FEATURES,
      heads: 2,
      causal: true,
      key,
    }) as unknown as StepLayer<SequenceState>,
  'MultiHeadAttention (rotary)': () =>
    new MultiHeadAttention({
      features: FEATURES,
      heads: 2,
      causal: true,
      rotary: true,
      key,
    }) as unknown as StepLayer<SequenceState>,
};

describe('rotate', () => {
  it('makes the product of two vectors depend on the distance of their positions', () => {
    tf.tidy(() => {
      const [a, b] = [key.fold('a'), key.fold('b')].map((each) => each.normal([1, 8]));
      const product = (first: number, second: number): number =>
        tf.sum(tf.mul(rotate(a!, { first }), rotate(b!, { first: second }))).dataSync()[0]!;
      expect(product(13, 10)).toBeCloseTo(product(3, 0), 5);
      expect(product(13, 10)).not.toBeCloseTo(product(13, 9), 2);
    });
  });
});

describe.each(Object.entries(stepLayers))('%s step by step', (_, make) => {
  // Twice as much room as there are positions, or just enough.
  it.each([{}, { capacity: LENGTH }, { capacity: 2 * LENGTH }])('gives what it gives at once, %o', (room) => {
    const layer = make();
    const x = key.fold('x').normal([2, LENGTH, FEATURES]);
    const atOnce = tf.tidy(() => layer.apply(x).dataSync());
    const stepwise = expectNoLeaks(() => {
      const outputs: Tensor[] = [];
      let state = layer.initialState(2, room);
      const shapes = shapesOf(state);
      for (let position = 0; position < LENGTH; position++) {
        const input = tf.tidy(() => tf.squeeze(tf.slice(x, [0, position, 0], [2, 1, FEATURES]), [1]));
        const step = layer.step(input, state);
        tf.dispose([input, state]);
        outputs.push(step.output);
        state = step.state;
        if ('capacity' in room) expect(shapesOf(state)).toEqual(shapes);
      }
      const values = tf.tidy(() => tf.stack(outputs, 1).dataSync());
      tf.dispose([outputs, state]);
      return values;
    });
    expect(stepwise).toBeCloseToArray(atOnce);
    x.dispose();
    layer.dispose();
  });
});

describe('Recurrent.run', () => {
  it('has a gradient over a sequence of one element', () => {
    const layer = gru({ inputs: 2, hidden: 3, key: Key.of(0) });
    const gradient = tf.grad((x) => tf.sum(layer.apply(x)))(tf.ones([2, 1, 2]));
    expect(gradient.shape).toEqual([2, 1, 2]);
    expect([...gradient.dataSync()].every((value) => value !== 0)).toBe(true);
    tf.dispose(gradient);
    layer.dispose();
  });

  it('goes on from a state as if the sequence had not been cut', () => {
    const layer = lstm({ inputs: FEATURES, hidden: 3, key });
    tf.tidy(() => {
      const x = key.fold('x').normal([2, LENGTH, FEATURES]);
      const [head, tail] = tf.split(x, [2, LENGTH - 2], 1);
      const first = layer.run(head!);
      const second = layer.run(tail!, first.state);
      const joined = tf.concat([first.outputs, second.outputs], 1);
      expect(joined.dataSync()).toBeCloseToArray(layer.apply(x).dataSync());
    });
    layer.dispose();
  });
});

describe('MultiHeadAttention.step', () => {
  it.each([false, true])('forgets what its room does not hold, rotary: %s', (rotary) => {
    const layer = new MultiHeadAttention({ features: FEATURES, heads: 2, causal: true, rotary, key });
    tf.tidy(() => {
      const x = key.fold('x').normal([2, 5, FEATURES]);
      let state = layer.initialState(2, { capacity: 3 });
      let output = tf.zeros([2, FEATURES]);
      for (const position of tf.unstack(x, 1)) ({ output, state } = layer.step(position, state));
      const [, lastThree] = tf.split(x, [2, 3], 1);
      const expected = tf.unstack(layer.apply(lastThree!), 1).at(-1)!;
      expect(output.dataSync()).toBeCloseToArray(expected.dataSync());
    });
    layer.dispose();
  });

  it('refuses attention to positions that are yet to come', () => {
    const layer = new MultiHeadAttention({ features: FEATURES, heads: 2, key });
    const state = layer.initialState(1);
    const x = tf.zeros([1, FEATURES]);
    const error = expectThrow(() => layer.step(x, state));
    expect(DgmError.is(error, 'unsupported')).toBe(true);
    tf.dispose([x, state]);
    layer.dispose();
  });
});

const shapesOf = (state: SequenceState) => Object.values(state).map(({ shape }) => shape);

function expectThrow(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('expected an error');
}
