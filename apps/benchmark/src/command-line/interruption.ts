/** Thrown when the user has stopped a run; everything it needs to go on is on disk. */
export class StoppedError extends Error {
  constructor() {
    super('stopped');
    this.name = 'StoppedError';
  }
}

/** The exit status of a program that SIGINT has ended. */
export const INTERRUPTED = 130;

/** Turns the first SIGINT or SIGTERM into an abort, and lets the second end the program at once. */
export function abortOnSignals(onAbort: () => void): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) process.exit(INTERRUPTED);
    onAbort();
    controller.abort();
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  return { signal: controller.signal, release: () => void process.off('SIGINT', stop).off('SIGTERM', stop) };
}
