import { setTimeout } from 'node:timers/promises';

/** Takes `n` steps and gives the milliseconds that they took; NaN where that failed. */
export type TakeSteps = (n: number) => Promise<number>;

export interface WindowOptions {
  /** How long to go on, all together. */
  readonly seconds: number;
  /** About how long one window is. */
  readonly windowMs?: number;
  /** Windows that each gets whatever the time. */
  readonly least?: number;
  /** How long each goes on before its first window. */
  readonly warmUpMs?: number;
}

/** The milliseconds of a step in each window of one program; none for one that failed. */
export interface Timing {
  readonly windows: readonly number[];
}

/** A window's count of steps is found out with this many. */
const TRIAL_STEPS = 3;
/** Before that, steps go on for so long: until then a program compiles itself, and gets its memory. */
const WARM_UP_MS = 1000;
const MOST_STEPS = 1000;
const SETTLE_MS = 60;

/**
 * Times several programs in short windows, turn by turn: whatever else the machine does meanwhile, it does to all of
 * them. Every other round goes backwards, so that none always comes after the same neighbour, and there is a pause before
 * each window, in which the last one's threads stop spinning. One that gives NaN has failed, and is left out from then on.
 */
export async function alternate(
  contestants: readonly TakeSteps[],
  { seconds, windowMs = 250, least = 3, warmUpMs = WARM_UP_MS }: WindowOptions,
): Promise<readonly Timing[]> {
  const lanes = [];
  for (const take of contestants) {
    for (let spent = 0; spent < warmUpMs;) spent += (await take(TRIAL_STEPS)) || Infinity;
    const ms = (await take(TRIAL_STEPS)) / TRIAL_STEPS;
    const steps = Math.max(1, Math.min(MOST_STEPS, Math.round(windowMs / ms)));
    lanes.push({ take, steps, windows: [] as number[], failed: Number.isNaN(ms) });
  }
  const started = performance.now();
  for (let round = 0; round < least || performance.now() - started < 1000 * seconds; round++) {
    if (lanes.every(({ failed }) => failed)) break;
    for (const lane of round % 2 === 0 ? lanes : [...lanes].reverse()) {
      if (lane.failed) continue;
      await setTimeout(SETTLE_MS);
      const ms = (await lane.take(lane.steps)) / lane.steps;
      lane.failed = Number.isNaN(ms);
      lane.windows.push(ms);
    }
  }
  return lanes.map(({ windows, failed }) => ({ windows: failed ? [] : windows }));
}
