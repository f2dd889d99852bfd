import {
  BaseLayer,
  categoricalHead,
  Conv2d,
  Dense,
  discretizedLogisticHead,
  normalHead,
  Key,
  relu,
} from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  AutoregressiveModel,
  BaseCausalLayer,
  CausalConv1d,
  ImageNetwork,
  SequenceNetwork,
  ShiftedConv2d,
  valueEncoding,
} from '../src/index';
import type { ImageBody, Through } from '../src/index';

const likelihood = categoricalHead({ shape: [], levels: 3 });
const key = Key.of(0);

/** A layer of one's own: written once, for whole sequences and for steps. */
class Highway extends BaseCausalLayer {
  readonly #look: CausalConv1d;
  readonly #around: Dense;

  constructor(inputs: number, outputs: number) {
    super();
    const sizes = { inputs, outputs };
    this.#look = this.adopt('look', new CausalConv1d({ ...sizes, kernelSize: 2, key: key.fold('look') }));
    this.#around = this.adopt('around', new Dense({ ...sizes, key: key.fold('around') }));
  }

  protected compute(x: Tensor, through: Through): Tensor {
    return tf.add(relu(through(this.#look, x)), through(this.#around, x));
  }
}

/** A layer over images with one look at the row above. */
class RowAbove extends BaseLayer implements ImageBody {
  readonly hidden = 4;
  readonly #first: ShiftedConv2d;
  readonly #last: Conv2d;

  constructor() {
    super();
    const sizes = { inputs: 3, outputs: 4, reach: 1, key };
    this.#first = this.child('first', new ShiftedConv2d({ ...sizes, direction: 'down', option: 'A' }));
    this.#last = this.child('last', new Conv2d({ inputs: 4, outputs: 3, kernelSize: 1, key }));
  }

  withBias(x: Tensor, bias: Tensor | undefined): Tensor {
    const first = this.#first.apply(x);
    return this.#last.apply(bias === undefined ? first : tf.add(first, bias));
  }

  protected forward(x: Tensor): Tensor {
    return this.withBias(x, undefined);
  }
}

describe('a model of one’s own', () => {
  it('out of a causal layer: cached samples are those of full passes', () => {
    const encoding = valueEncoding(likelihood);
    const body = new Highway(encoding.features, likelihood.numParameters);
    const network = new SequenceNetwork({ body, encoding, numParameters: likelihood.numParameters });
    const model = new AutoregressiveModel({ shape: [5], network, likelihood });
    tf.tidy(() => {
      const [cached, full] = (['cached', 'full'] as const).map((method) => model.sample(key, 8, { method }));
      expect(cached!.dataSync()).toEqual(full!.dataSync());
    });
    model.dispose();
  });

  it('out of a layer over images: no cache, and the sampler says so', () => {
    const encoding = valueEncoding(likelihood, 'one-hot');
    const options = { encoding, numParameters: likelihood.numParameters, key };
    const network = new ImageNetwork({ plane: [3, 2], body: new RowAbove(), ...options });
    expect(() => new AutoregressiveModel({ shape: [5], network, likelihood })).toThrow('for 5 variables');
    const model = new AutoregressiveModel({ shape: [3, 2], network, likelihood });
    expect(() => model.sample(key, 1, { method: 'cached' })).toThrow('predictive or full');
    model.dispose();
  });

  it('refuses a network with another number of parameters', () => {
    const encoding = valueEncoding(likelihood);
    const network = new SequenceNetwork({ body: new Highway(3, 4), encoding, numParameters: 4 });
    expect(() => new AutoregressiveModel({ shape: [5], network, likelihood })).toThrow('3 numbers');
    network.dispose();
  });
});

describe('valueEncoding', () => {
  const encoded = (...args: Parameters<typeof valueEncoding>) =>
    tf.tidy(() => valueEncoding(...args).encode(tf.tensor1d([0, 2])).arraySync()); // prettier-ignore

  it('gives values as they are, from -1 to 1, or a feature each', () => {
    expect(encoded(likelihood, 'raw')).toEqual([[0], [2]]);
    expect(encoded(likelihood, 'scaled')).toEqual([[-1], [1]]);
    expect(encoded(likelihood, 'one-hot')).toEqual([[1, 0, 0], [0, 0, 1]]); // prettier-ignore
  });

  it('is one-hot for few values, scaled for many, raw for real ones', () => {
    expect(valueEncoding(likelihood).features).toBe(3);
    expect(valueEncoding(discretizedLogisticHead({ shape: [], levels: 256 })).features).toBe(1);
    expect(encoded(normalHead({ shape: [] }))).toEqual([[0], [2]]);
  });
});
