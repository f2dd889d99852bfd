import { checkGiven, checkShape, selectByMask, ShapeError, sizeOf } from '@dgm/core';
import type { Key, Shape } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { checkValues } from './checks';
import type { DiffusionSampler, SamplerStep } from './samplers';
import { noisier } from './schedule';

/** In-painting: entries of the samples that are given. */
export interface GivenEntries {
  /** `[n, ...shape]`, as the data are; entries that are not known are ignored. The caller owns it. */
  readonly values: Tensor;
  /** For each entry of an example, row-major, whether it is given. */
  readonly known: readonly boolean[];
}

/**
 * For each entry of an example whether it is given, as host values.
 * @throws ShapeError naming `where` if values or mask have another size than the samples
 * @throws DomainError naming `where` if a known value is no level, or not finite
 */
export function maskOf(
  where: string,
  given: GivenEntries,
  {
    n,
    eventShape,
    levels,
  }: { readonly n: number; readonly eventShape: Shape; readonly levels: number | undefined },
): readonly number[] {
  checkGiven(where, 'given', given, 'to be { values, known }');
  const { values, known } = given;
  checkShape(where, 'given.values', values, [n, ...eventShape]);
  checkGiven(where, 'given.known', known, 'to say of each entry whether it is known');
  const size = sizeOf(eventShape);
  if (known.length !== size) {
    throw new ShapeError({
      where,
      argument: 'given.known',
      expected: `to say of ${size} entries whether they are known`,
      actual: String(known.length),
    });
  }
  checkValues(where, 'given.values', values, { levels, isChecked: (index) => known[index % size]! });
  return known.map(Number);
}

/** `given` where the mask says so, else `drawn`, both `[n, ...event]`. */
export function keepGiven(mask: readonly number[], given: Tensor, drawn: Tensor): Tensor {
  const event = drawn.shape.slice(1);
  const isKnown = tf.cast(tf.tensor(mask as number[], event), 'bool');
  return selectByMask(isKnown, given, drawn);
}

/**
 * A step of a sampler after which what is given is put back, made `resamplings` times with its noise added again in between.
 * @param keep - puts what is given, with the noise of the level `to`, into what was drawn
 * @see RePaint: Inpainting using Denoising Diffusion Probabilistic Models (Lugmayr et al., 2022), Algorithm 1
 */
export function inPaintedStep(
  sampler: DiffusionSampler,
  at: SamplerStep,
  { resamplings, keep }: { readonly resamplings: number; keep(drawn: Tensor, key: Key): Tensor },
): ReturnType<DiffusionSampler['step']> {
  const { from, to } = at;
  const make = (z: Tensor, key: Key) => {
    const made = sampler.step({ ...at, z, key });
    return { ...made, z: keep(made.z, key) };
  };
  let made = make(at.z, at.key);
  for (let repeat = 1; repeat < resamplings; repeat++) {
    const key = at.key.fold('resampling').fold(repeat);
    const noise = key.fold('back').normal(made.z.shape);
    made = make(noisier(made.z, { from: to, to: from }, noise), key);
  }
  return made;
}
