import { auto, capture, compiled, describeRuntime, type Device } from '@dgm/compile';
import { countParameters, eager, evaluate, fit, Key, setup, StateError } from '@dgm/core';
import type { BackendName, Dataset, Engine } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar } from '@tensorflow/tfjs-core';
import { discoverFamilies, selectCandidates } from '../../families';
import { readDataFiles } from './data-files';
import { bytesOfResults, multiplyAdds } from '../measure/multiply-adds';
import { backendPeak, runtimePeak } from '../measure/peak';
import type { BuildRequest, Commands, Epoch } from './protocol';
import { compiledSampler, eagerSampler, type Sampler } from '../../engine/sampler';
import type { Answers } from './serve';
import { StepLoop } from './step-loop';
import { describeTraining } from './training-protocol';
import type { Experiment } from '../../recipes/shared/recipe';

export interface SessionOptions {
  /** `eager` or `compiled`. */
  readonly engine: string;
  /** A tfjs backend for `eager`, a device of ONNX Runtime for `compiled`; `auto` leaves the choice to the engine. */
  readonly device: string;
}

/** Of drawing samples: to be warm makes no difference then. */
const SLOW_MS = 5000;

interface Built {
  readonly benchmark: Experiment;
  readonly dataset: Dataset;
  readonly loop: StepLoop;
  readonly batch: number;
  readonly threads: number;
  readonly key: Key;
}

/** Our side of a comparison: the commands of the protocol, answered by a model of the repository on one engine. */
export class Session implements Answers {
  readonly #compiledOn: Device | undefined;
  readonly #backend: BackendName | 'auto';
  #built: Built | undefined;
  /** Of the model that was built last. */
  #sampler: { readonly n: number; readonly sampler: Sampler } | undefined;

  constructor({ engine, device }: SessionOptions) {
    const isCompiled = engine === 'compiled';
    this.#compiledOn = isCompiled ? ((device === 'auto' ? 'cpu' : device) as Device) : undefined;
    // What is not compiled runs on the best backend of tfjs.
    this.#backend = isCompiled ? 'auto' : (device as BackendName | 'auto');
  }

  async about(): Promise<Commands['about']['reply']> {
    const { candidates } = await discoverFamilies();
    return { name: 'dgm', version: tf.version_core, models: candidates.map(({ entry }) => entry.name) };
  }

