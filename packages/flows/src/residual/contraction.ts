import { BaseModule, checkInteger, checkOptions, checkThat, type Key, softplus } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Tensor, Variable } from '@tensorflow/tfjs-core';
import { record } from '../record';
import { smoothActivation, type SmoothActivationName } from '../smooth/activations';
import { SmoothChain, type SmoothFunction, type SmoothMap } from '../smooth/smooth-map';
import { AffineMap, smoothMlp } from '../smooth/smooth-mlp';

/**
 * A map that moves any two points closer together: $\|g(x) - g(y)\| \le L \|x - y\|$ with $L < 1$, for all values of
 * its parameters.
 */
export interface Contraction extends SmoothMap {
  /** D, the length of an input and of an output. */
  readonly dims: number;
  /** L. */
  readonly lipschitz: number;
  /** The width of the context; 0 if it takes none. */
  readonly contextSize: number;
}

const CONTRACTION_OPTIONS: readonly (keyof ContractionOptions)[] = [
  'dims',
  'key',
  'activation',
  'contextSize',
  'lipschitz',
];

export interface ContractionOptions {
  /** D, the length of an event. */
  readonly dims: number;
  /** Randomness for the initial weights. */
  readonly key: Key;
  /**
   * L, the bound on the Lipschitz constant, below 1, by default 0.9. A residual block changes distances by factors
   * from $1 - L$ to $1 + L$; its inverse takes longer as L approaches 1.
   */
  readonly lipschitz?: number;
  /** @defaultValue `lipSwish` */
  readonly activation?: SmoothActivationName;
  /**
   * The width of the context.
   * @defaultValue 0, an unconditional model
   */
  readonly contextSize?: number;
}

export interface ContractiveMlpOptions extends ContractionOptions {
  /**
   * Hidden units.
   * @defaultValue `[64, 64]`
   */
  readonly hidden?: readonly number[];
}

/**
 * A multilayer perceptron that is a contraction: $g = L \cdot W_n \phi(\dots \phi(W_1 x))$ with spectral norms of at most 1.
 * @throws ArgumentError if `lipschitz` is not between 0 and 1
 * @see DGM §3.1.7, Eq. 3.23 (which needs a $\phi$ of slope at most 1); Invertible Residual Networks (Behrmann et al., 2019), §2.1
 *
 * @example
 * ```ts
 * const contraction = contractiveMlp({ dims: 8, hidden: [64, 64], key });
 * const model = flow({ layers: [new InvertibleResidual({ contraction })], eventShape: [8] });
 * ```
 */
export function contractiveMlp({ hidden = [64, 64], ...options }: ContractiveMlpOptions): Contraction {
  const {
    dims,
    key,
    activation = 'lipSwish',
    contextSize: conditions = 0,
    lipschitz = 0.9,
    ...unknown
  } = options;
  checkOptions('contractiveMlp', unknown, [...CONTRACTION_OPTIONS, 'hidden']);
  checkLipschitz('contractiveMlp', lipschitz);
  const network = { key, activation, conditions, isContraction: true };
  const contraction = new ScaledContraction(smoothMlp([dims, ...hidden, dims], network), {
    dims,
    lipschitz,
    contextSize: conditions,
  });
  return record(contraction, 'contractiveMlp', arguments);
}

export interface ContractiveDenseNetOptions extends ContractionOptions {
  /**
   * The number of concatenations.
   * @defaultValue 3
   */
  readonly depth?: number;
  /**
   * The number of units that each of them adds (twice as many with CLipSwish).
   * @defaultValue 32
   */
  readonly growth?: number;
}

/**
 * A densely connected network that is a contraction: $g = L \cdot W_{n+1} \circ h_n \circ \dots \circ h_1$, in which each $h_i$
 * puts $\phi(W_i x)$ beside its input x.
 * @throws ArgumentError if `lipschitz` is not between 0 and 1
 * @see DGM §3.1.7, Eq. 3.25-3.30; Invertible DenseNets with Concatenated LipSwish (Perugachi-Diaz et al., 2021)
 *
 * @example
 * ```ts
 * const contraction = contractiveDenseNet({ dims: 8, depth: 3, growth: 16, key });
 * const model = flow({ layers: [new InvertibleResidual({ contraction })], eventShape: [8] });
 * ```
 */
