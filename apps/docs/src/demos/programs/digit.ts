import { adam, auroc, categoricalHead, fit, mlp, normalHead, sgd } from '@dgm/core';
import type { Key, Module } from '@dgm/core';
import { made } from '@dgm/arm';
import { binarize, glyphs, subset, toTensor } from '@dgm/data';
import type { Dataset, Examples } from '@dgm/data';
import { maskedDiffusion, maskedEntries, mlpDenoiser } from '@dgm/diffusion';
import { bernoulliUnits, rbm as makeRbm } from '@dgm/ebm';
import { dequantized, logitPreprocessing, realNvp } from '@dgm/flows';
import { vae as makeVae } from '@dgm/vae';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { MakeProgram, Panel } from '../demo';
import { read } from '../plane';

const LEVELS = 17;
const PIXELS = 64;
/** Cells of the drawing: a pixel of the models counts the inked ones of a block, as the pixels of the training images do. */
const CELLS = 32;
const BLOCK = CELLS / 8;

/** A model of the digits, and the nats that it gives images. */
interface Judge {
  readonly name: string;
  readonly epochs: number;
  train(watch: Parameters<ReturnType<MakeProgram>['train']>[0]): Promise<unknown>;
  /** Minus the log-likelihood, or minus a bound, `[n]`. */
  nats(x: Tensor): Tensor;
  readonly model: Module;
  /** What the model was made with. */
  readonly start?: Tensor;
  /** Of its file. */
  readonly file: string;
}

export const digit: MakeProgram = (_, key) => {
  const data = glyphs({ train: 400, validation: 100, test: 100 });
  const judges = [
    autoregressive(data, key.fold('arm')),
    flow(data, key.fold('flow')),
    latent(data, key.fold('vae')),
    diffusion(data, key.fold('diffusion')),
    boltzmann(data, key.fold('rbm')),
  ];
  const test = toTensor(data.test);
  const shuffled = tf.tidy(() => tf.gather(test, shuffledPixels(key), 1));
  const natsOf = (judge: Judge, x: Tensor) => read(tf.tidy(() => judge.nats(x)));
  let seen: readonly Float32Array[] | undefined;

  return {
    models: Object.fromEntries(judges.map(({ file, model }) => [file, model])),
    async train({ callbacks, signal }) {
      let before = 0;
      for (const judge of judges) {
        const shifted = callbacks.map(({ onStep, onEpoch }) => ({
          ...(onStep && { onStep }),
          ...(onEpoch && {
            onEpoch: (event: Parameters<typeof onEpoch>[0]) =>
              onEpoch({ ...event, epoch: before + event.epoch }),
          }),
        }));
        await judge.train({ callbacks: shifted, signal });
        before += judge.epochs;
      }
    },
    async figure() {
      seen = await Promise.all(judges.map((judge) => natsOf(judge, test)));
      const areas = await Promise.all(
        judges.map(async (judge, index) => auroc(await natsOf(judge, shuffled), seen![index]!)),
      );
      return Math.min(...areas);
    },
    async show({ numbers, pixels }) {
      const cells = pixels ?? enlarged(subset(data.test, [Math.round(numbers['image']!)]));
      const values = counted(cells);
      const drawing: readonly Panel[] = [
        {
          kind: 'images',
          caption: 'draw here',
          plane: [CELLS, CELLS],
          range: [0, 1],
          columns: 1,
          values: cells.map((cell) => Math.max(cell, 0)),
          editable: true,
          brush: 2,
        },
        { kind: 'images', caption: 'what the models see', plane: [8, 8], range: [0, 16], columns: 1, values },
      ];
      if (seen === undefined) return drawing; // the models have nothing to say before they are trained
      const x = tf.tensor2d([values]);
      const nats = await Promise.all(judges.map(async (judge) => (await natsOf(judge, x))[0]!));
      x.dispose();
      return [
        ...drawing,
        {
          kind: 'bars',
          caption: 'test digits that are at least as surprising to the model as what you drew',
          bars: judges.map(({ name }, index) => ({
            label: `${name}: ${nats[index]!.toFixed(0)} nats`,
            value: share(seen![index]!, nats[index]!),
          })),
        },
      ];
    },
    dispose() {
      for (const { model, start } of judges) {
        model.dispose();
        start?.dispose();
      }
      tf.dispose([test, shuffled]);
    },
  };
};

const share = (seen: Float32Array, nats: number): number =>
  seen.filter((value) => value >= nats).length / seen.length;

function shuffledPixels(key: Key): Tensor {
  return tf.tensor1d(key.fold('shuffled').permutation(PIXELS), 'int32');
}

