import { adam, cosineSchedule, countParameters, fit, Key, setup } from '@dgm/core';
import { progressBar } from '@dgm/core/node';
import { text as loadText, type FileSource, type TextDataset } from '@dgm/data';
import { decimal, duration, NOTHING } from '../report/format';
import { OutputFolder } from '../results/output-folder';
import { parseTextArguments, textCommand, type TextArguments } from './arguments';
import { compressedSize, compressors } from './compressors';
import { engines } from './engines';
import { networks } from './networks';
import { renderTextReport, TEXT_FILE, type TextResults } from './text-report';

/**
 * `dgm-bench text FILE`: trains a character model on the first part of a text, and compares its bits per character on the
 * last part with what compressors take.
 * @returns the exit status of the program
 */
export async function text(argv: readonly string[]): Promise<number> {
  const given = parseTextArguments(argv);
  if (given.help) {
    console.log(textCommand.help);
    return 0;
  }
  const output = given.out === undefined ? undefined : await OutputFolder.open(given.out, textCommand.where);
  try {
    const { where } = textCommand;
    await output?.checkFree(TEXT_FILE, { where, overwrite: given.overwrite, canResume: false });
    const results = await measureText(given.file, given);
    console.log(`\n${textTable(results)}\n\n${remarks(results)}`);
    if (output) {
      await output.write(TEXT_FILE, `${JSON.stringify(results, null, 2)}\n`);
      await output.write('report.html', renderTextReport(results));
      console.log(`\nReport: ${output.file('report.html')}`);
    }
  } finally {
    await output?.close();
  }
  return 0;
}

/** What is trained, and how long. */
export type TextTraining = Omit<TextArguments, 'file' | 'out' | 'overwrite' | 'help'>;

/** Trains a character model on the first part of a text, and measures it and the compressors on the last. */
export async function measureText(source: FileSource, training: TextTraining): Promise<TextResults> {
  const data = await loadText(source, { length: training.length });
  const { train: before, test } = data;
  const characters = {
    train: before.values.length,
    heldOut: test.values.length,
    different: data.characters.length,
  };
  const { description } = await setup();
  console.log(description);
  console.log(
    `${decimal(characters.train)} characters to train on, ${decimal(characters.heldOut)} held out, ${characters.different} different ones`,
  );
  const trained = await train(training, data);
  const [heldOut, seen] = [data.decode(test.values), data.decode(before.values)];
  return {
    ...trained,
    characters,
    compressors: compressors.map((each) => compressedSize(each, heldOut, seen)),
  };
}

async function train(
  { model: name, hidden, length, epochs, maxSeconds, seed, engine }: TextTraining,
  data: TextDataset,
): Promise<Omit<TextResults, 'characters' | 'compressors'>> {
  const key = Key.of(seed);
  const { model, bits: bitsOf } = networks[name]({
    ...{ length, levels: data.characters.length },
    ...{ hidden, key: key.fold('weights') },
  });
  const training = engines[engine]();
  const batchSize = 32;
  const steps = epochs * Math.ceil(data.train.count / batchSize);
  try {
    const { seconds, curve } = await fit(model, data, {
      ...{ key: key.fold('training'), engine: training, epochs, maxSeconds },
      optimizer: adam({ learningRate: cosineSchedule(3e-3, { final: 6e-5, steps }) }),
      batchSize,
      clipNorm: 1,
      earlyStopping: { patience: 5 },
      callbacks: [progressBar()],
    });
    const bits = await bitsOf(data.test, { key: key.fold('test'), engine: training });
    const bitsPerCharacter = (nats: number) => nats / length / Math.LN2;
    return {
      ...{ model: name, hidden, length, seed, engine, seconds, bits },
      parameters: countParameters(model),
      curve: curve.flatMap(({ epoch, validation }): [number, number][] =>
        validation === undefined ? [] : [[epoch, bitsPerCharacter(validation)]],
      ),
    };
  } finally {
    model.dispose();
  }
}

/** Bits per character, as lines of text. */
export function textTable({ model, bits, compressors: sizes }: TextResults): string {
  const missing = (size: number | null): string => (size === null ? 'not installed' : decimal(size, 3));
  const rows = [
    ['bits per character', 'alone', 'after the training text'],
    [model, NOTHING, decimal(bits, 3)],
    ...sizes.map(({ name, alone, after }) => [name, missing(alone), missing(after)]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((cells) => cells[column]!.length)));
  return rows
    .map(([name, ...cells]) =>
      [name!.padEnd(widths[0]!), ...cells.map((cell, column) => cell.padStart(widths[column + 1]!))].join(
        '  ',
      ),
    )
    .join('\n');
}

function remarks({ parameters, seconds }: TextResults): string {
  return `The model has ${decimal(parameters)} parameters, which are not counted, and was trained for ${duration(seconds)}.
It has seen the training text, as compressors have in the second column; alone they start from nothing.`;
}
