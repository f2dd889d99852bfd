import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { registerGradients } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll } from 'vitest';

// Every suite runs on the backend that DGM_BACKEND names; `cpu`, the most exact one, unless told otherwise.
beforeAll(async () => {
  registerGradients();
  tf.env().set('IS_TEST', true);
  await tf.setBackend(process.env['DGM_BACKEND'] ?? 'cpu');
});
