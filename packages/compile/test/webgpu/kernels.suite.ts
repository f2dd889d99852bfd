import { setup } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { compile } from '../../src/index';
import { cases } from '../kernels.cases';
import type { Case } from '../kernels.cases';
import { inputsOf, outputsOf } from '../support/kernel-case';
import { specOf } from '../support/spec-of';

// Whatever backend the suite runs on: TensorFlow's floorDiv gives integers, and its gradient of an average at an edge counts
// what is inside only.
await setup({ backend: 'cpu' });

/** Relative to 1 and a value: transcendental functions of a GPU are less exact than those of a CPU. */
const TOLERANCE = 1e-4;

/** Convolutions that the provider got wrong: channels by threes, and several outputs of a channel. */
const misread = [5, 6, 9].map((channels) => ({
  inputs: [
    [2, 5, 6, channels],
    [3, 2, channels, 4],
  ],
  f: (x: Tensor, filter: Tensor) => tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 1, 'same'),
}));

const all: Readonly<Record<string, readonly Case[]>> = { ...cases, 'Conv2D by threes': misread as Case[] };

it.each(Object.entries(all))('%s gives what the cpu backend gives', async (_, list) => {
  const inputs = list.map(inputsOf);
  const named = Object.fromEntries(
    inputs.flatMap((tensors, index) => tensors.map((tensor, i) => [`${index}/x${i}`, tensor] as const)),
  );
  const f = (given: Readonly<Record<string, Tensor>>) =>
    Object.fromEntries(
      list.flatMap((the, index) =>
        outputsOf(the.f(...inputs[index]!.map((_input, i) => given[`${index}/x${i}`]!))).map(
          (y, i) => [`${index}/y${i}`, y] as const,
        ),
      ),
    );
  const specs = Object.fromEntries(Object.entries(named).map(([name, tensor]) => [name, specOf(tensor)]));
  const compiled = await compile(({ tensors }) => f(tensors), specs, { device: 'webgpu' });
  const expected = f(named);
  const actual = await compiled.run(named);
  for (const [name, tensor] of Object.entries(expected)) {
    const values = actual[name]!.dataSync();
    tensor.dataSync().forEach((wanted, index) => {
      const got = values[index]!;
      if (Number.isFinite(wanted))
        expect(Math.abs(got - wanted) / (1 + Math.abs(wanted)), `${name}[${index}]`).toBeLessThan(TOLERANCE);
      else expect(got, `${name}[${index}]`).toBe(wanted);
    });
  }
  compiled.dispose();
  tf.dispose([named, expected, actual]);
});
