import { BaseDistribution } from '@dgm/core';
import type { Distribution, EventSpace, Key, Shape } from '@dgm/core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { LatentVariableModel } from '../elbo';
import type { AmortizedModel } from './objective';

/** Draws from one distribution and scores by another one of the same values. */
class DrawnAndScored extends BaseDistribution {
  readonly kind = 'DrawnAndScored';
  readonly batchShape: Shape;
  readonly eventShape: Shape;
  override readonly space: EventSpace | undefined;
  readonly reparameterized: boolean;
  readonly #drawn: Distribution;
  readonly #scored: Distribution;

  constructor(drawn: Distribution, scored: Distribution) {
    super();
    this.#drawn = drawn;
    this.#scored = scored;
    this.batchShape = drawn.batchShape;
    this.eventShape = drawn.eventShape;
    this.space = drawn.space;
    this.reparameterized = drawn.reparameterized;
  }

  protected draw(key: Key, sampleShape: Shape): Tensor {
    return this.#drawn.sample(key, sampleShape);
  }

  protected logDensity(z: Tensor): Tensor {
    return this.#scored.logProb(z);
  }
}

/**
 * The same model, whose posterior density is a constant of the encoder: $\phi$ gets its gradient along the path through z
 * alone. What is left out has the expectation 0, and at the true posterior so has what is left: its variance vanishes.
 * @see Sticking the Landing (Roeder, Wu and Duvenaud, 2017)
 */
export function alongThePath(model: AmortizedModel): LatentVariableModel {
  return {
    encode: (x) => new DrawnAndScored(model.encode(x), model.encodeDetached(x)),
    decode: (z) => model.decode(z),
    prior: () => model.prior(),
  };
}
