import '@tensorflow/tfjs-backend-cpu';
import { setup, type BackendName } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import './matchers';

// Every suite runs on the backend that DGM_BACKEND names. The default is `cpu`, the most exact one. It is set up before a
// suite is read, because the checks that apply to a case may depend on what the case makes.
const backend = (process.env['DGM_BACKEND'] ?? 'cpu') as BackendName;
await setup({ backend });
// The leak check of IS_TEST counts data ids. On wasm and on TensorFlow a tensor that a custom gradient saves may have one
// of its own, and the check takes it for a leak.
tf.env().set('IS_TEST', backend === 'cpu');