export function contractiveDenseNet({
  depth = 3,
  growth = 32,
  ...options
}: ContractiveDenseNetOptions): Contraction {
  const {
    dims,
    key,
    activation = 'concatenatedLipSwish',
    contextSize: conditions = 0,
    lipschitz = 0.9,
    ...unknown
  } = options;
  checkOptions('contractiveDenseNet', unknown, [...CONTRACTION_OPTIONS, 'depth', 'growth']);
  checkInteger('contractiveDenseNet', 'depth', depth);
  checkInteger('contractiveDenseNet', 'growth', growth);
  checkLipschitz('contractiveDenseNet', lipschitz);
  let inputs = dims;
  const layers = Array.from({ length: depth }, (_, index): SmoothMap => {
    const affine = { inputs, outputs: growth, key: key.fold(index), conditions, isContraction: true };
    const { map, outputsPerInput } = smoothActivation(activation);
    inputs += growth * outputsPerInput;
    return new WeightedConcatenation(new SmoothChain([new AffineMap(affine), map]));
  });
  const last = new AffineMap({ inputs, outputs: dims, key: key.fold('last'), isContraction: true });
  const contraction = new ScaledContraction(new SmoothChain([...layers, last]), {
    dims,
    lipschitz,
    contextSize: conditions,
  });
  return record(contraction, 'contractiveDenseNet', arguments);
}

/** L times a map that does not expand. */
class ScaledContraction extends BaseModule implements Contraction {
  readonly dims: number;
  readonly lipschitz: number;
  readonly contextSize: number;
  readonly #map: SmoothMap;

  constructor(
    map: SmoothMap,
    { dims, lipschitz, contextSize }: Pick<Contraction, 'dims' | 'lipschitz' | 'contextSize'>,
  ) {
    super();
    this.dims = dims;
    this.lipschitz = lipschitz;
    this.contextSize = contextSize;
    this.#map = this.child('map', map);
  }

  given(conditions?: Tensor): SmoothFunction {
    const inner = this.#map.given(conditions);
    const scaled = (x: Tensor): Tensor => tf.mul(this.lipschitz, x);
    return {
      apply: (x) => scaled(inner.apply(x)),
      linearize: (x) => {
        const { value, push, pull } = inner.linearize(x);
        return { value: scaled(value), push: (v) => scaled(push(v)), pull: (w) => pull(scaled(w)) };
      },
    };
  }
}

function checkLipschitz(where: string, lipschitz: number): void {
  checkThat(where, 'lipschitz', lipschitz > 0 && lipschitz < 1, {
    expected: 'to be above 0 and below 1',
    actual: String(lipschitz),
  });
}

/**
 * $h(x) = (\eta_1 x, \eta_2 f(x))$ with learned weights $\eta > 0$ of length 1. If f does not expand, h does not
 * either, because $\mathrm{Lip}(h)^2 \le \eta_1^2 + \eta_2^2$. They start at $1/\sqrt 2$ each, which is the book's
 * division.
 * @see DGM Eq. 3.26-3.30; Invertible DenseNets with Concatenated LipSwish (Perugachi-Diaz et al., 2021), §3.3
 */
class WeightedConcatenation extends BaseModule implements SmoothMap {
  readonly #weights: Variable;
  readonly #map: SmoothMap;

  constructor(map: SmoothMap) {
    super();
    this.#weights = this.parameter('weights', tf.zeros([2]));
    this.#map = this.child('map', map);
  }

  given(conditions?: Tensor): SmoothFunction {
    const inner = this.#map.given(conditions);
    const positive = softplus(this.#weights);
    const unit = tf.div(positive, tf.sqrt(tf.sum(tf.square(positive))));
    const [kept, added] = tf.split(unit, 2) as [Tensor, Tensor];
    const joined = (x: Tensor, f: Tensor): Tensor => tf.concat([tf.mul(kept, x), tf.mul(added, f)], -1);
    return {
      apply: (x) => joined(x, inner.apply(x)),
      linearize: (x) => {
        const { value, push, pull } = inner.linearize(x);
        const sizes = [x.shape[1]!, value.shape[1]!];
        return {
          value: joined(x, value),
          push: (v) => joined(v, push(v)),
          pull: (w) => {
            const [around, through] = tf.split(w, sizes, -1) as [Tensor, Tensor];
            return tf.add(tf.mul(kept, around), pull(tf.mul(added, through)));
          },
        };
      },
    };
  }
}
