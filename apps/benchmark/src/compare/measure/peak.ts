import { compile, type Device } from '@dgm/compile';
import { Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';

const LARGE = 1024;
/** Where even this is slow, as in plain JavaScript, it shows the peak as well as a large one. */
const SMALL = 256;
const SLOW_MS = 20;
/** Products in one call of the runtime, so that what goes in and comes out does not count. */
const CHAIN = 4;
const REPETITIONS = 5;

/** The speed of the current tfjs backend: multiply-adds in a millisecond of a large matrix product. */
export async function backendPeak(): Promise<number> {
  const speed = async (size: number) => {
    const matrix = squareMatrix(size);
    try {
      const ms = await fastest(async () => {
        const result = tf.tidy(() => chain(matrix, 1));
        await result.data();
        result.dispose();
      });
      return { ms, perMs: size ** 3 / ms };
    } finally {
      matrix.dispose();
    }
  };
  const small = await speed(SMALL);
  return small.ms > SLOW_MS ? small.perMs : (await speed(LARGE)).perMs;
}

/** The speed of the compiled engine's runtime on a device, with so many threads: likewise. */
export async function runtimePeak(options: {
  readonly device: Device;
  readonly threads: number;
}): Promise<number> {
  const matrix = squareMatrix(LARGE);
  const specs = { matrix: { shape: matrix.shape } };
  const products = await compile(
    ({ tensors }) => ({ mean: chain(tensors['matrix']!, CHAIN) }),
    specs,
    options,
  );
  try {
    const ms = await fastest(async () => (await products.run({ matrix })).mean.dispose());
    return (CHAIN * LARGE ** 3) / ms;
  } finally {
    products.dispose();
    matrix.dispose();
  }
}

function squareMatrix(size: number): Tensor {
  return tf.tidy(() => tf.div(Key.of(0).normal([size, size]), Math.sqrt(size)));
}

/** One number out of a chain of products. */
function chain(matrix: Tensor, products: number): Tensor {
  let product = matrix;
  for (let link = 0; link < products; link++) product = tf.matMul(product, matrix);
  return tf.mean(product);
}

/** The least milliseconds of some repetitions, the first of which does not count. */
async function fastest(work: () => Promise<void>): Promise<number> {
  await work();
  let least = Infinity;
  for (let repetition = 0; repetition < REPETITIONS; repetition++) {
    const started = performance.now();
    await work();
    least = Math.min(least, performance.now() - started);
  }
  return least;
}
