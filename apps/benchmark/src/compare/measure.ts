import { buildAll, startEntrants, startOneOfEach, type Entrant, type Line } from './entrant';
import type { DataFiles } from './protocol';
import type { Measurement } from './schema';
import { rounded } from './statistics';
import { trainAll, type TrainingTime } from './train-all';
import { alternate, median } from './windows';

export interface Task extends Line {
  readonly model: string;
  readonly batch?: number;
  readonly width?: number;
  readonly data: DataFiles;
  /** One training for each; steps are timed with the first. */
  readonly seeds: readonly number[];
  readonly quick: boolean;
  /** Of alternating windows; with 0 nothing is timed. */
  readonly seconds: number;
  /** None trains unless given. */
  readonly training?: TrainingTime;
}

const SAMPLES = 64;
/** How often samples are drawn where that is quick. */
const DRAWINGS = 9;
const QUICK_MS = 300;

/** Everything about one model with one batch size: our engines and PyTorch, with each number of threads. */
export async function measure(task: Task): Promise<readonly Measurement[]> {
  const { model, batch, width, data, seeds, quick } = task;
  const isTimed = task.seconds > 0;
  const entrants = isTimed ? startEntrants(task) : startOneOfEach(task);
  const request = {
    model,
    data,
    quick,
    ...(batch === undefined ? {} : { batch }),
    ...(width === undefined ? {} : { width }),
  };
  try {
    const protocol = await buildAll(entrants, { ...request, seed: seeds[0]! });
    if (isTimed) {
      await timeSteps(entrants, task.seconds);
      for (const entrant of entrants) await lookAt(entrant);
    }
    if (task.training && protocol) {
      await trainAll(fastestOfEach(entrants), { request, protocol, seeds, time: task.training });
    }
    const name = { model, batch: batch ?? null, width: width ?? null };
    return entrants.map((entrant) => entrant.measurement(name));
  } finally {
    await Promise.all(entrants.map((entrant) => entrant.close()));
  }
}

async function timeSteps(entrants: readonly Entrant[], seconds: number): Promise<void> {
  const able = entrants.filter(({ works }) => works);
  const timings = await alternate(
    able.map((entrant) => async (n) => (await entrant.ask('steps', { n }))?.ms ?? Number.NaN),
    { seconds },
  );
  able.forEach((entrant, index) => {
    const { windows } = timings[index]!;
    if (!entrant.works) return;
    entrant.note({
      msPerStep: {
        median: rounded(median(windows)),
        min: rounded(Math.min(...windows)),
        windows: windows.length,
      },
    });
  });
}

/** Memory comes before the roofline, whose matrices are no part of the model. */
async function lookAt(entrant: Entrant): Promise<void> {
  const first = await entrant.ask('sample', { n: SAMPLES, times: 1 });
  if (first === undefined) return;
  const isQuick = first.ms[0]! < QUICK_MS;
  const drawn = isQuick ? await entrant.ask('sample', { n: SAMPLES, times: DRAWINGS }) : first;
  const memory = await entrant.ask('memory', {});
  if (drawn === undefined || memory === undefined) return;
  entrant.note({ sampleMs: rounded(median(drawn.ms)), peakMemoryMiB: Math.round(memory.peakMiB) });
  const roofline = entrant.isOurs ? await entrant.ask('roofline', {}) : undefined;
  if (roofline === undefined) return;
  entrant.note({
    roofline: {
      multiplyAddsPerStep: roofline.multiplyAdds,
      peakMultiplyAddsPerMs: Math.round(roofline.peakPerMs),
    },
  });
}

/** Of each engine the number of threads with which it is fastest, the fastest engine first; in their order if untimed. */
function fastestOfEach(entrants: readonly Entrant[]): readonly Entrant[] {
  const best = new Map<string, Entrant>();
  const ms = ({ findings }: Entrant) => findings.msPerStep?.median ?? Infinity;
  for (const entrant of entrants.filter(({ works }) => works)) {
    const program = `${entrant.name.engine} on ${entrant.name.device}`;
    const other = best.get(program);
    if (other === undefined || ms(entrant) < ms(other)) best.set(program, entrant);
  }
  return [...best.values()].sort((a, b) => (ms(a) < ms(b) ? -1 : Number(ms(a) > ms(b))));
}
