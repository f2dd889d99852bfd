import type { Variable } from '@tensorflow/tfjs-core';
import { show } from '../check/check';
import { CheckpointHistory } from '../checkpoint/checkpoint-history';
import type { CheckpointStore } from '../checkpoint/checkpoint-store';
import { assignVariables, readVariables, type HostTensor } from '../checkpoint/host-tensor';
import { checkMatch } from '../checkpoint/match';
import { writeSafetensors, type TensorFile } from '../checkpoint/safetensors';
import { SerializationError } from '../errors/dgm-error';
import { checkProbe, type Probe, type RunDescription } from './run-identity';
import {
  checkFiniteWeights,
  initialState,
  type Snapshot,
  type TrainingState,
  type Weights,
} from './training-state';

const FORMAT = 'dgm.training';
const VERSION = '2';

/** The contents of a checkpoint besides the current variables. */
export interface SavedTraining {
  readonly state: TrainingState;
  readonly best: Weights | undefined;
  /** Where a recovery goes back to, if that is not the state itself. */
  readonly good: Snapshot | undefined;
}

/** Reads and writes the whole state of a training run in a store. */
export class TrainingCheckpoint {
  readonly #history: CheckpointHistory;
  readonly #run: RunDescription;
  readonly #variables: ReadonlyMap<string, Variable>;
  readonly #batches: number | undefined;
  readonly #probe: () => Promise<Probe>;

  /**
   * @param variables - every variable of the run: `model/...`, `optimizer/...`, `average/...`
   * @param batches - in an epoch, if that is known
   * @param probe - the losses of the model with its current weights
   */
  constructor(
    store: CheckpointStore,
    run: RunDescription,
    variables: ReadonlyMap<string, Variable>,
    { batches, probe }: { readonly batches: number | undefined; readonly probe: () => Promise<Probe> },
  ) {
    this.#history = new CheckpointHistory(store);
    this.#run = run;
    this.#variables = variables;
    this.#batches = batches;
    this.#probe = probe;
  }

