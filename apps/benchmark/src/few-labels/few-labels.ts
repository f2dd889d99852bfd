import { Key, sizeOf, type Dataset, type Examples } from '@dgm/core';
import { dataset as datasetOf } from '@dgm/data';
import { CommandLine, defined, integer, names, positiveInteger } from '../command-line/command-line';
import { loadDataset } from '../datasets/datasets';
import { binarized } from '../datasets/mnist-10k';
import { startEngine } from '../engine/engine';
import { hasFewLevels } from '../recipes/shared/book';
import { decimal, meanWithDeviation } from '../report/format';
import { mean, standardDeviation } from '../statistics/statistics';
import {
  convolutionalError,
  m1Error,
  m1m2Error,
  m2Error,
  pseudoLabelError,
  semiSupervisedError,
  supervisedError,
  type Method,
} from './methods';

const METHODS: Readonly<Record<string, Method>> = {
  supervised: supervisedError,
  convolutional: convolutionalError,
  'pseudo-labels': pseudoLabelError,
  m1: m1Error,
  m2: m2Error,
  'm1-m2': m1m2Error,
  'pca-normal': semiSupervisedError,
};

const commandLine = new CommandLine({
  name: 'few-labels',
  summary: 'Trains classifiers with few labels, alone and with the examples that have none.',
  usage: 'few-labels [options]',
  options: {
    methods: {
      type: 'string',
      value: 'NAMES',
      default: 'supervised,pseudo-labels,m1,m2,m1-m2,pca-normal',
      help: 'of these and convolutional, separated by commas',
    },
    labelled: {
      type: 'string',
      value: 'INTEGER',
      default: '100',
      help: 'how many training rows have a label',
    },
    dataset: {
      type: 'string',
      value: 'NAME',
      default: 'glyphs',
      help: 'glyphs, digits, mnist, mnist-10k; more than 32 grey levels are made bits',
    },
    'data-dir': { type: 'string', value: 'DIR', help: 'the folder of the data files; also DGM_DATA_DIR' },
    seeds: {
      type: 'string',
      value: 'INTEGERS',
      default: '0',
      help: 'which rows have a label, initial weights and every draw; separated by commas',
    },
    epochs: {
      type: 'string',
      value: 'INTEGER',
      help: 'of VAEs and of M2 (default: as many as make 3000 steps)',
    },
    engine: { type: 'string', value: 'NAME', default: 'auto', help: 'compiled, eager, auto' },
    device: { type: 'string', value: 'NAME', default: 'auto', help: 'as for run' },
    quick: { type: 'boolean', default: false, help: 'a small part of the data' },
  },
  notes: `supervised and convolutional see the labelled rows alone. pseudo-labels takes what a network predicts for the others as their labels. m1, m2 and
m1-m2 are the models of Kingma et al., 2014, with their networks for images of 28x28 pixels. pca-normal is a normal distribution of
principal components for each class.
Prints the error on the test rows of each seed, and the mean with its standard deviation.`,
});

/**
 * `dgm-bench few-labels`.
 * @returns the exit status of the program
 */
export async function fewLabels(argv: readonly string[]): Promise<number> {
  const { values } = commandLine.parse(argv);
  if (values.help) {
    console.log(commandLine.help);
    return 0;
  }
  const methods = names(values.methods).map((name) =>
    commandLine.oneOf(name, '--methods', Object.keys(METHODS)),
  );
  const labelled = commandLine.number(values.labelled, '--labelled', positiveInteger);
  const seeds = commandLine.numbers(values.seeds, '--seeds', integer);
  const { epochs } = values;
  const options = {
    labelled,
    ...defined(
      'epochs',
      epochs === undefined ? undefined : commandLine.number(epochs, '--epochs', positiveInteger),
    ),
  };
  const loaded = await loadDataset(values.dataset, { folder: values['data-dir'], quick: values.quick });
  if (loaded.levels === undefined || loaded.train.labels === undefined) {
    throw commandLine.error('--dataset', { expected: 'to be labelled images', actual: values.dataset });
  }
  const data = vectors(hasFewLevels(loaded) ? loaded : binarized(loaded, loaded.name));
  const { engine, description } = await startEngine(values.engine, values.device);
  console.log(`${description}\n${data.name}: ${labelled} of ${data.train.count} rows with a label`);
  for (const name of methods) {
    const errors: number[] = [];
    for (const seed of seeds) {
      const key = Key.of(seed).fold('few-labels');
      errors.push(100 * (await METHODS[name]!(data, { ...options, key, engine })));
    }
    const each = errors.map((error) => decimal(error, 2)).join(' ');
    console.log(
      `${name.padEnd(13)}  ${meanWithDeviation(mean(errors), standardDeviation(errors))} %  (${each})`,
    );
  }
  return 0;
}

/** The images as vectors. */
function vectors({ name, train, validation, test, levels }: Dataset): Dataset {
  const flat = (examples: Examples): Examples => ({ ...examples, shape: [sizeOf(examples.shape)] });
  return datasetOf({
    name,
    train: flat(train),
    validation: flat(validation),
    test: flat(test),
    levels: levels!,
  });
}
