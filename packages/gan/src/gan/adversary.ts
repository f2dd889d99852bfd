import {
  checkArray,
  checkInteger,
  checkMethods,
  checkNumber,
  checkSecondDerivative,
  trainable,
} from '@dgm/core';
import type { Key, Layer, Objective } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';
import { adversarialLoss } from '../losses/adversarial-loss';
import type { AdversarialLoss, AdversarialLossName } from '../losses/adversarial-loss';
import { r1, r2 } from '../losses/gradient-penalty';
import type { GradientPenalty, Scores } from '../losses/gradient-penalty';

/** How two players learn from each other. */
export interface AdversaryOptions {
  /** What both players minimize. @defaultValue 'relativistic' */
  readonly loss?: AdversarialLossName | AdversarialLoss;
  /** Gradient penalties of the critic, added to its loss. Defaults to `[r1({ gamma: 1 }), r2({ gamma: 1 })]`, as in R3GAN. */
  readonly penalties?: readonly GradientPenalty[];
  /** The penalties are added at every so many updates of the critic only, so many times as large. @defaultValue 1 */
  readonly penaltyEvery?: number;
  /** Updates of the critic, each on a batch of its own, for one of the generator. @defaultValue 1 */
  readonly criticSteps?: number;
  /** The largest absolute value of the critic's weights, to which they are clipped after each update. Defaults to none. */
  readonly weightClip?: number;
}

/** The names of {@link AdversaryOptions}. */
export const ADVERSARY_OPTIONS = ['loss', 'penalties', 'penaltyEvery', 'criticSteps', 'weightClip'];

/** What a critic compares, `[n, ...event]` each. */
export interface Compared {
  readonly real: Tensor;
  readonly fake: Tensor;
}

/** The rules of a game of two players, which do not depend on what they play about. */
export class Adversary {
  readonly loss: AdversarialLoss;
  readonly criticSteps: number;
  readonly #penalties: readonly GradientPenalty[];
  readonly #penaltyEvery: number;
  readonly #weightClip: number | undefined;

  /** @throws ArgumentError naming `where`, if an option is out of its range */
  constructor(where: string, options: AdversaryOptions) {
    const { loss = 'relativistic', penalties = [r1({ gamma: 1 }), r2({ gamma: 1 })] } = options;
    const { penaltyEvery = 1, criticSteps = 1, weightClip } = options;
    checkInteger(where, 'penaltyEvery', penaltyEvery);
    checkInteger(where, 'criticSteps', criticSteps);
    if (weightClip !== undefined) checkNumber(where, 'weightClip', weightClip, { above: 0 });
    if (typeof loss !== 'string') {
      const expected = 'to be the name of a loss, or a loss';
      checkMethods(where, 'loss', loss, { methods: ['critic', 'generator'], expected });
    }
    const expected = 'to be a list of penalties such as r1()';
    checkArray(where, 'penalties', penalties, expected);
    penalties.forEach((each) => checkMethods(where, 'penalties', each, { methods: ['loss'], expected }));
    this.loss = typeof loss === 'string' ? adversarialLoss(loss) : loss;
    this.criticSteps = criticSteps;
    this.#penalties = penalties;
    this.#penaltyEvery = penaltyEvery;
    this.#weightClip = weightClip;
  }

  /**
   * What the objective of a critic has besides its name, parameters and loss.
   * @param critic - the networks that the objective trains
   */
  schedule(critic: readonly Layer[]): Pick<Objective, 'lazyEvery' | 'afterUpdate'> {
    const bound = this.#weightClip;
    if (bound === undefined) return { lazyEvery: this.#penaltyEvery };
    const afterUpdate = (): void =>
      tf.tidy(() => {
        for (const weight of critic.flatMap((each) => [...trainable(each).values()]))
          weight.assign(tf.clipByValue(weight, -bound, bound));
      });
    return { lazyEvery: this.#penaltyEvery, afterUpdate };
  }

  /** The critic's `loss` and, where it is due, its `penalty`. */
  criticTerms(
    scores: Scores,
    seen: Compared,
    { key, lazy = true }: { readonly key: Key; readonly lazy?: boolean | undefined },
  ): Record<string, Scalar> {
    const loss = this.loss.critic(scores(seen.real), scores(seen.fake));
    if (!lazy || this.#penalties.length === 0) return { loss };
    const penalties = this.#penalties.map((penalty, index) =>
      penalty.loss(scores, seen, key.fold('penalty').fold(index)),
    );
    return { loss, penalty: tf.mul<Scalar>(this.#penaltyEvery, tf.addN(penalties)) };
  }

  /** The loss of a generator of fakes. */
  generatorLoss(scores: Scores, { real, fake }: Compared): Scalar {
    const { generator, isRelativistic = false } = this.loss;
    const ofFake = scores(fake);
    return isRelativistic ? generator(ofFake, scores(real)) : generator(ofFake);
  }

  /** @throws UnsupportedError naming the critic, if a penalty needs a second derivative that it has not */
  checkCritic(critic: string, scores: Scores, x: Tensor): void {
    if (this.#penalties.length > 0) checkSecondDerivative(critic, scores, x);
  }
}

export type Terms = { total: Scalar } & Record<string, Scalar>;

/** The total of a loss with its terms, if there are several. */
export function totalOf(terms: Record<string, Scalar>): Terms {
  const [first, ...rest] = Object.values(terms);
  if (rest.length === 0) return { total: first! };
  return { total: tf.addN([first!, ...rest]) as Scalar, ...terms };
}
