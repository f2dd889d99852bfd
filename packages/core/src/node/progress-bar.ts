import { SingleBar } from 'cli-progress';
import type { Callback } from '../train/fit-result';

export interface ProgressBarOptions {
  /**
   * Where to draw.
   * @defaultValue `process.stderr`
   */
  readonly stream?: NodeJS.WriteStream;
  /**
   * If the stream is not a terminal, a line is written every this many epochs.
   * @defaultValue 10
   */
  readonly everyEpochs?: number;
  /** The `maxSeconds` of `fit`: the bar then shows the time, if it runs out before the epochs do. */
  readonly maxSeconds?: number;
}

/**
 * Shows the progress of training: a bar on a terminal, otherwise a line every few epochs.
 *
 * @example
 * ```ts
 * await fit(model, data, { key, optimizer: adam(), batchSize: 64, epochs: 20, callbacks: [progressBar()] });
 * ```
 */
export function progressBar({
  stream = process.stderr,
  everyEpochs = 10,
  maxSeconds = Infinity,
}: ProgressBarOptions = {}): Callback {
  return stream.isTTY ? terminalBar(stream, maxSeconds) : lines(stream, everyEpochs);
}

function terminalBar(stream: NodeJS.WriteStream, maxSeconds: number): Callback {
  const bar = new SingleBar({
    format:
      '{bar} epoch {epoch}/{epochs} | {eta_formatted} left | train {train} | validation {validation} {note}',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 24,
    etaBuffer: 200,
    // An interrupt belongs to the program that trains; it may want to finish the step first.
    gracefulExit: false,
    stream,
  });
  let started = 0;
  let steps = 1;
  /** The part of the way that is behind: of the steps or of the time, whichever ends first. */
  const share = (step: number) =>
    Math.min(1, Math.max(step / steps, (performance.now() - started) / 1000 / maxSeconds));
  return {
    onStart({ epochs, stepsPerEpoch, resumedAt }) {
      // Without a known number of steps, the bar shows the time that is gone.
      const epoch = stepsPerEpoch === undefined ? 1 : Math.floor(resumedAt / stepsPerEpoch) + 1;
      started = performance.now();
      steps = epochs * (stepsPerEpoch ?? Infinity);
      bar.start(1, share(resumedAt), { epoch, epochs, train: '-', validation: '-', note: '' });
    },
    onStep: ({ epoch, step }) => bar.update(share(step), { epoch }),
    onEpoch({ train, validation, improved }) {
      bar.update({ train: format(train), validation: format(validation), note: improved ? '(best)' : '' });
    },
    onEnd({ stoppedBy }) {
      bar.update({ note: `(${stoppedBy})` });
      bar.stop();
    },
    onError: () => bar.stop(),
  };
}

function lines(stream: NodeJS.WriteStream, everyEpochs: number): Callback {
  return {
    onEpoch({ epoch, train, validation }) {
      if (epoch % everyEpochs !== 0) return;
      stream.write(`epoch ${epoch}: train ${format(train)}, validation ${format(validation)}\n`);
    },
    onEnd({ epochs, steps, seconds, stoppedBy }) {
      stream.write(
        `stopped by ${stoppedBy} after ${epochs} epochs, ${steps} steps, ${seconds.toFixed(1)} s\n`,
      );
    },
  };
}

function format(value: number | undefined): string {
  return value === undefined ? '-' : value.toPrecision(5);
}
