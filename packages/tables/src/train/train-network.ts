import {
  adamW,
  cosineSchedule,
  fit,
  Key,
  SerializationError,
  warmUpSchedule,
  type FitOptions,
  type CheckpointStore,
  type Engine,
  type Examples,
  type GenerativeModel,
  type MakeBatch,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { ModelKind, RowModel } from '../table/row-model';

/** How far training is. */
export interface TrainingProgress {
  /** The kind of model that is trained; `auto` trains one after the other. */
  readonly model: ModelKind;
  readonly step: number;
  readonly steps: number;
  readonly secondsLeft: number;
  /** Mean nats of a validation row, after each epoch: of any order over random orders, of other models a bound. */
  readonly validation?: number;
}

/** A network of rows, and what it is trained on. */
export interface NetworkPlan<B> {
  readonly build: () => GenerativeModel<B> & RowModel;
  readonly data: NetworkData;
  readonly batch: MakeBatch<B>;
  readonly recipe: Recipe;
}

export interface NetworkData {
  readonly train: Examples;
  readonly validation: Examples;
}

export interface TrainNetworkOptions {
  readonly key: Key;
  readonly engine: Engine;
  /** How many steps, or as many as fit into `minutes`. */
  readonly steps?: number | undefined;
  readonly minutes: number;
  readonly onProgress?: ((progress: TrainingProgress) => void) | undefined;
  readonly signal?: { readonly aborted: boolean } | undefined;
  readonly store?: CheckpointStore | undefined;
}

/** Trains a network, and keeps the weights of its best epoch. */
export async function trainNetwork<B>(
  plan: NetworkPlan<B>,
  { key, engine, steps: wanted, minutes, onProgress, signal, store }: TrainNetworkOptions,
): Promise<{ readonly model: RowModel; readonly steps: number }> {
  const { build, data, recipe, batch } = plan;
  const epochs = await plannedEpochs(store, () => epochsFor(plan, { steps: wanted, minutes, engine }));
  const model = build();
  try {
    const steps = epochs * stepsPerEpoch(data, recipe);
    const trainedAt = tf.util.now();
    let start: { readonly epoch: number; readonly at: number } | undefined;
    const result = await fit<B>(model, data, {
      ...fitOptions(recipe, steps, batch),
      key,
      engine,
      epochs,
      ...(wanted === undefined && { maxSeconds: 90 * minutes }),
      ...(signal && { signal }),
      ...(store && { checkpoint: { store, everyEpochs: Math.ceil(epochs / 20) } }),
      callbacks: [
        {
          onEpoch: ({ epoch, validation }: { readonly epoch: number; readonly validation?: number }) => {
            // A resumed run starts at a later epoch, and the first one of a run compiles its step.
            const now = tf.util.now();
            const { epoch: from, at } = start ?? { epoch: epoch - 1, at: trainedAt };
            start ??= { epoch, at: now };
            const perEpoch = (now - at) / (epoch - from) / 1000;
            onProgress?.({
              model: model.kind,
              step: (epoch * steps) / epochs,
              steps,
              secondsLeft: perEpoch * (epochs - epoch),
              ...(validation !== undefined && { validation }),
            });
          },
        },
      ],
      // Whether a batch has to be made depends on B.
    } as FitOptions<B>);
    return { model, steps: result.steps };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** How a network is built and trained, by the number of rows: fewer rows carry fewer weights. */
export interface Recipe {
  readonly hidden: number;
  readonly blocks: number;
  readonly dropout: number;
  readonly maxBins: number;
  readonly minCount: number;
  readonly weightDecay: number;
  readonly batchSize: number;
  readonly maxEpochs: number;
}

export function recipeFor(rows: number): Recipe {
  if (rows < 1000) {
    const batchSize = rows < 128 ? 16 : 64;
    const shared = { hidden: 96, blocks: 2, dropout: 0.2, maxBins: 12, minCount: 8, weightDecay: 0.1 };
    return { ...shared, batchSize, maxEpochs: 300 };
  }
  if (rows < 10_000) {
    const shared = { hidden: 128, blocks: 2, dropout: 0.1, maxBins: 60, minCount: 8, weightDecay: 0.05 };
    return { ...shared, batchSize: 256, maxEpochs: 300 };
  }
  const shared = { hidden: 256, blocks: 3, dropout: 0, maxBins: 200, minCount: 8, weightDecay: 0.01 };
  return { ...shared, batchSize: 256, maxEpochs: 1000 };
}

const stepsPerEpoch = ({ train }: NetworkData, { batchSize }: Recipe) => Math.floor(train.count / batchSize);

/** AdamW, a short warm-up and half a cosine, and a moving average of the weights. */
function fitOptions<B>({ batchSize, weightDecay }: Recipe, steps: number, batch: MakeBatch<B>) {
  const warmUp = Math.min(100, Math.floor(steps / 10));
  const cosine = cosineSchedule(2e-3, { steps: Math.max(steps - warmUp, 1), final: 1e-6 });
  return {
    batch,
    optimizer: adamW({ learningRate: warmUpSchedule(cosine, { steps: warmUp }), beta2: 0.99, weightDecay }),
    batchSize,
    dropLast: true,
    clipNorm: 2,
    // A run of few steps must forget its initial weights.
    ema: { decay: Math.min(0.998, Math.max(0.9, 1 - 20 / steps)) },
  };
}

/** How often the rows are gone through: for the wanted steps, or as often as fits into the minutes by some trial steps. */
async function epochsFor<B>(
  { build, data, recipe, batch }: NetworkPlan<B>,
  { steps, minutes, engine }: Pick<TrainNetworkOptions, 'steps' | 'minutes' | 'engine'>,
): Promise<number> {
  const each = stepsPerEpoch(data, recipe);
  if (steps !== undefined) return Math.ceil(steps / each);
  const network = build();
  try {
    const trial = 8 * recipe.batchSize;
    const train = firstRows(data.train, Math.min(trial, data.train.count));
    const ends: number[] = [];
    await fit<B>(
      network,
      { train, validation: firstRows(data.validation, Math.min(recipe.batchSize, data.validation.count)) },
      {
        ...fitOptions(recipe, 100, batch),
        key: Key.of(0),
        engine,
        epochs: 3,
        callbacks: [{ onEpoch: () => void ends.push(tf.util.now()) }],
      } as FitOptions<B>,
    );
    const perStep = (ends[2]! - ends[1]!) / stepsPerEpoch({ ...data, train }, recipe);
    const epochs = Math.floor((minutes * 60_000) / (perStep * each));
    return Math.min(Math.max(epochs, 1), recipe.maxEpochs);
  } finally {
    network.dispose();
  }
}

/** The part of a store whose files begin with a name, so that several models keep their states in one. */
export function partOfStore(store: CheckpointStore, name: string): CheckpointStore {
  const prefix = `${name}.`;
  return {
    list: async () =>
      (await store.list()).flatMap((file) => (file.startsWith(prefix) ? [file.slice(prefix.length)] : [])),
    read: (file) => store.read(prefix + file),
    write: (file, bytes) => store.write(prefix + file, bytes),
    remove: (file) => store.remove(prefix + file),
  };
}

const PLAN = 'plan.json';

/** The number of epochs of a run that goes on; a run that starts measures it, and notes it for later. */
async function plannedEpochs(
  store: CheckpointStore | undefined,
  measure: () => Promise<number>,
): Promise<number> {
  if (!store) return measure();
  if ((await store.list()).includes(PLAN)) return readPlan(await store.read(PLAN));
  const epochs = await measure();
  await store.write(PLAN, new TextEncoder().encode(JSON.stringify({ epochs })));
  return epochs;
}

function readPlan(bytes: Uint8Array): number {
  const text = new TextDecoder().decode(bytes);
  const found = /^\{"epochs":([1-9]\d{0,8})\}$/.exec(text);
  if (found) return Number(found[1]);
  throw new SerializationError({
    where: 'trainTable',
    argument: `${PLAN} of checkpoint.store`,
    expected: 'to hold a number of epochs',
    actual: JSON.stringify(text.slice(0, 40)),
    remedy: 'train anew with an empty store',
  });
}

function firstRows(examples: Examples, count: number): Examples {
  const size = examples.values.length / Math.max(examples.count, 1);
  return { ...examples, count, values: examples.values.subarray(0, count * size) };
}
