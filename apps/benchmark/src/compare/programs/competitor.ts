import { workerArguments } from '../../program-files';
import { WorkerProcess, type Program } from './worker-process';
import type { BuildRequest, Command, Commands, TrainingProtocol } from './protocol';
import { peerProgram, peerThreads, type Peer, type PeerThreads } from './peers';
import { isPeer } from '../../results/comparison';
import { onGpu } from '../../statistics/rows';
import type { Measurement } from '../../results/comparison';

/** What a competitor may do besides taking steps. */
type Measured = Partial<
  Pick<
    Measurement,
    | 'batch'
    | 'device'
    | 'parameters'
    | 'msPerStep'
    | 'sampleMs'
    | 'peakMemoryMiB'
    | 'stepMemoryMiB'
    | 'resultsMiB'
    | 'roofline'
    | 'trainings'
  >
>;

/** Which program of a comparison, where it computes (null: it decides) and how many threads it has. */
export type CompetitorName = Pick<Measurement, 'engine' | 'device' | 'threads' | 'operatorThreads'>;

/** One program of a comparison with one number of threads. What fails is noted, and asked nothing more. */
export class Competitor {
  readonly name: CompetitorName;
  readonly #worker: WorkerProcess | undefined;
  #measured: Measured = {};
  #error: string | undefined;

  constructor(name: CompetitorName, program: Program | string) {
    this.name = name;
    if (typeof program === 'string') this.#error = program;
    else this.#worker = new WorkerProcess(program);
  }

  get isOurs(): boolean {
    return !isPeer(this.name.engine);
  }

  get works(): boolean {
    return this.#error === undefined;
  }

  get measured(): Measured {
    return this.#measured;
  }

  /** Asks for something; gives undefined where that failed, now or before. */
  async ask<C extends Command>(
    command: C,
    request: Commands[C]['request'],
  ): Promise<Commands[C]['reply'] | undefined> {
    if (!this.works) return undefined;
    try {
      return await this.#worker!.ask(command, request);
    } catch (error) {
      this.fail(error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }

  record(measured: Measured): void {
    this.#measured = { ...this.#measured, ...measured };
  }

  fail(error: string): void {
    this.#error ??= error;
  }

  /** What was found out. */
  measurement({ model, batch, width }: Pick<Measurement, 'model' | 'batch' | 'width'>): Measurement {
    return {
      model,
      batch,
      width,
      ...this.name,
      parameters: null,
      msPerStep: null,
      sampleMs: null,
      peakMemoryMiB: null,
      roofline: null,
      trainings: [],
      ...this.#measured,
      error: this.#error ?? null,
    };
  }

  async close(): Promise<void> {
    await this.#worker?.close();
  }
}

/** One of our engines, and what it computes on: a tfjs backend for `eager`, a device of ONNX Runtime for `compiled`. */
export interface EngineChoice {
  readonly engine: string;
  readonly device: string;
}

/** Which programs take part in a comparison. */
export interface ProgramOptions {
  readonly engines: readonly EngineChoice[];
  readonly threads: readonly number[];
  readonly peers: readonly Peer[];
}

/** Starts every program of a comparison: our engines, and the peers, with each number of threads. */
export function startCompetitors({ engines, threads, peers }: ProgramOptions): readonly Competitor[] {
  const onProcessor = peers.flatMap((peer) =>
    threads.flatMap((count) =>
      peerThreads(peer.name, count).map((counts) => peerCompetitor(peer, 'cpu', counts)),
    ),
  );
  // Our engines on a GPU are held against PyTorch on CUDA, where it has that.
  const most = Math.max(...threads);
  const onCuda = engines.some(({ device }) => onGpu({ device }))
    ? peers
        .filter(({ interpreter }) => 'hasCuda' in interpreter && interpreter.hasCuda)
        .map((peer) => peerCompetitor(peer, 'cuda', { threads: most, operatorThreads: most }))
    : [];
  return [...startOurs(engines, threads), ...onProcessor, ...onCuda];
}

/** Starts our engines and the first peer once, with the first number of threads: enough where nobody looks for the fastest. */
export function startOneOfEach({ engines, threads: [first], peers }: ProgramOptions): readonly Competitor[] {
  const threads = first!;
  return [
    ...startOurs(engines, [threads]),
    ...peers.slice(0, 1).map((peer) => peerCompetitor(peer, 'cpu', { threads, operatorThreads: threads })),
  ];
}

function startOurs(engines: readonly EngineChoice[], threads: readonly number[]): readonly Competitor[] {
  return engines.flatMap(({ engine, device }) => {
    const program = { command: process.execPath, args: [...workerArguments, engine, device] };
    const name = { engine, device: device === 'auto' ? null : device };
    return threadsOn(device, engine, threads).map(
      (count) => new Competitor({ ...name, threads: count }, program),
    );
  });
}

/** Our engines where nothing can be started, and why not. */
export function failedCompetitors(engines: readonly EngineChoice[], error: string): readonly Competitor[] {
  return engines.map(({ engine, device }) => new Competitor({ engine, device, threads: 1 }, error));
}

/** With which numbers of threads an engine is tried. */
function threadsOn(device: string, engine: string, threads: readonly number[]): readonly number[] {
  if (device === 'webgpu' || device === 'cuda') return [Math.max(...threads)];
  // The backends of tfjs that run without native code have one thread.
  return engine === 'compiled' ? threads : [1];
}

function peerCompetitor(peer: Peer, device: string, counts: PeerThreads): Competitor {
  return new Competitor({ engine: peer.name, device, ...counts }, peerProgram(peer, counts));
}

/** Builds the same model in all of them; where it is not known how it is trained, ours come first, for they say it. */
export async function buildAll(
  competitors: readonly Competitor[],
  { training: known, ...request }: Omit<BuildRequest, 'threads'>,
): Promise<TrainingProtocol | undefined> {
  let training = known;
  let parameters: number | undefined;
  for (const competitor of competitors) {
    if (!competitor.isOurs && training === undefined) {
      competitor.fail('our side did not say how the model is trained');
      continue;
    }
    const built = await competitor.ask('build', {
      ...request,
      threads: competitor.name.operatorThreads ?? competitor.name.threads,
      ...(competitor.isOurs ? {} : { device: competitor.name.device ?? 'cpu' }),
      ...(training === undefined ? {} : { training, batch: request.batch ?? training.batchSize }),
    });
    if (built === undefined) continue;
    training ??= built.training;
    parameters ??= built.parameters;
    if (built.parameters !== parameters) {
      competitor.fail(`another architecture: ${built.parameters} parameters, not ${parameters}`);
    }
    competitor.record({
      batch: request.batch ?? training?.batchSize ?? null,
      parameters: built.parameters,
      ...(built.device === undefined ? {} : { device: built.device }),
    });
  }
  return training;
}
