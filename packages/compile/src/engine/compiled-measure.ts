import type { Key, Measure, PreparedMeasure } from '@dgm/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { compile } from '../function/compile';
import type { CompileOptions } from '../function/compile';
import type { CompiledFunction } from '../function/compiled-function';
import type { DType } from '../graph/graph';
import { BySignature } from './by-signature';
import { signatureOf } from './step-variant';
import { leavesOf, withLeaves } from './tree';

/** A measure that is captured once for each shape of its batch. */
export class CompiledMeasure<B> implements PreparedMeasure<B> {
  readonly #measure: Measure<B>;
  readonly #options: CompileOptions;
  readonly #variants = new BySignature<CompiledFunction<'measure'>>();

  constructor(measure: Measure<B>, options: CompileOptions) {
    this.#measure = measure;
    this.#options = options;
  }

  async run(batch: B, key: Key): Promise<Float32Array> {
    const compiled = await this.#variants.for(signatureOf(batch), () => this.#build(batch));
    const { measure } = await compiled.run(leafInputs(batch), { key });
    try {
      return (await measure.data()) as Float32Array;
    } finally {
      measure.dispose();
    }
  }

  dispose(): void {
    this.#variants.clear((compiled) => compiled.dispose());
  }

  #build(batch: B): Promise<CompiledFunction<'measure'>> {
    const inputs = Object.entries(leafInputs(batch));
    const specs = inputs.map(([name, { shape, dtype }]) => [name, { shape, dtype: dtype as DType }]);
    return compile<'measure'>(
      ({ tensors, key }) => {
        const leaves = inputs.map(([name]) => tensors[name]!);
        return { measure: this.#measure(withLeaves(batch, leaves), key) };
      },
      Object.fromEntries(specs),
      this.#options,
    );
  }
}

/** The tensors of a batch under names. */
function leafInputs(batch: unknown): Readonly<Record<string, Tensor>> {
  return Object.fromEntries(leavesOf(batch).map((leaf, index) => [`batch/${index}`, leaf]));
}
