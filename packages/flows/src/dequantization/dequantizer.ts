import { BaseModule, checkInteger, checkOptions, checkThat, Key, selectByMask } from '@dgm/core';
import type { CallOptions, Dequantizer, DequantizerCall } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { Flow } from '../flow';
import { record } from '../record';

/**
 * Noise that is uniform on $[0, 1)$: $\ln q(u|x) = 0$.
 *
 * DGM's code draws it from (0, 0.5]. The density then covers half of each cell and gives no bound on the likelihood.
 * @see DGM §3.1.5; A note on the evaluation of generative models (Theis et al., 2016)
 *
 * @example
 * ```ts
 * const preprocessing = logitPreprocessing({ levels: 17 });
 * const flow = realNvp({ dims: 64, preprocessing, key });
 * const model = dequantized({ flow, levels: 17, dequantizer: uniformDequantizer() });
 * ```
 */
export function uniformDequantizer(): Dequantizer {
  return record(new UniformDequantizer(), 'uniformDequantizer', arguments);
}

class UniformDequantizer extends BaseModule implements Dequantizer {
  draw(x: Tensor, key: Key, { sampleShape = [] }: DequantizerCall = {}): { noise: Tensor; logProb: Tensor } {
    return {
      noise: key.uniform([...sampleShape, ...x.shape]),
      logProb: tf.zeros([...sampleShape, x.shape[0]!]),
    };
  }
}

/**
 * Noise with a learned distribution: a flow over $(0, 1)^D$ that is conditioned on the data and ends with a
 * `Sigmoid`. It owns the flow.
 *
 * @param noise - its event has the size of an example; its context is the data divided by `levels`, `[n, D]`,
 * followed by the context of a conditional model, `[n, D + contextSize]`
 * @throws ArgumentError if the flow leaves [0, 1]: then there is no bound
 * @see Flow++ (Ho et al., 2019), §3.1
 *
 * @example
 * ```ts
 * const noise = realNvp({ dims: 64, contextSize: 64, preprocessing: new Sigmoid(), key: key.fold('noise') });
 * const model = dequantized({
 *   flow: realNvp({ dims: 64, preprocessing: logitPreprocessing({ levels: 17 }), key }),
 *   levels: 17,
 *   dequantizer: variationalDequantizer(noise, { levels: 17 }),
 * });
 * ```
 */
export function variationalDequantizer(
  noise: Flow,
  { levels, ...unknown }: { readonly levels: number },
): Dequantizer {
  checkOptions('variationalDequantizer', unknown, ['levels']);
  checkInteger('variationalDequantizer', 'levels', levels, { min: 2 });
  checkRange(noise);
  return record(new VariationalDequantizer(noise, levels), 'variationalDequantizer', arguments);
}

/** Draws of a flow that ends with a sigmoid are always inside; those of other flows almost never are. */
function checkRange(noise: Flow): void {
  const [low, high] = tf.tidy(() => {
    const context = tf.zeros([PROBES, noise.contextSize]);
    const draws = noise.sample(Key.of(0), PROBES, noise.contextSize === 0 ? {} : { context });
    return [tf.min(draws).dataSync()[0]!, tf.max(draws).dataSync()[0]!];
  });
  checkThat('variationalDequantizer', 'noise', low >= 0 && high <= 1, {
    expected: 'to draw from [0, 1)',
    actual: `draws from ${low} to ${high}`,
    remedy: 'make a Sigmoid its last layer',
  });
}

const PROBES = 64;

class VariationalDequantizer extends BaseModule implements Dequantizer {
  readonly #noise: Flow;
  readonly #levels: number;

  constructor(noise: Flow, levels: number) {
    super();
    this.#noise = this.child('noise', noise);
    this.#levels = levels;
  }

  draw(x: Tensor, key: Key, call: DequantizerCall = {}): { noise: Tensor; logProb: Tensor } {
    const { sampleShape = [], context, ...rest } = call;
    return tf.tidy(() => {
      const distribution = this.#noise.given(this.#context(x, context), rest);
      const { x: u, logProb } = distribution.sampleAndLogProb(key, sampleShape);
      const excess = tf.abs(tf.sub(u, tf.clipByValue(u, 0, 1)));
      const allInside = tf.equal(tf.max(tf.reshape(excess, [...logProb.shape, -1]), -1), 0);
      // Noise of another cell bounds nothing: the bound is -Infinity then, and not a number that is too good.
      return {
        noise: tf.reshape(u, [...sampleShape, ...x.shape]),
        logProb: selectByMask(allInside, logProb, Infinity),
      };
    });
  }

  /** Starts with uniform noise, because there are no data for the noise. */
  initialize(x: Tensor, key: Key, { context, ...rest }: CallOptions = {}): void {
    tf.tidy(() => {
      const noise = key.uniform([x.shape[0]!, ...this.#noise.eventShape]);
      this.#noise.initialize({ x: noise, context: this.#context(x, context) }, rest);
    });
  }

  #context(x: Tensor, context: Tensor | undefined): Tensor {
    const data = tf.div(tf.reshape(x, [x.shape[0]!, x.size / x.shape[0]!]), this.#levels);
    const seesContext = context !== undefined && this.#noise.contextSize > data.shape[1]!;
    return seesContext ? tf.concat([data, context], 1) : data;
  }
}
