import * as tf from '@tensorflow/tfjs-core';

const events = ['uncaughtException', 'unhandledRejection'] as const;

/**
 * Runs `start`, then takes away the process-wide handlers that it has added.
 *
 * The wasm module's own handlers rethrow, which ends an application that handles such errors itself with exit code 7.
 */
export async function withoutProcessHandlers<T>(start: () => Promise<T>): Promise<T> {
  if (!tf.env().getBool('IS_NODE')) return start();
  const before = new Set(events.flatMap((event) => process.listeners(event as 'uncaughtException')));
  try {
    return await start();
  } finally {
    for (const event of events) {
      for (const listener of process.listeners(event as 'uncaughtException')) {
        if (!before.has(listener)) process.off(event, listener);
      }
    }
  }
}

/** The cpu backend prints an advertisement for tfjs-node at its first write; our report says the same, once and better. */
export function withoutBanner(): void {
  const backend = tf.backend() as { firstUse?: boolean };
  if (backend.firstUse === true) backend.firstUse = false;
}

/** Runs `load` while tfjs prints no warning: tfjs-node registers other backends' kernels again, with a line for each. */
export async function withoutWarnings(load: () => Promise<void>): Promise<void> {
  const before = tf.env().getBool('PROD');
  tf.env().set('PROD', true);
  try {
    await load();
  } finally {
    tf.env().set('PROD', before);
  }
}
