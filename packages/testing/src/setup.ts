import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { registerGradients } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll } from 'vitest';
import './matchers';

// Every suite runs on the backend that DGM_BACKEND names; `cpu`, the most exact one, unless told otherwise.
beforeAll(async () => {
  registerGradients();
  const backend = process.env['DGM_BACKEND'] ?? 'cpu';
  // The wasm backend copies what a custom gradient saves, which the leak check of IS_TEST takes for a leak.
  tf.env().set('IS_TEST', backend !== 'wasm');
  await tf.setBackend(backend);
});
