import type { BatchFunction, BatchLoop, Key, PreparedFunction } from '@dgm/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { compile } from '../function/compile';
import type { CompileOptions } from '../function/compile';
import { compileSampler } from '../function/compile-sampler';
import type { DType } from '../graph/graph';
import { BySignature } from './by-signature';
import { signatureOf } from './step-variant';
import { leavesOf, withLeaves } from './tree';

/** A measure for one shape of its batch. */
interface Variant<B> {
  run(batch: B, key: Key): Promise<Tensor>;
  dispose(): void;
}

/** A measure that is captured once for each shape of its batch; of one that is a loop, a step is. */
export class CompiledMeasure<B> implements PreparedFunction<B> {
  readonly #measure: BatchFunction<B> | BatchLoop<B>;
  readonly #options: CompileOptions;
  readonly #variants = new BySignature<Variant<B>>();

  constructor(measure: BatchFunction<B> | BatchLoop<B>, options: CompileOptions) {
    this.#measure = measure;
    this.#options = options;
  }

  async run(batch: B, key: Key): Promise<Float32Array> {
    const variant = await this.#variants.for(signatureOf(batch), () =>
      typeof this.#measure === 'function'
        ? compiledMeasure(this.#measure, batch, this.#options)
        : compiledLoop(this.#measure, batch, this.#options),
    );
    const values = await variant.run(batch, key);
    try {
      return (await values.data()) as Float32Array;
    } finally {
      values.dispose();
    }
  }

  dispose(): void {
    this.#variants.clear((variant) => variant.dispose());
  }
}

async function compiledMeasure<B>(
  measure: BatchFunction<B>,
  batch: B,
  options: CompileOptions,
): Promise<Variant<B>> {
  const inputs = Object.entries(leafInputs(batch));
  const specs = inputs.map(([name, { shape, dtype }]) => [name, { shape, dtype: dtype as DType }]);
  const compiled = await compile<'measure'>(
    ({ tensors, key }) => {
      const leaves = inputs.map(([name]) => tensors[name]!);
      return { measure: measure(withLeaves(batch, leaves), key) };
    },
    Object.fromEntries(specs),
    options,
  );
  return {
    run: async (batch, key) => (await compiled.run(leafInputs(batch), { key })).measure,
    dispose: () => compiled.dispose(),
  };
}

async function compiledLoop<B>(
  measure: BatchLoop<B>,
  batch: B,
  options: CompileOptions,
): Promise<Variant<B>> {
  const compiled = await compileSampler(measure.loop(batch), options);
  return {
    run: (batch, key) => compiled.sample(key, measure.loop(batch).inputs),
    dispose: () => compiled.dispose(),
  };
}

/** The tensors of a batch under names. */
function leafInputs(batch: unknown): Readonly<Record<string, Tensor>> {
  return Object.fromEntries(leavesOf(batch).map((leaf, index) => [`batch/${index}`, leaf]));
}