/** Each pixel as a block of cells, of which as many are inked as it counts: those that Bayer's order takes first. */
function enlarged({ values }: Examples): number[] {
  const order = [0, 8, 2, 10, 12, 4, 14, 6, 3, 11, 1, 9, 15, 7, 13, 5];
  return Array.from({ length: CELLS * CELLS }, (_, cell) => {
    const [row, column] = [Math.floor(cell / CELLS), cell % CELLS];
    const value = values[Math.floor(row / BLOCK) * 8 + Math.floor(column / BLOCK)]!;
    return order[(row % BLOCK) * BLOCK + (column % BLOCK)]! < value ? 1 : -1;
  });
}

/** The number of inked cells of each block. */
function counted(cells: readonly number[]): number[] {
  const counts = Array<number>(PIXELS).fill(0);
  cells.forEach((cell, index) => {
    const [row, column] = [Math.floor(index / CELLS), index % CELLS];
    if (cell > 0) counts[Math.floor(row / BLOCK) * 8 + Math.floor(column / BLOCK)]! += 1;
  });
  return counts;
}

const rate = (learningRate: number) => ({ optimizer: adam({ learningRate }), batchSize: 50 });

function autoregressive(data: Dataset, key: Key): Judge {
  const likelihood = categoricalHead({ shape: [], levels: LEVELS });
  const model = made({ shape: [PIXELS], likelihood, hidden: [96], key });
  const epochs = 6;
  return {
    ...{ name: 'autoregressive', file: 'digit-arm', model, epochs },
    train: (watch) => fit(model, data, { key, ...rate(5e-3), epochs, ...watch }),
    nats: (x) => tf.neg(model.logProb(x)),
  };
}

function flow(data: Dataset, key: Key): Judge {
  const preprocessing = logitPreprocessing({ levels: LEVELS });
  const model = dequantized({
    flow: realNvp({ dims: PIXELS, couplings: 4, hidden: [64], preprocessing, key }),
    levels: LEVELS,
  });
  const epochs = 8;
  return {
    ...{ name: 'flow, a bound', file: 'digit-flow', model, epochs },
    train: (watch) => fit(model, data, { key, ...rate(2e-3), epochs, ...watch }),
    nats: (x) => tf.neg(model.elbo(x, key)),
  };
}

function latent(data: Dataset, key: Key): Judge {
  const activation = 'leakyRelu';
  const model = makeVae({
    encoder: mlp([PIXELS, 64, 2 * 8], { key: key.fold('encoder'), activation }),
    decoder: mlp([8, 64, PIXELS * LEVELS], { key: key.fold('decoder'), activation }),
    posterior: normalHead({ shape: [8] }),
    likelihood: categoricalHead({ shape: [PIXELS], levels: LEVELS }),
  });
  const epochs = 15;
  return {
    ...{ name: 'VAE, a bound', file: 'digit-vae', model, epochs },
    train: (watch) => fit(model, data, { key, ...rate(5e-3), epochs, ...watch }),
    nats: (x) => tf.neg(model.elbo(x, key)),
  };
}

function diffusion(data: Dataset, key: Key): Judge {
  const model = maskedDiffusion({
    shape: [PIXELS],
    levels: LEVELS,
    network: mlpDenoiser({
      ...{ shape: [PIXELS], outputs: LEVELS, entries: maskedEntries({ levels: LEVELS }) },
      ...{ features: 64, blocks: 1, key },
    }),
  });
  const epochs = 7;
  const draws = 8;
  return {
    ...{ name: 'diffusion, a bound', file: 'digit-diffusion', model, epochs },
    train: (watch) => fit(model, data, { key, ...rate(3e-3), epochs, ...watch }),
    // One draw of what is masked says little: a mean of some.
    nats(x) {
      const [n] = x.shape as [number];
      const bounds = model.elbo(tf.tile(x, [draws, 1]), key);
      return tf.neg(tf.mean(tf.reshape(bounds, [draws, n]), 0));
    },
  };
}

function boltzmann(data: Dataset, key: Key): Judge {
  const ink = (part: Examples, name: string) => binarize(part, { key: key.fold(name), levels: LEVELS });
  const train = ink(data.train, 'train');
  const examples = toTensor(train);
  const model = makeRbm({
    visible: bernoulliUnits({ shape: [PIXELS] }),
    ...{ hidden: 16, steps: 5, chains: 100 },
    key: key.fold('model'),
    examples,
  });
  const epochs = 8;
  return {
    ...{ name: 'Boltzmann machine, ink or paper', file: 'digit-rbm', model, epochs },
    // A file of the model holds what its biases started from.
    start: examples,
    train: (watch) =>
      fit(
        model,
        { train },
        { key, optimizer: sgd({ learningRate: 0.05, momentum: 0.5 }), batchSize: 50, epochs, ...watch },
      ),
    nats: (x) => tf.add(model.energy(tf.cast(tf.greater(x, 8), 'float32')), model.logPartition()),
  };
}
