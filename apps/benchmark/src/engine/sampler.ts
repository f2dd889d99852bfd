import { compile, compileSampler, type Device } from '@dgm/compile';
import { DgmError, hasSamplingLoop, type GenerativeModel, type Key } from '@dgm/core';
import type { Tensor } from '@tensorflow/tfjs-core';

/** Draws samples, always as many. */
export interface Sampler {
  /** @returns what the caller owns */
  draw(key: Key): Promise<Tensor>;
  dispose(): void;
}

/** What draws `n` samples op by op. */
export function eagerSampler(model: Pick<GenerativeModel<Tensor>, 'sample'>, n: number): Sampler {
  return { draw: (key) => Promise.resolve(model.sample(key, n)), dispose: () => undefined };
}

/** What draws `n` samples in the compiled engine's runtime, if the model's sampling can be captured; else op by op. */
export async function compiledSampler(
  model: GenerativeModel<Tensor>,
  n: number,
  options: { readonly device: Device; readonly threads?: number },
): Promise<Sampler> {
  try {
    if (hasSamplingLoop(model)) {
      const loop = await compileSampler(model.samplingLoop(n), options);
      return { draw: (key) => loop.sample(key), dispose: () => loop.dispose() };
    }
    const sampler = await compile(({ key }) => ({ x: model.sample(key, n) }), {}, options);
    return { draw: async (key) => (await sampler.run({}, { key })).x, dispose: () => sampler.dispose() };
  } catch (error) {
    if (!DgmError.is(error, 'engine') && !DgmError.is(error, 'unsupported')) throw error;
    return eagerSampler(model, n);
  }
}
