import { describeOps, expectNoLeaks, type Numbers } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { DgmError } from '../errors/dgm-error';
import { Key } from '../random/key';
import { ActivationLayer, activationFunction, type Activation, type ActivationName } from './activation';
import { asLayer, type NetworkLike } from './as-layer';
import { Conv1d } from './conv1d';
import { Conv2d } from './conv2d';
import { ConvTranspose2d } from './conv-transpose2d';
import { Dense } from './dense';
import { Dropout } from './dropout';
import { Embedding } from './embedding';
import { GroupNorm } from './group-norm';
import { LayerNorm } from './layer-norm';
import { BaseLayer, type Layer } from './layer';
import { mlp } from './mlp';
import { MultiHeadAttention } from './multi-head-attention';
import { gru, lstm } from './recurrent';
import { Residual } from './residual';
import { Sequential } from './sequential';
import { spectralNorm } from './spectral-norm';
import { weightNorm } from './weight-norm';

const key = Key.of(17);

function numbers(shape: readonly number[]): Numbers {
  const tensor = key.fold('numbers').normal(shape);
  const values = tensor.arraySync() as Numbers;
  tensor.dispose();
  return values;
}

// What a gradient penalty needs: the second-order gradient by the input, through each kind of layer.
const smooth: Readonly<Record<string, () => { layer: Layer; shape: readonly number[] }>> = {
  'Dense (weight normalization)': () => ({
    layer: new Sequential([
      new Dense({ inputs: 3, outputs: 2, key, weight: weightNorm() }),
      new ActivationLayer('tanh'),
    ]),
    shape: [2, 3],
  }),
  'Dense (spectral normalization)': () => ({
    layer: mlp([3, 2, 2], { key, activation: 'swish', weight: spectralNorm() }),
    shape: [2, 3],
  }),
  Conv2d: () => ({
    layer: new Sequential([
      new Conv2d({ inputs: 1, outputs: 2, kernelSize: 2, key }),
      new ActivationLayer('softplus'),
    ]),
    shape: [1, 2, 3, 1],
  }),
  LayerNorm: () => ({ layer: new LayerNorm({ features: 4 }), shape: [2, 4] }),
  GroupNorm: () => ({ layer: new GroupNorm({ channels: 4, groups: 2 }), shape: [1, 2, 4] }),
  gru: () => ({ layer: gru({ inputs: 2, hidden: 2, key }), shape: [1, 2, 2] }),
  lstm: () => ({ layer: lstm({ inputs: 2, hidden: 2, key }), shape: [1, 2, 2] }),
  MultiHeadAttention: () => ({
    layer: new MultiHeadAttention({ features: 2, heads: 1, key }),
    shape: [1, 2, 2],
  }),
};

describeOps(
  Object.fromEntries(
    Object.entries(smooth).map(([name, make]) => [
      `${name} under a second gradient`,
      () => {
        const { layer, shape } = make();
        return { f: (x: tf.Tensor | undefined) => layer.apply(x!), points: [numbers(shape)] };
      },
    ]),
  ),
);

describe('initial values', () => {
  const bounds: Readonly<Record<string, { make: () => Layer; bound: number }>> = {
    Dense: { make: () => new Dense({ inputs: 25, outputs: 40, key }), bound: 1 / 5 },
    Conv1d: { make: () => new Conv1d({ inputs: 20, outputs: 30, kernelSize: 5, key }), bound: 1 / 10 },
    Conv2d: { make: () => new Conv2d({ inputs: 4, outputs: 30, kernelSize: 5, key }), bound: 1 / 10 },
    ConvTranspose2d: {
      make: () => new ConvTranspose2d({ inputs: 30, outputs: 4, kernelSize: 5, key }),
      bound: 1 / 10,
    },
    gru: { make: () => gru({ inputs: 3, hidden: 25, key }), bound: 1 / 5 },
    lstm: { make: () => lstm({ inputs: 3, hidden: 25, key }), bound: 1 / 5 },
  };

  it.each(Object.entries(bounds))('%s is uniform between the bounds of PyTorch', (_, { make, bound }) => {
    const layer = make();
    const values = [...layer.parameters().values()].flatMap((variable) => Array.from(variable.dataSync()));
    expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(Math.fround(bound));
    // The variance of a uniform variable is bound^2 / 3, and that of its square 4 bound^4 / 45.
    const variance = values.reduce((sum, value) => sum + value * value, 0) / values.length;
    const standardError = bound ** 2 * Math.sqrt(4 / 45 / values.length);
    expect(Math.abs(variance - bound ** 2 / 3)).toBeLessThan(4 * standardError);
    layer.dispose();
  });

  it('of an embedding are standard normal', () => {
    const layer = new Embedding({ values: 100, features: 50, key });
    const values = Array.from(layer.vectors.dataSync());
    const variance = values.reduce((sum, value) => sum + value * value, 0) / values.length;
    expect(Math.abs(variance - 1)).toBeLessThan(4 * Math.sqrt(2 / values.length));
    layer.dispose();
  });
});

