import { Key } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { relativeError } from '@dgm/testing';
import { expect, it } from 'vitest';
import { compiled, describeRuntime } from '../../src/index';

import { smallStep, totals } from '../support/small-step';

const TOLERANCE = 1e-5;

it('is described as a device that works', async () => {
  const { devices } = await describeRuntime();
  expect(devices.find(({ device }) => device === 'webgpu')).toEqual({ device: 'webgpu', works: true });
});

it('keeps the terms of more steps than its log has rows, in order', async () => {
  const [cpu, gpu] = [await smallStep(compiled()), await smallStep(compiled({ device: 'webgpu' }))];
  const steps = 2 * gpu.step.queueLength + 3;
  expect(gpu.step.queueLength).toBeGreaterThan(1);
  await cpu.take(steps);
  await gpu.take(steps);
  const [expected, actual] = [totals(await cpu.step.drain()), totals(await gpu.step.drain())];
  expect(actual).toHaveLength(steps);
  actual.forEach((value, index) =>
    expect(relativeError([value], [expected[index]!])).toBeLessThan(TOLERANCE),
  );
  expect(await gpu.step.drain()).toEqual([]);
  cpu.dispose();
  gpu.dispose();
});

it('leaves the variables alone until they are asked for, and takes over what they then hold', async () => {
  const [cpu, gpu] = [await smallStep(compiled()), await smallStep(compiled({ device: 'webgpu' }))];
  const initial = gpu.values();
  for (const each of [cpu, gpu]) await each.take(3);
  expect(gpu.values()).toEqual(initial);
  for (const each of [cpu, gpu]) {
    await each.step.sync();
    for (const variable of each.program.state.values()) {
      tf.tidy(() => variable.assign(tf.add(variable, Key.of(3).uniform(variable.shape))));
    }
    await each.step.load();
    await each.take(2);
    await each.step.sync();
  }
  const expected = cpu.values();
  gpu
    .values()
    .forEach((values, index) => expect(relativeError(values, expected[index]!)).toBeLessThan(TOLERANCE));
  cpu.dispose();
  gpu.dispose();
});
