import * as tf from '@tensorflow/tfjs-core';
import { EngineError } from '../errors/dgm-error';

/**
 * Checks that TensorFlow.js can train: there is a backend, and the gradients are registered.
 * @param where - who needs it, for the message
 * @throws EngineError - when either is missing
 */
export function requireEngine(where: string): void {
  const missing = [
    ...(tf.getBackend() ? [] : ['backend']),
    ...(tf.getGradient('Sum') == null ? ['gradients'] : []),
  ];
  if (missing.length === 0) return;
  throw new EngineError({
    where,
    expected: 'a TensorFlow.js backend with its gradients',
    actual: `no ${missing.join(' and no ')}`,
    remedy: 'call `await setup()` first',
  });
}
