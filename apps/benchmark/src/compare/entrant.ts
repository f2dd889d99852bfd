import { workerArguments, peerDriver } from '../places';
import { Contestant, type Program } from './contestant';
import type { BuildRequest, Command, Commands, TrainingProtocol } from './protocol';
import type { Torch } from './python';
import type { Measurement } from './schema';

/** The peer's name among the engines. */
export const PEER = 'pytorch';

/** What an entrant may do besides taking steps. */
type Findings = Partial<
  Pick<
    Measurement,
    'batch' | 'device' | 'parameters' | 'msPerStep' | 'sampleMs' | 'peakMemoryMiB' | 'roofline' | 'trainings'
  >
>;

/** Which program of a comparison, where it computes (null: it decides) and how many threads it has. */
export type EntrantName = Pick<Measurement, 'engine' | 'device' | 'threads' | 'operatorThreads'>;

/** One program of a comparison with one number of threads. What fails is noted, and asked nothing more. */
export class Entrant {
  readonly name: EntrantName;
  readonly #contestant: Contestant | undefined;
  #findings: Findings = {};
  #error: string | undefined;

  constructor(name: EntrantName, program: Program | string) {
    this.name = name;
    if (typeof program === 'string') this.#error = program;
    else this.#contestant = new Contestant(program);
  }

  get isOurs(): boolean {
    return this.name.engine !== PEER;
  }

  get works(): boolean {
    return this.#error === undefined;
  }

  get findings(): Findings {
    return this.#findings;
  }

  /** Asks for something; gives undefined where that failed, now or before. */
  async ask<C extends Command>(
    command: C,
    request: Commands[C]['request'],
  ): Promise<Commands[C]['reply'] | undefined> {
    if (!this.works) return undefined;
    try {
      return await this.#contestant!.ask(command, request);
    } catch (error) {
      this.fail(error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }

  note(findings: Findings): void {
    this.#findings = { ...this.#findings, ...findings };
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
      ...this.#findings,
      error: this.#error ?? null,
    };
  }

  async close(): Promise<void> {
    await this.#contestant?.close();
  }
}

/** One of our engines, and what it computes on: a tfjs backend for `eager`, a device of ONNX Runtime for `compiled`. */
export interface EngineChoice {
  readonly engine: string;
  readonly device: string;
}

export interface Line {
  readonly engines: readonly EngineChoice[];
  readonly threads: readonly number[];
  readonly torch: Torch;
}

/** Starts every program of a comparison: our engines, and PyTorch, with each number of threads. */
export function startEntrants(line: Line): readonly Entrant[] {
  return start(line, line.threads.flatMap(operatorThreads));
}

/** Starts each program once, with the first number of threads: enough where nobody looks for the fastest. */
export function startOneOfEach(line: Line): readonly Entrant[] {
  const threads = line.threads[0]!;
  return start({ ...line, threads: [threads] }, [{ threads, operatorThreads: threads }]);
}

function start({ engines, threads, torch }: Line, peerThreads: readonly PeerThreads[]): readonly Entrant[] {
  const ours = engines.flatMap(({ engine, device }) => {
    const program = { command: process.execPath, args: [...workerArguments, engine, device] };
    const name = { engine, device: device === 'auto' ? null : device };
    return threadsOn(device, engine, threads).map(
      (count) => new Entrant({ ...name, threads: count }, program),
    );
  });
  const peers = peerThreads.map((counts) => peerEntrant(torch, 'cpu', counts));
  // Our CUDA is held against PyTorch's.
  const most = Math.max(...threads);
  const onCuda = engines.some(({ device }) => device === 'cuda')
    ? [peerEntrant(torch, 'cuda', { threads: most, operatorThreads: most })]
    : [];
  return [...ours, ...peers, ...onCuda];
}

/** Our engines where nothing can be started, and why not. */
export function failedEntrants(engines: readonly EngineChoice[], error: string): readonly Entrant[] {
  return engines.map(({ engine, device }) => new Entrant({ engine, device, threads: 1 }, error));
}

/** With which numbers of threads an engine is tried. */
function threadsOn(device: string, engine: string, threads: readonly number[]): readonly number[] {
  if (device === 'webgpu' || device === 'cuda') return [Math.max(...threads)];
  // The backends of tfjs that run without native code have one thread.
  return engine === 'compiled' ? threads : [1];
}

interface PeerThreads {
  /** Of the BLAS library, which has threads of its own in Debian's PyTorch. */
  readonly threads: number;
  readonly operatorThreads: number;
}

/** Small models are faster where only the BLAS library has several threads. */
function operatorThreads(threads: number): readonly PeerThreads[] {
  return [...new Set([1, threads])].map((count) => ({ threads, operatorThreads: count }));
}

function peerEntrant(torch: Torch, device: string, counts: PeerThreads): Entrant {
  return new Entrant({ engine: PEER, device, ...counts }, peer(torch, counts));
}

/** PyTorch as it is fastest: threads that wait must not spin where there are few cores. */
function peer(torch: Torch, { threads, operatorThreads }: PeerThreads): Program | string {
  if ('missing' in torch) return `PyTorch is not installed (${torch.remedy})`;
  const env = {
    PYTHONDONTWRITEBYTECODE: '1',
    OMP_NUM_THREADS: String(operatorThreads),
    OPENBLAS_NUM_THREADS: String(threads),
    MKL_NUM_THREADS: String(threads),
    ...(threads > 1 ? { OMP_WAIT_POLICY: 'passive' } : {}),
  };
  return { command: torch.python, args: [peerDriver], env };
}

/** Builds the same model in all of them; where it is not known how it is trained, ours come first, for they say it. */
export async function buildAll(
  entrants: readonly Entrant[],
  { training: known, ...request }: Omit<BuildRequest, 'threads'>,
): Promise<TrainingProtocol | undefined> {
  let training = known;
  let parameters: number | undefined;
  for (const entrant of entrants) {
    if (!entrant.isOurs && training === undefined) {
      entrant.fail('our side did not say how the model is trained');
      continue;
    }
    const built = await entrant.ask('build', {
      ...request,
      threads: entrant.name.operatorThreads ?? entrant.name.threads,
      ...(entrant.isOurs ? {} : { device: entrant.name.device ?? 'cpu' }),
      ...(training === undefined ? {} : { training, batch: request.batch ?? training.batchSize }),
    });
    if (built === undefined) continue;
    training ??= built.training;
    parameters ??= built.parameters;
    if (built.parameters !== parameters) {
      entrant.fail(`another architecture: ${built.parameters} parameters, not ${parameters}`);
    }
    entrant.note({
      batch: request.batch ?? training?.batchSize ?? null,
      parameters: built.parameters,
      ...(built.device === undefined ? {} : { device: built.device }),
    });
  }
  return training;
}
