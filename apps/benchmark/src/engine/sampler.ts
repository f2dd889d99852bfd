import { compile, compileSampler, type Device } from '@dgm/compile';
import { DgmError, hasSamplingLoop, type Key } from '@dgm/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Experiment } from '../recipes/shared/recipe';

/** Draws samples, always as many. */
export interface Sampler {
  /** @returns what the caller owns */
  draw(key: Key): Promise<Tensor>;
  dispose(): void;
}

type Sampled = Pick<Experiment, 'model' | 'sample'>;

/** Samples of a model, with a context where its own `sample` wants one. */
export const drawOf = ({ model, sample }: Sampled, key: Key, n: number): Tensor =>
  sample === undefined ? model.sample(key, n) : sample(key, n);

/** What draws `n` samples op by op. */
export function eagerSampler(sampled: Sampled, n: number): Sampler {
  return { draw: (key) => Promise.resolve(drawOf(sampled, key, n)), dispose: () => undefined };
}

/** What draws `n` samples in the compiled engine's runtime, if the model's sampling can be captured; else op by op, and says why. */
export async function compiledSampler(
  sampled: Sampled,
  n: number,
  options: { readonly device: Device; readonly threads?: number },
): Promise<Sampler> {
  try {
    const { model, sample } = sampled;
    if (sample === undefined && hasSamplingLoop(model)) {
      const loop = await compileSampler(model.samplingLoop(n), options);
      return { draw: (key) => loop.sample(key), dispose: () => loop.dispose() };
    }
    const sampler = await compile(({ key }) => ({ x: drawOf(sampled, key, n) }), {}, options);
    return { draw: async (key) => (await sampler.run({}, { key })).x, dispose: () => sampler.dispose() };
  } catch (error) {
    if (!DgmError.is(error, 'engine') && !DgmError.is(error, 'unsupported')) throw error;
    // Not on the standard output, on which the programs of a comparison answer.
    console.warn(`Sampling runs eagerly. ${error.message}`);
    return eagerSampler(sampled, n);
  }
}
