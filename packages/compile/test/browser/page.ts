import '@tensorflow/tfjs-backend-cpu';
import { eager, registerGradients } from '@dgm/core';
import type { Engine } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import * as ort from 'onnxruntime-web/webgpu';
import { compiled, describeRuntime } from '../../src/index';
import type { Device } from '../../src/index';
import { smallStep, totals } from '../support/small-step';

const STEPS = 20;

/** What a page reports of a training run. */
export interface PageResult {
  readonly totals: readonly number[];
  readonly values: readonly (readonly number[])[];
}

async function train(engine: Engine): Promise<PageResult> {
  const small = await smallStep(engine);
  await small.take(STEPS);
  const terms = await small.step.drain();
  await small.step.sync();
  const result = { totals: totals(terms), values: small.values() };
  small.dispose();
  return result;
}

/** The functions that a test calls in the page. */
export const page = {
  describe: () => describeRuntime({ runtime: ort }),
  eager: () => train(eager()),
  compiled: (device: Device) => train(compiled({ runtime: ort, device })),
};

async function start(): Promise<typeof page> {
  registerGradients();
  await tf.setBackend('cpu');
  ort.env.wasm.numThreads = 1;
  ort.env.wasm.wasmPaths = '/';
  return page;
}

Object.assign(globalThis, { started: start() });
