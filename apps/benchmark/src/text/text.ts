import { adam, categoricalHead, countParameters, fit, Key, setup } from '@dgm/core';
import { progressBar } from '@dgm/core/node';
import { text as loadText, type TextDataset } from '@dgm/data';
import { decimal, duration, NOTHING } from '../report/format';
import { parseTextArguments, textCommand, type TextArguments } from './arguments';
import { compressedSize, compressors, type CompressedSize } from './compressors';
import { engines } from './engines';
import { networks } from './networks';
import { scoreText } from './score-text';

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
  const data = await loadText(given.file, { length: given.length });
  const { description } = await setup();
  console.log(description);
  console.log(
    `${decimal(data.train.values.length)} characters to train on, ${decimal(data.test.values.length)} held out, ${data.characters.length} different ones`,
  );
  const trained = await train(given, data);
  const { train: before, test } = data;
  const sizes = compressors.map((each) =>
    compressedSize(each, data.decode(test.values), data.decode(before.values)),
  );
  console.log(`\n${textTable(trained.name, trained.bits, sizes)}\n`);
  console.log(
    `The model has ${decimal(trained.parameters)} parameters, which are not counted, and was trained for ${duration(trained.seconds)}.\nIt has seen the training text, as compressors have in the second column; alone they start from nothing.`,
  );
  return 0;
}

interface Trained {
  readonly name: string;
  /** Per character of the held-out text. */
  readonly bits: number;
  readonly parameters: number;
  readonly seconds: number;
}

async function train(
  { model: name, hidden, length, epochs, maxSeconds, seed, engine }: TextArguments,
  data: TextDataset,
): Promise<Trained> {
  const key = Key.of(seed);
  const likelihood = categoricalHead({ shape: [], levels: data.characters.length });
  const options = { shape: [length], likelihood, encoding: 'one-hot', key: key.fold('weights') } as const;
  const model = networks[name](options, hidden);
  try {
    const { seconds } = await fit(model, data, {
      ...{ key: key.fold('training'), engine: engines[engine](), epochs, maxSeconds },
      optimizer: adam({ learningRate: 3e-3 }),
      batchSize: 32,
      clipNorm: 1,
      earlyStopping: { patience: 5 },
      callbacks: [progressBar()],
    });
    const bits = scoreText(model, Int32Array.from(data.test.values), { likelihood });
    return { name, bits, parameters: countParameters(model), seconds };
  } finally {
    model.dispose();
  }
}

/** Bits per character, as lines of text. */
function textTable(model: string, bits: number, sizes: readonly CompressedSize[]): string {
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