describe('Dropout', () => {
  const x = (): tf.Tensor => tf.ones([100, 100]);

  it('is the identity outside of training', () => {
    const values = tf.tidy(() => new Dropout({ rate: 0.3 }).apply(x(), { key }).dataSync());
    expect(new Set(values)).toEqual(new Set([1]));
  });

  it('drops at its rate and keeps the mean', () => {
    const values = tf.tidy(() => new Dropout({ rate: 0.3 }).apply(x(), { training: true, key }).dataSync());
    expect([...new Set(values)].sort()).toEqual([0, Math.fround(1 / 0.7)]);
    const dropped = values.filter((value) => value === 0).length / values.length;
    expect(Math.abs(dropped - 0.3)).toBeLessThan(4 * Math.sqrt((0.3 * 0.7) / values.length));
  });

  it('differs between two layers of one chain', () => {
    const chain = new Sequential([new Dropout({ rate: 0.5 }), new Dropout({ rate: 0.5 })]);
    const values = tf.tidy(() => chain.apply(x(), { training: true, key }).dataSync());
    const dropped = values.filter((value) => value === 0).length / values.length;
    // One mask for both would drop a half instead of three quarters.
    expect(Math.abs(dropped - 0.75)).toBeLessThan(4 * Math.sqrt((0.75 * 0.25) / values.length));
  });

  it('wants a key while training', () => {
    const ones = x();
    expectNoLeaks(() =>
      expect(codeOf(() => new Dropout({ rate: 0.5 }).apply(ones, { training: true }))).toBe('argument'),
    );
    ones.dispose();
  });
});

describe('BaseLayer', () => {
  it('gives a tensor of its own where the equation gives back its input', () => {
    class Same extends BaseLayer {
      protected forward(input: tf.Tensor): tf.Tensor {
        return input;
      }
    }
    const input = tf.tensor1d([1, 2]);
    new Same().apply(input).dispose();
    expect(Array.from(input.dataSync())).toEqual([1, 2]);
    input.dispose();
  });
});

describe('activationFunction', () => {
  it('knows its names, takes functions, and names what it knows otherwise', () => {
    const names: ActivationName[] = [
      ...([
        'identity',
        'relu',
        'leakyRelu',
        'tanh',
        'sigmoid',
        'softplus',
        'swish',
        'gelu',
        'quickGelu',
        'elu',
      ] as const),
    ];
    const atOne = names.map((name) => tf.tidy(() => activationFunction(name)(tf.scalar(-1)).dataSync()[0]!));
    expect(atOne).toBeCloseToArray([
      ...[-1, 0, -0.01, Math.tanh(-1), 1 / (1 + Math.E), Math.log1p(Math.exp(-1))],
      ...[-1 / (1 + Math.E), -0.158655254, -1 / (1 + Math.exp(1.702)), Math.expm1(-1)],
    ]);
    expect(activationFunction(tf.abs)).toBe(tf.abs);
    expect(() => activationFunction('relux' as Activation)).toThrow(/one of identity, relu, .*"relux"/);
  });

  it('takes a leaky ReLU of any slope, and refuses other forms of it', () => {
    const steep = activationFunction({ name: 'leakyRelu', slope: 0.2 });
    expect(tf.tidy(() => steep(tf.tensor1d([-1, 0, 2])).dataSync())).toBeCloseToArray([-0.2, 0, 2]);
    const refused: readonly (readonly [unknown, RegExp])[] = [
      [{ name: 'leakyRelu' }, /activation\.slope to be a number.*undefined/],
      [{ name: 'leakyRelu', slope: NaN }, /activation\.slope to be a number.*NaN/],
      [{ name: 'elu', slope: 0.2 }, /activation\.name to be one of leakyRelu.*"elu"/],
      [{ name: 'leakyRelu', slop: 0.2 }, /slop\b/],
      [null, /one of identity, relu, .*null/],
    ];
    for (const [activation, error] of refused)
      expect(() => activationFunction(activation as Activation)).toThrow(error);
  });
});

