// Times the wasm kernels as tfjs ships them and as this package mends them: `npx tsx bench/kernels.ts`.
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { registerGradients } from '../src/engine/gradients';
import { mendWasmKernels } from '../src/engine/wasm/mend';
import { mlp } from '../src/nn/mlp';
import { gru } from '../src/nn/recurrent';
import { Key } from '../src/random/key';

const repetitions = 9;
const key = Key.of(0);
const normal = (...shape: number[]): Tensor => key.fold(shape.join()).normal(shape);

function matrixProduct(a: number[], b: number[], transposeA = false, transposeB = false): () => Tensor {
  const [x, y] = [normal(...a), normal(...b)];
  return () => tf.matMul(x, y, transposeA, transposeB);
}

function filterGradient(): () => Tensor {
  const [x, dy] = [normal(32, 28, 28, 32) as Tensor4D, normal(32, 28, 28, 32) as Tensor4D];
  return () => tf.grad((w) => tf.mul(tf.conv2d(x, w as Tensor4D, 1, 'same'), dy))(normal(3, 3, 32, 32));
}

function inputGradient(stride: 1 | 2): () => Tensor {
  const size = 28 / stride;
  const [dy, filter] = [normal(32, size, size, 32) as Tensor4D, normal(3, 3, 32, 32) as Tensor4D];
  return () => tf.conv2dTranspose(dy, filter, [32, 28, 28, 32], stride, 'same');
}

function embeddingGradient(): () => Tensor {
  const indices = tf.cast(tf.mul(tf.abs(normal(64, 256)), 50), 'int32');
  return () => tf.grad((table) => tf.gather(table, indices))(normal(512, 64));
}

function decoderGradients(): () => Tensor {
  const network = mlp([64, 256, 256, 1088], { key, activation: 'leakyRelu' });
  const [z, dy] = [normal(64, 64), normal(64, 1088)];
  return () => tf.variableGrads(() => tf.sum(tf.mul(network.apply(z), dy))).value;
}

function recurrentGradients(): () => Tensor {
  const layer = gru({ inputs: 32, hidden: 64, key });
  const x = normal(16, 64, 32);
  return () => tf.variableGrads(() => tf.sum(layer.apply(x))).value;
}

const cases: Record<string, () => () => Tensor> = {
  'A B     (64x256)(256x1088)': () => matrixProduct([64, 256], [256, 1088]),
  "A'B     (64x256)'(64x1088)": () => matrixProduct([64, 256], [64, 1088], true),
  "A B'    (64x1088)(256x1088)'": () => matrixProduct([64, 1088], [256, 1088], false, true),
  'batched 256 x (64x8)(8x64)': () => matrixProduct([256, 64, 8], [256, 8, 64]),
  "batched 256 x (64x8)(64x8)'": () => matrixProduct([256, 64, 8], [256, 64, 8], false, true),
  'batched 64 x (64x64)(64x64)': () => matrixProduct([64, 64, 64], [64, 64, 64]),
  'batched 512 x (16x16)(16x16)': () => matrixProduct([512, 16, 16], [512, 16, 16]),
  'batch x one 64 x (64x64)(64x64)': () => matrixProduct([64, 64, 64], [1, 64, 64]),
  'conv2d filter gradient 32x28x28x32': filterGradient,
  'conv2d input gradient 32x28x28x32': () => inputGradient(1),
  'conv2d input gradient, stride 2': () => inputGradient(2),
  'embedding gradient 64x256 of 512x64': embeddingGradient,
  'mlp 64-256-256-1088, forward and back': decoderGradients,
  'gru of 64 steps, forward and back': recurrentGradients,
};

function median(operation: () => Tensor): string {
  const times: number[] = [];
  try {
    for (let i = 0; i <= repetitions; i++) {
      const start = performance.now();
      tf.tidy(() => void operation());
      if (i > 0) times.push(performance.now() - start);
      if (performance.now() - start > 3000) break;
    }
  } catch {
    return 'missing';
  }
  times.sort((a, b) => a - b);
  return `${times[times.length >> 1]!.toFixed(2)} (best ${times[0]!.toFixed(2)})`;
}

registerGradients();
await tf.setBackend('wasm');
const names = Object.keys(cases);
const measure = (): string[] => names.map((name) => median(cases[name]!()));
const before = measure();
mendWasmKernels();
const after = measure();
console.table(names.map((name, i) => ({ operation: name, 'shipped ms': before[i], 'mended ms': after[i] })));
