import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { capture } from '../capture/capture';
import { plansMemory } from './memory-plan';

it('plans the memory of a graph whose results take 64 MiB at most', () => {
  const chain = (shape: number[], length: number) =>
    capture(
      ({ tensors }) => ({
        y: Array.from({ length }).reduce<tf.Tensor>((x) => tf.sin(x), tensors['x']!),
      }),
      { x: { shape } },
    ).graph;
  expect(plansMemory(chain([8], 3))).toBe(true);
  expect(plansMemory(chain([4096, 2048], 2))).toBe(true);
  expect(plansMemory(chain([4096, 2048], 3))).toBe(false);
});
