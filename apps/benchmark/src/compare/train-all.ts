import { finite } from '../results/json';
import { buildAll, type Entrant } from './entrant';
import type { BuildRequest, Commands, Epoch, TrainingProtocol } from './protocol';
import { rounded } from './statistics';

/** How long the first of several programs trains at most, which is the fastest; the protocol's epochs unless given. */
export interface TrainingTime {
  readonly maxSeconds: number;
  readonly epochs?: number;
}

export interface TrainingsRequest {
  readonly request: Omit<BuildRequest, 'threads' | 'seed' | 'training'>;
  readonly protocol: TrainingProtocol;
  readonly seeds: readonly number[];
  readonly time: TrainingTime;
}

/** One program's training with one seed. */
interface Finished {
  readonly entrant: Entrant;
  readonly trained: Commands['train']['reply'];
  readonly tested: Commands['evaluate']['reply'];
}

/** Draws of each test example's bound. */
const TEST_DRAWS = 8;
/** The loss that all have reached may have been reached by luck: this much worse is reached for good. */
const TARGET_MARGIN = 0.01;
/** How much longer than the first the others may train. */
const MORE_TIME = 4;

/**
 * Trains all with each seed, as the model's authors do, and notes what they reached. Where time ends the very first
 * training, all others take as many epochs, so that all have seen as much; else the protocol ends each.
 */
export async function trainAll(
  entrants: readonly Entrant[],
  { request, protocol, seeds, time: { maxSeconds, epochs = protocol.epochs } }: TrainingsRequest,
): Promise<void> {
  let limits: { readonly epochs: number; readonly maxSeconds: number } | undefined;
  for (const seed of seeds) {
    await buildAll(entrants, { ...request, seed, training: protocol });
    const finished: Finished[] = [];
    for (const entrant of entrants) {
      const { patience } = protocol;
      const trained = await entrant.ask('train', { ...(limits ?? { epochs, maxSeconds }), patience });
      if (trained === undefined || trained.curve.length === 0) continue;
      limits ??= {
        epochs: trained.seconds >= maxSeconds ? trained.curve.length : epochs,
        maxSeconds: MORE_TIME * maxSeconds,
      };
      const tested = await entrant.ask('evaluate', { draws: TEST_DRAWS });
      if (tested !== undefined) finished.push({ entrant, trained, tested });
    }
    note(finished, seed);
  }
}

function note(finished: readonly Finished[], seed: number): void {
  const bests = finished.map(({ trained }) => Math.min(...trained.curve.map(({ validation }) => validation)));
  const worst = Math.max(...bests);
  const target = worst + TARGET_MARGIN * Math.abs(worst);
  finished.forEach(({ entrant, trained, tested }, index) => {
    const training = {
      seed,
      seconds: rounded(trained.seconds),
      epochs: trained.curve.length,
      steps: trained.steps,
      fitMsPerStep: trained.fitMs === undefined ? null : rounded(trained.fitMs),
      validationNats: rounded(bests[index]!),
      targetNats: rounded(target),
      secondsToTarget: rounded(secondsTo(target, trained.curve)),
      testNats: tested.nats === null ? null : finite(rounded(tested.nats)),
    };
    entrant.note({ trainings: [...(entrant.findings.trainings ?? []), training] });
  });
}

function secondsTo(target: number, curve: readonly Epoch[]): number {
  return curve.find(({ validation }) => validation <= target)!.seconds;
}
