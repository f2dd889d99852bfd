import type { Measurement } from '../results/comparison';
import type { Curve } from '../results/schema';
import { mean } from '../statistics/statistics';

type Step = Pick<Measurement, 'model' | 'batch' | 'engine' | 'threads' | 'msPerStep'>;

/**
 * How the time of a training step falls with the number of threads, one curve for each program: the geometric mean, over its
 * models, of the time as a part of that on one thread. Only models that were measured with every number of threads count.
 */
export function threadCurves(measurements: readonly Step[]): readonly Curve[] {
  return distinct(measurements.map(({ engine }) => engine)).flatMap((engine) => {
    const steps = measurements.filter((step) => step.engine === engine && step.msPerStep !== null);
    const counts = distinct(steps.map(({ threads }) => threads)).sort((a, b) => a - b);
    const times = distinct(steps.map(titleOf))
      .map((title) => counts.map((threads) => timeOf(steps, title, threads)))
      .filter((time) => time.every(Number.isFinite));
    if (counts.length < 2 || counts[0] !== 1 || times.length === 0) return [];
    const shareOf = (index: number): number =>
      Math.exp(mean(times.map((time) => Math.log(time[index]! / time[0]!))));
    return {
      name: `${engine}, ${times.length} ${times.length === 1 ? 'model' : 'models'}`,
      x: { name: 'threads' },
      y: { name: 'time of a step', unit: 'of that on one thread' },
      points: counts.map((count, index) => [count, shareOf(index)] as const),
    };
  });
}

/** The least time of a model with a number of threads, over the devices; Infinity if there is none. */
function timeOf(steps: readonly Step[], title: string, threads: number): number {
  const those = steps.filter((step) => titleOf(step) === title && step.threads === threads);
  return Math.min(...those.map(({ msPerStep }) => msPerStep!.median));
}

const titleOf = ({ model, batch }: Step): string => `${model}, ${batch}`;

const distinct = <T>(values: readonly T[]): T[] => [...new Set(values)];
