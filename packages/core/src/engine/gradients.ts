import * as tf from '@tensorflow/tfjs-core';
import { gradConfigs } from '../generated/tfjs-gradients';

/**
 * Registers the gradient of every tfjs kernel that has none yet. tfjs-core alone registers none.
 * Cheap to call again: what is registered stays.
 */
export function registerGradients(): void {
  for (const config of gradConfigs) {
    if (tf.getGradient(config.kernelName) == null) tf.registerGradient(config);
  }
}