describe('asLayer', () => {
  it('leaves a layer as it is', () => {
    const layer = new Dense({ inputs: 2, outputs: 2, key });
    expect(asLayer(layer)).toBe(layer);
    layer.dispose();
  });

  it('takes a model of TensorFlow.js with its weights, and says when it trains', () => {
    const kernel = tf.variable(tf.ones([2, 1]));
    const model = {
      weights: [{ read: () => kernel }],
      apply: (x: tf.Tensor, options?: { training?: boolean }) =>
        tf.mul(tf.matMul(x, kernel), options?.training === true ? 2 : 1),
    };
    const layer = asLayer(model);
    expect([...layer.parameters()]).toEqual([['weights/0', kernel]]);
    const values = tf.tidy(() =>
      [false, true].map((training) => layer.apply(tf.ones([1, 2]), { training }).dataSync()[0]),
    );
    expect(values).toEqual([2, 4]);
    layer.dispose();
    layer.dispose();
    expect(kernel.isDisposed).toBe(true);
  });

  it('refuses anything else', () => {
    expect(codeOf(() => asLayer({ predict: 1 } as unknown as NetworkLike))).toBe('argument');
  });
});

describe('options that make no layer', () => {
  const wrong: Readonly<Record<string, () => unknown>> = {
    'Dense with half an input': () => new Dense({ inputs: 0.5, outputs: 1, key }),
    'Conv2d with stride and dilation': () =>
      new Conv2d({ inputs: 1, outputs: 1, kernelSize: 3, stride: 2, dilation: 2, key }),
    'Conv2d with more padding than kernel': () =>
      new Conv2d({ inputs: 1, outputs: 1, kernelSize: 3, padding: 3, key }),
    'Conv1d without taps': () => new Conv1d({ inputs: 1, outputs: 1, kernelSize: 0, key }),
    'ConvTranspose2d with an output padding of a whole stride': () =>
      new ConvTranspose2d({ inputs: 1, outputs: 1, kernelSize: 3, stride: 2, outputPadding: 2, key }),
    'GroupNorm whose groups do not divide': () => new GroupNorm({ channels: 4, groups: 3 }),
    'MultiHeadAttention with rotary positions of odd heads': () =>
      new MultiHeadAttention({ features: 6, heads: 2, rotary: true, key }),
    'MultiHeadAttention whose heads do not divide': () =>
      new MultiHeadAttention({ features: 4, heads: 3, key }),
    'Dropout of everything': () => new Dropout({ rate: 1 }),
    'Embedding of nothing': () => new Embedding({ values: 0, features: 2, key }),
    'gru without units': () => gru({ inputs: 2, hidden: 0, key }),
  };

  it.each(Object.entries(wrong))('%s is refused, and nothing is left behind', (_, make) => {
    expectNoLeaks(() => expect(codeOf(make)).toBe('argument'));
  });

  it('a residual whose body has another shape says what to do', () => {
    const layer = new Residual({ body: new Dense({ inputs: 3, outputs: 2, key }) });
    const x = tf.zeros([4, 3]);
    expectNoLeaks(() =>
      expect(() => layer.apply(x)).toThrow(/shape \[4, 3\], got \[4, 2\]; give a shortcut/),
    );
    x.dispose();
    layer.dispose();
  });
});

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return DgmError.is(error) ? error.code : String(error);
  }
  return 'no error';
}