  /** @throws NumericalError if a weight is not finite; nothing is written then */
  async save({ state, best, good }: SavedTraining): Promise<void> {
    const current = await readVariables(this.#variables);
    checkFiniteWeights(only(current, 'model/'), state.step);
    const tensors = new Map([
      ...current,
      ...prefixed('best/', best),
      ...prefixed('good/', good?.variables),
      ...prefixed('good-best/', good?.best),
    ]);
    const metadata = {
      format: FORMAT,
      version: VERSION,
      run: JSON.stringify(this.#run),
      state: JSON.stringify(state),
      probe: JSON.stringify(await this.#probe()),
      ...(good && { good: JSON.stringify(good.state) }),
    };
    await this.#history.save(state.step, writeSafetensors({ tensors, metadata }));
  }

  /**
   * Puts the newest good checkpoint into the variables; `undefined` in an empty store.
   * @throws SerializationError if it belongs to another run, naming the option or the path; nothing is changed then
   */
  async restore(warn: (message: string) => unknown): Promise<SavedTraining | undefined> {
    const file = await this.#history.newest(warn, (candidate) => this.#parse(candidate));
    if (file === undefined) return undefined;
    const { metadata, tensors, state, good } = file;
    compare('format', FORMAT, metadata['format'] ?? 'none', 'use the store of a training run');
    compare('version', VERSION, metadata['version'] ?? 'none', 'use the version of @dgm/core that wrote it');
    const [ofGood, rest] = split(tensors, 'good/');
    const [bestOfGood, others] = split(rest, 'good-best/');
    const [best, current] = split(others, 'best/');
    // Another model explains all other differences, so it is looked for first.
    checkMatch(only(this.#variables, 'model/'), only(current, 'model/'), 'fit');
    this.#checkRun(metadata);
    this.#checkPosition(state);
    checkMatch(this.#variables, current, 'fit');
    const [model] = split(this.#variables, 'model/');
    if (state.progress.best !== undefined) checkMatch(model, best, 'fit');
    if (good) {
      checkMatch(this.#variables, ofGood, 'fit');
      if (good.progress.best !== undefined) checkMatch(model, bestOfGood, 'fit');
    }
    const before = await readVariables(this.#variables);
    assignVariables(this.#variables, current);
    try {
      checkProbe(parseObject(metadata['probe'], 'probe') as Probe, await this.#probe());
    } catch (error) {
      assignVariables(this.#variables, before);
      throw error;
    }
    return {
      state,
      best: state.progress.best && best,
      good: good && { state: good, variables: ofGood, best: good.progress.best && bestOfGood },
    };
  }

  /** Reads the metadata beside the tensors; a file without it is damaged. */
  #parse({ tensors, metadata }: TensorFile) {
    const isOther = metadata['format'] !== FORMAT || metadata['version'] !== VERSION;
    if (isOther) return { tensors, metadata, state: initialState(), good: undefined };
    parseObject(metadata['run'], 'run');
    const state = parseState(metadata['state'], 'state');
    const good = metadata['good'] === undefined ? undefined : parseState(metadata['good'], 'good');
    checkFiniteWeights(only(tensors, 'model/'), state.step);
    return { tensors, metadata, state, good };
  }

  #checkPosition(state: TrainingState): void {
    const { epoch, batch, step } = state;
    const batches = this.#batches ?? Infinity;
    if (batches === Infinity || (batch <= batches && step === epoch * batches + batch)) return;
    throw notAState(
      'state',
      `to be at a step of epochs of ${batches} batches`,
      `step ${step}, ${epoch} epochs and ${batch} batches`,
    );
  }

  #checkRun(metadata: TensorFile['metadata']): void {
    const stored = JSON.parse(metadata['run']!) as RunDescription;
    for (const name of new Set([...Object.keys(stored), ...Object.keys(this.#run)])) {
      const remedy = 'go on with the same options and data, or use an empty store';
      compare(name, JSON.stringify(this.#run[name]), JSON.stringify(stored[name]), remedy);
    }
  }
}

function prefixed(prefix: string, weights: Weights | undefined): [string, HostTensor][] {
  return [...(weights ?? [])].map(([path, weight]) => [`${prefix}${path}`, weight]);
}

function parseObject(text: string | undefined, name: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text ?? '');
  } catch {
    value = undefined;
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw notAState(name, 'to be a JSON object', text === undefined ? 'none' : text.slice(0, 40));
}

function parseState(text: string | undefined, name: string): TrainingState {
  const state = parseObject(text, name);
  for (const count of ['epoch', 'batch', 'step', 'recoveries']) {
    const value = state[count];
    if (Number.isSafeInteger(value) && (value as number) >= 0) continue;
    throw notAState(`${name}.${count}`, 'to be a count', show(value));
  }
  const { epoch, step, batch, curve, progress, sums, seconds } = state as unknown as TrainingState;
  const isWhole =
    Array.isArray(curve) &&
    curve.length === epoch &&
    step >= epoch + batch &&
    typeof sums === 'object' &&
    sums !== null &&
    Number.isFinite(seconds) &&
    Number.isSafeInteger(progress?.stale) &&
    (progress.best === undefined || (progress.best.epoch >= 1 && progress.best.epoch <= epoch));
  if (!isWhole) throw notAState(name, 'to fit together', `${epoch} epochs, ${step} steps, ${batch} batches`);
  return state as unknown as TrainingState;
}

function notAState(argument: string, expected: string, actual: string): SerializationError {
  const remedy = 'use an earlier checkpoint, or an empty store';
  return new SerializationError({
    where: 'fit',
    argument: `${argument} of the checkpoint`,
    expected,
    actual,
    remedy,
  });
}

function only<T>(all: ReadonlyMap<string, T>, prefix: string): ReadonlyMap<string, T> {
  return new Map([...all].filter(([path]) => path.startsWith(prefix)));
}

/** The entries under a prefix, without it, and the other entries. */
function split<T>(
  all: ReadonlyMap<string, T>,
  prefix: string,
): [ReadonlyMap<string, T>, ReadonlyMap<string, T>] {
  const inside = [...only(all, prefix)].map(([path, value]) => [path.slice(prefix.length), value] as const);
  return [new Map(inside), new Map([...all].filter(([path]) => !path.startsWith(prefix)))];
}

function compare(
  argument: string,
  expected: string | undefined,
  actual: string | undefined,
  remedy: string,
): void {
  if (expected === actual) return;
  throw new SerializationError({
    where: 'fit',
    argument: `${argument} of the checkpoint`,
    expected: `to be ${expected}`,
    actual: String(actual),
    remedy,
  });
}
