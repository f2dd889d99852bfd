import { buildAll, startEntrants, type Entrant, type Line } from './entrant';
import type { DataFiles, Epoch, TrainingProtocol } from './protocol';
import type { Measurement } from './schema';
import { alternate, median } from './windows';

export interface Task extends Line {
  readonly model: string;
  readonly batch?: number;
  readonly width?: number;
  readonly data: DataFiles;
  readonly seed: number;
  readonly quick: boolean;
  /** Of alternating windows. */
  readonly seconds: number;
  /** How long each of the fastest trains at most; none trains unless given. */
  readonly training?: { readonly maxSeconds: number; readonly epochs?: number };
}

const SAMPLES = 64;
/** How often samples are drawn where that is quick. */
const DRAWINGS = 9;
const QUICK_MS = 300;
/** Draws of each test example's bound. */
const TEST_DRAWS = 8;
/** The loss that all have reached may have been reached by luck: this much worse is reached for good. */
const TARGET_MARGIN = 0.01;

/** How much longer than the fastest the others may train. */
const MORE_TIME = 4;

/** Everything about one model with one batch size: our engines and PyTorch, with each number of threads. */
export async function measure(task: Task): Promise<readonly Measurement[]> {
  const { model, batch, width, data, seed, quick } = task;
  const entrants = startEntrants(task);
  const request = {
    model,
    data,
    seed,
    quick,
    ...(batch === undefined ? {} : { batch }),
    ...(width === undefined ? {} : { width }),
  };
  try {
    const protocol = await buildAll(entrants, request);
    await timeSteps(entrants, task.seconds);
    for (const entrant of entrants) await lookAt(entrant);
    if (task.training && protocol) {
      const chosen = fastestOfEach(entrants);
      await buildAll(chosen, { ...request, training: protocol });
      await trainAll(chosen, protocol, task.training);
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

/** Of each engine the number of threads with which it is fastest. */
function fastestOfEach(entrants: readonly Entrant[]): readonly Entrant[] {
  const best = new Map<string, Entrant>();
  const ms = ({ findings }: Entrant) => findings.msPerStep?.median ?? Infinity;
  for (const entrant of entrants.filter(({ works }) => works)) {
    const program = `${entrant.name.engine} on ${entrant.name.device}`;
    const other = best.get(program);
    if (other === undefined || ms(entrant) < ms(other)) best.set(program, entrant);
  }
  return [...best.values()].sort((a, b) => ms(a) - ms(b));
}

/**
 * Trains one after the other, as the model's authors do. Where time ends the first, which is the fastest, the others train
 * for as many epochs, so that all have seen as much.
 */
async function trainAll(
  entrants: readonly Entrant[],
  protocol: TrainingProtocol,
  { maxSeconds, epochs = protocol.epochs }: NonNullable<Task['training']>,
): Promise<void> {
  const finished = [];
  let most = { epochs, maxSeconds };
  for (const entrant of entrants) {
    const trained = await entrant.ask('train', { ...most, patience: protocol.patience });
    if (trained === undefined || trained.curve.length === 0) continue;
    if (finished.length === 0) {
      const isCut = trained.seconds >= maxSeconds;
      most = {
        epochs: isCut ? trained.curve.length : epochs,
        maxSeconds: MORE_TIME * maxSeconds,
      };
    }
    const tested = await entrant.ask('evaluate', { draws: TEST_DRAWS });
    if (tested !== undefined) finished.push({ entrant, trained, tested });
  }
  const bests = finished.map(({ trained }) => Math.min(...trained.curve.map(({ validation }) => validation)));
  const worst = Math.max(...bests);
  const target = worst + TARGET_MARGIN * Math.abs(worst);
  finished.forEach(({ entrant, trained, tested }, index) => {
    entrant.note({
      training: {
        seconds: rounded(trained.seconds),
        epochs: trained.curve.length,
        steps: trained.steps,
        fitMsPerStep: trained.fitMs === undefined ? null : rounded(trained.fitMs),
        validationNats: rounded(bests[index]!),
        targetNats: rounded(target),
        secondsToTarget: rounded(secondsTo(target, trained.curve)),
        testNats: tested.nats === null ? null : rounded(tested.nats),
      },
    });
  });
}

function secondsTo(target: number, curve: readonly Epoch[]): number {
  return curve.find(({ validation }) => validation <= target)!.seconds;
}

function rounded(value: number): number {
  return Number(value.toPrecision(5));
}