  async build(request: BuildRequest): Promise<Commands['build']['reply']> {
    this.dispose();
    const { backend, device } = await setup({ backend: this.#backend });
    const { candidates } = await discoverFamilies();
    const { entry } = selectCandidates(candidates, [request.model], 'dgm-bench compare')[0]!;
    const dataset = await readDataFiles(request.data);
    const { seed, quick, threads, width } = request;
    const key = Key.of(seed).fold(entry.name);
    const task = { dataset, key: key.fold('weights'), quick, ...(width === undefined ? {} : { width }) };
    const benchmark = await entry.create(task);
    const batch = request.batch ?? benchmark.training.batchSize;
    const engine = this.#engine(threads);
    const loop = await StepLoop.prepare(benchmark, { dataset, batch, engine, key: key.fold('steps') });
    this.#built = { benchmark, dataset, loop, batch, threads, key };
    return {
      parameters: countParameters(benchmark.model),
      device: this.#compiledOn ?? (backend === 'tensorflow' && device === 'gpu' ? 'tensorflow-gpu' : backend),
      training: describeTraining(benchmark.training),
    };
  }

  async steps({ n }: Commands['steps']['request']): Promise<Commands['steps']['reply']> {
    const { loop } = this.#ready();
    const started = performance.now();
    const loss = await loop.take(n);
    return { ms: performance.now() - started, loss };
  }

  async train(request: Commands['train']['request']): Promise<Commands['train']['reply']> {
    const { epochs, patience, maxSeconds = Infinity, target = -Infinity } = request;
    const { benchmark, dataset, batch, threads, key } = this.#ready();
    if (!canBeValidated(benchmark)) return { seconds: 0, steps: 0, curve: [] };
    const curve: Epoch[] = [];
    const enough = new AbortController();
    const started = performance.now();
    const seconds = () => (performance.now() - started) / 1000;
    const fitted = await fit<unknown>(benchmark.model, dataset, {
      ...benchmark.training,
      key: key.fold('training'),
      batchSize: batch,
      epochs,
      // As many as there are epochs: never.
      earlyStopping: { patience: patience ?? epochs },
      engine: this.#engine(threads),
      signal: enough.signal,
      callbacks: [
        {
          onEpoch({ epoch, validation }) {
            if (validation === undefined) return;
            curve.push({ epoch, validation, seconds: seconds() });
            // At the end of an epoch only: each program has at least one behind it.
            if (validation <= target || seconds() >= maxSeconds) enough.abort();
          },
        },
      ],
    });
    return { seconds: seconds(), steps: fitted.steps, curve, fitMs: fitted.msPerStep.median };
  }

  async evaluate({ draws }: Commands['evaluate']['request']): Promise<Commands['evaluate']['reply']> {
    const { benchmark, dataset, threads, key } = this.#ready();
    const { likelihoodKind } = benchmark.model;
    if (likelihoodKind !== 'exact' && likelihoodKind !== 'lower-bound') return { nats: null };
    const options = {
      key: key.fold('evaluation'),
      numSamples: draws,
      engine: this.#measuringEngine(threads),
    };
    return { nats: (await evaluate(benchmark.model, dataset.test, options)).nats };
  }

  async sample({ n, times }: Commands['sample']['request']): Promise<Commands['sample']['reply']> {
    const { key } = this.#ready();
    const sampler = await this.#samplerOf(n);
    const ms: number[] = [];
    let shape: readonly number[] = [];
    for (let time = 0; time <= times; time++) {
      const started = performance.now();
      const samples = await sampler.draw(key.fold('samples').fold(time));
      await samples.data();
      ms.push(performance.now() - started);
      shape = samples.shape;
      samples.dispose();
      if (ms[0]! > SLOW_MS) break;
    }
    return { ms: ms.length > 1 ? ms.slice(1) : ms, shape };
  }

  memory(): Commands['memory']['reply'] {
    return { peakMiB: process.resourceUsage().maxRSS / 1024 };
  }

  async roofline(): Promise<Commands['roofline']['reply']> {
    const { loop, threads } = this.#ready();
    const batch = loop.batches[0] as tf.Tensor | Readonly<Record<string, tf.Tensor>>;
    const parts = Object.entries(batch instanceof tf.Tensor ? { x: batch } : batch);
    const name = (part: string) => `batch/${part}`;
    const names = loop.program.players.map(({ objective }) => objective.name);
    const scalars = ['step', ...names.map((name) => `rate/${name}`)];
    const { graph } = capture(
      ({ tensors, key }) => {
        const rates = names.map((name) => [name, tensors[`rate/${name}`]]);
        const learningRates = Object.fromEntries(rates) as Record<string, Scalar>;
        const given = Object.fromEntries(parts.map(([part]) => [part, tensors[name(part)]!]));
        return loop.program.run({
          batch: batch instanceof tf.Tensor ? given['x'] : given,
          key,
          learningRates,
          step: tensors['step'] as Scalar,
        });
      },
      {
        ...Object.fromEntries(scalars.map((name) => [name, { shape: [] }])),
        ...Object.fromEntries(parts.map(([part, { shape }]) => [name(part), { shape }])),
      },
    );
    const peakPerMs = await (this.#compiledOn === undefined
      ? backendPeak()
      : runtimePeak({ device: this.#compiledOn, threads }));
    return { multiplyAdds: multiplyAdds(graph), resultsMiB: bytesOfResults(graph) / 2 ** 20, peakPerMs };
  }

  devices(): Promise<Commands['devices']['reply']> {
    return describeRuntime();
  }

  /** Frees the model that was built last, if there is one. */
  dispose(): void {
    this.#sampler?.sampler.dispose();
    this.#sampler = undefined;
    this.#built?.loop.dispose();
    this.#built?.benchmark.model.dispose();
    this.#built = undefined;
  }

  /** Made once: it is asked for samples many times. */
  async #samplerOf(n: number): Promise<Sampler> {
    if (this.#sampler?.n === n) return this.#sampler.sampler;
    this.#sampler?.sampler.dispose();
    const { benchmark, threads } = this.#ready();
    const sampler =
      this.#compiledOn === undefined
        ? eagerSampler(benchmark, n)
        : await compiledSampler(benchmark, n, { device: this.#compiledOn, threads });
    this.#sampler = { n, sampler };
    return sampler;
  }

  #engine(threads: number): Engine {
    return this.#compiledOn === undefined ? eager() : compiled({ device: this.#compiledOn, threads });
  }

  /** For what may not be compilable, though its training is. */
  #measuringEngine(threads: number): Engine {
    return this.#compiledOn === undefined ? eager() : auto({ device: this.#compiledOn, threads });
  }

  #ready(): Built {
    if (this.#built !== undefined) return this.#built;
    throw new StateError({
      where: 'dgm-bench compare',
      argument: 'build',
      expected: 'to come first',
      actual: 'another command',
    });
  }
}

/** Whether a number says how good a model is while it learns; the losses of two players do not. */
const canBeValidated = ({ model, training }: Experiment): boolean =>
  model.likelihoodKind !== 'none' || training.validate !== undefined;
