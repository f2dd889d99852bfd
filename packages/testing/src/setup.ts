import '@tensorflow/tfjs-backend-cpu';
import { setup, type BackendName } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import './matchers';

// Every suite runs on the backend that DGM_BACKEND names; `cpu`, the most exact one, unless told otherwise. It is there
// before a suite is read: which checks apply to a case may depend on what the case makes.
const backend = (process.env['DGM_BACKEND'] ?? 'cpu') as BackendName;
await setup({ backend });
// The wasm backend copies what a custom gradient saves, which the leak check of IS_TEST takes for a leak.
tf.env().set('IS_TEST', backend !== 'wasm');
