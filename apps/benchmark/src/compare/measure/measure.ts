import {
  buildAll,
  startCompetitors,
  startOneOfEach,
  type Competitor,
  type ProgramOptions,
} from '../programs/competitor';
import type { DataFiles } from '../programs/protocol';
import { isPeer, libraryOf, type Measurement } from '../../results/comparison';
import { median, rounded } from '../../statistics/statistics';
import { trainAll, type TrainingTime } from './train-all';
import { alternate, type WindowOptions } from './windows';

/** One model to measure with one batch size. */
export interface Task {
  readonly programs: ProgramOptions;
  readonly model: string;
  readonly batch?: number;
  readonly width?: number;
  readonly data: DataFiles;
  /** One training for each; steps are timed with the first. */
  readonly seeds: readonly number[];
  readonly quick: boolean;
  /** Of alternating windows; with 0 nothing is timed. */
  readonly seconds: number;
  /** Without it, nothing is trained. */
  readonly training?: TrainingTime;
}

const SAMPLES = 64;
/** What draws samples more quickly than this does so in windows, turn by turn; the others once. */
const QUICK_MS = 300;
const SAMPLING_WINDOWS = { seconds: 1, windowMs: 100, warmUpMs: 300 };
/** Enough to see that everything works. */
const QUICK_WINDOWS = { windowMs: 25, warmUpMs: 50 };

/** Everything about one model with one batch size: our engines and the peers, with each number of threads. */
export async function measure(task: Task): Promise<readonly Measurement[]> {
  const { model, batch, width, data, seeds, quick } = task;
  const isTimed = task.seconds > 0;
  const competitors = isTimed ? startCompetitors(task.programs) : startOneOfEach(task.programs);
  const request = {
    model,
    data,
    quick,
    ...(batch === undefined ? {} : { batch }),
    ...(width === undefined ? {} : { width }),
  };
  try {
    const memory = isTimed ? await StepMemory.watch(competitors) : undefined;
    const protocol = await buildAll(competitors, { ...request, seed: seeds[0]! });
    if (isTimed) {
      await timeSteps(competitors, { seconds: task.seconds, ...(quick ? QUICK_WINDOWS : {}) });
      await memory!.record();
      await timeSampling(competitors, quick ? { seconds: 0, ...QUICK_WINDOWS } : SAMPLING_WINDOWS);
      for (const competitor of competitors) await measureMemory(competitor);
    }
    if (task.training && protocol) {
      await trainAll(fastestOfEach(competitors), { request, protocol, seeds, time: task.training });
    }
    const name = { model, batch: batch ?? null, width: width ?? null };
    return competitors.map((competitor) => competitor.measurement(name));
  } finally {
    await Promise.all(competitors.map((competitor) => competitor.close()));
  }
}

async function timeSteps(competitors: readonly Competitor[], options: WindowOptions): Promise<void> {
  const able = competitors.filter(({ works }) => works);
  const timings = await alternate(
    able.map((competitor) => async (n) => (await competitor.ask('steps', { n }))?.ms ?? Number.NaN),
    options,
  );
  able.forEach((competitor, index) => {
    const { windows } = timings[index]!;
    if (!competitor.works) return;
    competitor.record({
      msPerStep: {
        median: rounded(median(windows)),
        min: rounded(Math.min(...windows)),
        windows: windows.length,
      },
    });
  });
}

/** What the models add to the memory of programs that have loaded their libraries. */
class StepMemory {
  readonly #loaded: ReadonlyMap<Competitor, number>;

  private constructor(loaded: ReadonlyMap<Competitor, number>) {
    this.#loaded = loaded;
  }

  /** Has all of them load what they need to know any model. */
  static async watch(competitors: readonly Competitor[]): Promise<StepMemory> {
    const loaded = new Map<Competitor, number>();
    for (const competitor of competitors) {
      await competitor.ask('about', {});
      const memory = await competitor.ask('memory', {});
      if (memory !== undefined) loaded.set(competitor, memory.peakMiB);
    }
    return new StepMemory(loaded);
  }

  async record(): Promise<void> {
    for (const [competitor, loadedMiB] of this.#loaded) {
      const memory = await competitor.ask('memory', {});
      if (memory === undefined) continue;
      competitor.record({ stepMemoryMiB: Math.round(memory.peakMiB - loadedMiB) });
    }
  }
}

async function timeSampling(competitors: readonly Competitor[], options: WindowOptions): Promise<void> {
  const quick: Competitor[] = [];
  for (const competitor of competitors) {
    const first = await drawingMs(competitor, 1);
    if (Number.isNaN(first)) continue;
    competitor.record({ sampleMs: rounded(first) });
    if (first < QUICK_MS) quick.push(competitor);
  }
  const timings = await alternate(
    quick.map((competitor) => (n) => drawingMs(competitor, n)),
    options,
  );
  quick.forEach((competitor, index) => {
    const { windows } = timings[index]!;
    if (competitor.works) competitor.record({ sampleMs: rounded(median(windows)) });
  });
}

/** Milliseconds of so many drawings; NaN where that failed. */
async function drawingMs(competitor: Competitor, times: number): Promise<number> {
  const drawn = await competitor.ask('sample', { n: SAMPLES, times });
  return drawn?.ms.reduce((sum, ms) => sum + ms, 0) ?? Number.NaN;
}

/** Memory comes before the roofline, whose matrices are no part of the model. */
async function measureMemory(competitor: Competitor): Promise<void> {
  const memory = await competitor.ask('memory', {});
  if (memory === undefined) return;
  competitor.record({ peakMemoryMiB: Math.round(memory.peakMiB) });
  const roofline = competitor.isOurs ? await competitor.ask('roofline', {}) : undefined;
  if (roofline === undefined) return;
  competitor.record({
    resultsMiB: Math.round(roofline.resultsMiB),
    roofline: {
      multiplyAddsPerStep: roofline.multiplyAdds,
      peakMultiplyAddsPerMs: Math.round(roofline.peakPerMs),
    },
  });
}

/**
 * Of each engine of ours, and of PyTorch, the mode and the number of threads with which it is fastest, the fastest first; in
 * their order if untimed. JAX's peers are timed only.
 */
function fastestOfEach(competitors: readonly Competitor[]): readonly Competitor[] {
  const best = new Map<string, Competitor>();
  const ms = ({ measured }: Competitor) => measured.msPerStep?.median ?? Infinity;
  for (const competitor of competitors.filter(({ works }) => works)) {
    const { engine, device } = competitor.name;
    if (isPeer(engine) && libraryOf(engine) === 'JAX') continue;
    const program = `${isPeer(engine) ? 'peer' : engine} on ${device}`;
    const other = best.get(program);
    if (other === undefined || ms(competitor) < ms(other)) best.set(program, competitor);
  }
  return [...best.values()].sort((a, b) => (ms(a) < ms(b) ? -1 : Number(ms(a) > ms(b))));
}
