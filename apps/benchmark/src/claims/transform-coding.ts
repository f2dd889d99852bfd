import type { Examples } from '@dgm/core';
import { sizeOf } from '@dgm/core';
import { ppcaMaximumLikelihood } from '@dgm/vae';

/** Bits per example and mean squared error. */
export type RateDistortionPoint = readonly [number, number];

/** So many principal components are coded; the others have a variance near 0. */
const COMPONENTS = 50;
/** Added to the counts of training rows, so that no value is impossible. */
const PRIOR_COUNT = 0.1;

/**
 * Principal components of the training rows, each rounded to multiples of a step, with the bits of an ideal coder whose tables are the
 * frequencies of the training rows: no file, and no bits for the tables.
 * @param range - of the data, to which reconstructions are clipped
 */
export function principalComponentCoding(
  train: Examples,
  test: Examples,
  { steps, range }: { readonly steps: readonly number[]; readonly range: readonly [number, number] },
): readonly RateDistortionPoint[] {
  const size = sizeOf(train.shape);
  const axes = principalAxes(train);
  const mean = Float64Array.from({ length: size }, (_, entry) => {
    let sum = 0;
    for (let row = 0; row < train.count; row++) sum += train.values[row * size + entry]!;
    return sum / train.count;
  });
  /** Coordinates along the axes, `[n, components]`. */
  const coordinates = ({ values, count }: Examples): Float64Array =>
    Float64Array.from({ length: count * COMPONENTS }, (_, at) => {
      const [row, axis] = [Math.floor(at / COMPONENTS), axes[at % COMPONENTS]!];
      let sum = 0;
      for (let entry = 0; entry < size; entry++) {
        sum += (values[row * size + entry]! - mean[entry]!) * axis[entry]!;
      }
      return sum;
    });
  const [seen, unseen] = [coordinates(train), coordinates(test)];
  return steps.map((step) => {
    const [known, coded] = [seen, unseen].map((each) => each.map((value) => Math.round(value / step)));
    let bits = 0;
    for (let component = 0; component < COMPONENTS; component++) {
      bits += bitsOfComponent(column(known!, component), column(coded!, component));
    }
    let error = 0;
    for (let row = 0; row < test.count; row++) {
      for (let entry = 0; entry < size; entry++) {
        let value = mean[entry]!;
        axes.forEach((axis, component) => {
          value += step * coded![row * COMPONENTS + component]! * axis[entry]!;
        });
        const clipped = Math.min(range[1], Math.max(range[0], value));
        error += (clipped - test.values[row * size + entry]!) ** 2;
      }
    }
    return [bits / test.count, error / (test.count * size)];
  });
}

/** Unit vectors along the axes of most variance. */
function principalAxes(examples: Examples): readonly Float64Array[] {
  const model = ppcaMaximumLikelihood(examples, { latent: COMPONENTS });
  const size = sizeOf(examples.shape);
  const weights = model.parameters().get('weights')!.dataSync();
  model.dispose();
  return Array.from({ length: COMPONENTS }, (_, component) => {
    const axis = Float64Array.from({ length: size }, (_, entry) => weights[entry * COMPONENTS + component]!);
    const length = Math.hypot(...axis);
    return axis.map((value) => value / length);
  });
}

function column(values: Float64Array, component: number): Float64Array {
  return values.filter((_, at) => at % COMPONENTS === component);
}

/** The bits of integers by the frequencies of others. */
function bitsOfComponent(known: Float64Array, coded: Float64Array): number {
  const counts = new Map<number, number>();
  const all = [...known, ...coded];
  const [low, high] = [Math.min(...all), Math.max(...all)];
  for (const value of known) counts.set(value, (counts.get(value) ?? 0) + 1);
  const total = known.length + PRIOR_COUNT * (high - low + 1);
  return coded.reduce((sum, value) => sum - Math.log2(((counts.get(value) ?? 0) + PRIOR_COUNT) / total), 0);
}
