import type { Variable } from '@tensorflow/tfjs-core';
import { CheckpointHistory } from '../checkpoint/checkpoint-history';
import type { CheckpointStore } from '../checkpoint/checkpoint-store';
import { assignVariables, readVariables } from '../checkpoint/host-tensor';
import { checkMatch } from '../checkpoint/match';
import { encodeSafetensors, type TensorFile } from '../checkpoint/safetensors';
import { SerializationError } from '../errors/dgm-error';
import type { RunDescription } from './run-description';
import type { TrainingState, Weights } from './training-state';

const FORMAT = 'dgm.training';
const VERSION = '2';

export interface RestoredTraining {
  readonly state: TrainingState;
  readonly best?: Weights;
}

/** Reads and writes the whole state of a training run in a store. */
export class TrainingCheckpoint {
  readonly #history: CheckpointHistory;
  readonly #run: RunDescription;
  readonly #variables: ReadonlyMap<string, Variable>;

  /** @param variables - every variable of the run: `model/...`, `optimizer/...`, `average/...` */
  constructor(store: CheckpointStore, run: RunDescription, variables: ReadonlyMap<string, Variable>) {
    this.#history = new CheckpointHistory(store);
    this.#run = run;
    this.#variables = variables;
  }

  async save(state: TrainingState, best: Weights | undefined): Promise<void> {
    const current = await readVariables(this.#variables);
    const kept = [...(best ?? [])].map(([path, weight]) => [`best/${path}`, weight] as const);
    const metadata = {
      format: FORMAT,
      version: VERSION,
      run: JSON.stringify(this.#run),
      state: JSON.stringify(state),
    };
    const bytes = encodeSafetensors({ tensors: new Map([...current, ...kept]), metadata });
    await this.#history.save(state.step, bytes);
  }

  /**
   * Puts the newest good checkpoint into the variables; `undefined` in an empty store.
   * @throws SerializationError if it belongs to another run, naming the option or the path; nothing is changed then
   */
  async restore(warn: (message: string) => unknown): Promise<RestoredTraining | undefined> {
    const file = await this.#history.newest(warn);
    if (file === undefined) return undefined;
    this.#checkFormat(file);
    const [best, current] = split(file.tensors, 'best/');
    // Another model explains all other differences, so it is looked for first.
    checkMatch(only(this.#variables, 'model/'), only(current, 'model/'), 'fit');
    this.#checkRun(file);
    checkMatch(this.#variables, current, 'fit');
    const state = JSON.parse(file.metadata['state']!) as TrainingState;
    if (state.progress.best === undefined) {
      assignVariables(this.#variables, current);
      return { state };
    }
    const [model] = split(this.#variables, 'model/');
    checkMatch(model, best, 'fit');
    assignVariables(this.#variables, current);
    return { state, best };
  }

  #checkFormat({ metadata }: TensorFile): void {
    compare('format', FORMAT, metadata['format'] ?? 'none', 'use the store of a training run');
    compare('version', VERSION, metadata['version'] ?? 'none', 'update @dgm/core');
  }

  #checkRun({ metadata }: TensorFile): void {
    const stored = JSON.parse(metadata['run']!) as RunDescription;
    for (const name of new Set([...Object.keys(stored), ...Object.keys(this.#run)])) {
      const remedy = 'go on with the same options and data, or use an empty store';
      compare(name, JSON.stringify(this.#run[name]), JSON.stringify(stored[name]), remedy);
    }
  }
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
