import { finite } from '../../results/json';
import { buildAll, type Competitor } from '../programs/competitor';
import type { BuildRequest, Commands, Epoch, TrainingProtocol } from '../programs/protocol';
import { rounded } from '../../statistics/statistics';

/** How long the first of several programs trains at most, which is the fastest. @defaultValue the protocol's epochs */
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
  readonly competitor: Competitor;
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
  competitors: readonly Competitor[],
  { request, protocol, seeds, time: { maxSeconds, epochs = protocol.epochs } }: TrainingsRequest,
): Promise<void> {
  let limits: { readonly epochs: number; readonly maxSeconds: number } | undefined;
  for (const seed of seeds) {
    await buildAll(competitors, { ...request, seed, training: protocol });
    const finished: Finished[] = [];
    for (const competitor of competitors) {
      const { patience } = protocol;
      const trained = await competitor.ask('train', { ...(limits ?? { epochs, maxSeconds }), patience });
      if (trained === undefined || trained.curve.length === 0) continue;
      limits ??= {
        epochs: trained.seconds >= maxSeconds ? trained.curve.length : epochs,
        maxSeconds: MORE_TIME * maxSeconds,
      };
      const tested = await competitor.ask('evaluate', { draws: TEST_DRAWS });
      if (tested !== undefined) finished.push({ competitor, trained, tested });
    }
    recordTrainings(finished, seed);
  }
}

function recordTrainings(finished: readonly Finished[], seed: number): void {
  const bests = finished.map(({ trained }) => Math.min(...trained.curve.map(({ validation }) => validation)));
  const worst = Math.max(...bests);
  const target = worst + TARGET_MARGIN * Math.abs(worst);
  finished.forEach(({ competitor, trained, tested }, index) => {
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
    competitor.record({ trainings: [...(competitor.measured.trainings ?? []), training] });
  });
}

function secondsTo(target: number, curve: readonly Epoch[]): number {
  return curve.find(({ validation }) => validation <= target)!.seconds;
}
