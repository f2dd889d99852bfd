import { SingleBar } from 'cli-progress';
import type { Callback } from '../train/callback';

export interface ProgressBarOptions {
  /** Where to draw; standard error unless given. */
  readonly stream?: NodeJS.WriteStream;
  /** Where the stream is no terminal, a line is written after each so many epochs; 10 unless given. */
  readonly everyEpochs?: number;
}

/** Shows how training goes: a bar on a terminal, now and then a line elsewhere. */
export function progressBar({
  stream = process.stderr,
  everyEpochs = 10,
}: ProgressBarOptions = {}): Callback {
  return stream.isTTY ? terminalBar(stream) : lines(stream, everyEpochs);
}

function terminalBar(stream: NodeJS.WriteStream): Callback {
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
  return {
    onStart({ epochs, stepsPerEpoch, resumedAt }) {
      const epoch = Math.floor(resumedAt / stepsPerEpoch) + 1;
      bar.start(epochs * stepsPerEpoch, resumedAt, { epoch, epochs, train: '-', validation: '-', note: '' });
    },
    onStep: ({ epoch, step }) => bar.update(step, { epoch }),
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
