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
    'batch' | 'device' | 'parameters' | 'msPerStep' | 'sampleMs' | 'peakMemoryMiB' | 'roofline' | 'training'
  >
>;

/** One program of a comparison with one number of threads. What fails is noted, and asked nothing more. */
export class Entrant {
  readonly engine: string;
  readonly threads: number;
  readonly #contestant: Contestant | undefined;
  #findings: Findings = {};
  #error: string | undefined;

  constructor(
    { engine, threads }: { readonly engine: string; readonly threads: number },
    program: Program | string,
  ) {
    this.engine = engine;
    this.threads = threads;
    if (typeof program === 'string') this.#error = program;
    else this.#contestant = new Contestant(program);
  }

  get isOurs(): boolean {
    return this.engine !== PEER;
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
  measurement({ model, width }: Pick<Measurement, 'model' | 'width'>): Measurement {
    return {
      model,
      batch: null,
      width,
      engine: this.engine,
      device: this.isOurs ? null : 'cpu',
      threads: this.threads,
      parameters: null,
      msPerStep: null,
      sampleMs: null,
      peakMemoryMiB: null,
      roofline: null,
      training: null,
      ...this.#findings,
      error: this.#error ?? null,
    };
  }

  async close(): Promise<void> {
    await this.#contestant?.close();
  }
}

export interface Line {
  readonly engines: readonly string[];
  readonly threads: readonly number[];
  /** The tfjs backend of our side. */
  readonly device: string;
  readonly torch: Torch;
}

/** Starts every program of a comparison: our engines, and PyTorch with each number of threads. */
export function startEntrants({ engines, threads, device, torch }: Line): readonly Entrant[] {
  const ours = engines.flatMap((engine) => {
    // The backends of tfjs that run without native code have one thread.
    const counts = engine === 'compiled' ? threads : [1];
    const program = { command: process.execPath, args: [...workerArguments, engine, device] };
    return counts.map((count) => new Entrant({ engine, threads: count }, program));
  });
  const peers = threads.map((count) => new Entrant({ engine: PEER, threads: count }, peer(torch, count)));
  return [...ours, ...peers];
}

/** PyTorch as it is fastest: threads that wait must not spin where there are few cores. */
function peer(torch: Torch, threads: number): Program | string {
  if ('missing' in torch) return `PyTorch is not installed (${torch.remedy})`;
  const env = {
    PYTHONDONTWRITEBYTECODE: '1',
    OMP_NUM_THREADS: String(threads),
    OPENBLAS_NUM_THREADS: String(threads),
    ...(threads > 1 ? { OMP_WAIT_POLICY: 'passive' } : {}),
  };
  return { command: torch.python, args: [peerDriver], env };
}

/** Builds the same model in all of them, ours first: it says how the model is trained. */
export async function buildAll(
  entrants: readonly Entrant[],
  request: Omit<BuildRequest, 'threads' | 'training'>,
): Promise<TrainingProtocol | undefined> {
  let training: TrainingProtocol | undefined;
  let parameters: number | undefined;
  for (const entrant of entrants) {
    if (!entrant.isOurs && training === undefined) {
      entrant.fail('our side did not say how the model is trained');
      continue;
    }
    const built = await entrant.ask('build', {
      ...request,
      threads: entrant.threads,
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
      device: built.device ?? 'cpu',
    });
  }
  return training;
}
