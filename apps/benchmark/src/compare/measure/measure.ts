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
/** How often samples are drawn where that is quick. */
const DRAWINGS = 9;
const QUICK_MS = 300;
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
      for (const competitor of competitors) await measureSampling(competitor);
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

/** Memory comes before the roofline, whose matrices are no part of the model. */
async function measureSampling(competitor: Competitor): Promise<void> {
  const first = await competitor.ask('sample', { n: SAMPLES, times: 1 });
  if (first === undefined) return;
  const isQuick = first.ms[0]! < QUICK_MS;
  const drawn = isQuick ? await competitor.ask('sample', { n: SAMPLES, times: DRAWINGS }) : first;
  const memory = await competitor.ask('memory', {});
  if (drawn === undefined || memory === undefined) return;
  competitor.record({ sampleMs: rounded(median(drawn.ms)), peakMemoryMiB: Math.round(memory.peakMiB) });
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
