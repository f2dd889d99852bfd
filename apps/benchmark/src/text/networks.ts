import {
  recurrentArm,
  transformerArm,
  waveNet,
  type AutoregressiveModel,
  type OrderedArmOptions,
} from '@dgm/arm';
import { categoricalHead, evaluate, type BoundModel, type Engine, type Examples, type Key } from '@dgm/core';
import { maskedDiffusion, oneHotEntries, sequenceDenoiser } from '@dgm/diffusion';
import { scoreText } from './score-text';

/** What a character model is made for. */
export interface CharacterModelOptions {
  /** Characters of a window. */
  readonly length: number;
  /** How many different ones there are. */
  readonly levels: number;
  /** Hidden units, or features. */
  readonly hidden: number;
  readonly key: Key;
}

/** A model of windows of characters. */
export interface CharacterModel {
  readonly model: AutoregressiveModel | BoundModel;
  /** Bits per character of a text that is cut into windows. */
  bits(windows: Examples, options: { readonly key: Key; readonly engine: Engine }): number | Promise<number>;
}

type Make = (options: CharacterModelOptions) => CharacterModel;

/** A model that predicts each character from those before it, which reads the text from its start to its end. */
const inOrder =
  (make: (options: OrderedArmOptions, hidden: number) => AutoregressiveModel): Make =>
  ({ length, levels, hidden, key }) => {
    const likelihood = categoricalHead({ shape: [], levels });
    const model = make({ shape: [length], likelihood, encoding: 'one-hot', key }, hidden);
    return { model, bits: ({ values }) => scoreText(model, Int32Array.from(values), { likelihood }) };
  };

/** A model of which a bound is known, for windows that know nothing of each other. */
const masked: Make = ({ length, levels, hidden, key }) => {
  const network = sequenceDenoiser({
    ...{ shape: [length], outputs: levels, entries: oneHotEntries({ levels }), key },
    ...{ features: hidden, dropout: 0.1 },
  });
  const model = maskedDiffusion({ shape: [length], levels, network });
  return {
    model,
    bits: async (windows, options) => {
      const { nats } = await evaluate(model, windows, { ...options, batchSize: 32, numSamples: 32 });
      return nats / length / Math.LN2;
    },
  };
};

/** The character models that can be named. */
export const networks = {
  gru: inOrder((options, hidden) => recurrentArm({ ...options, hidden, dropout: 0.1 })),
  lstm: inOrder((options, hidden) => recurrentArm({ ...options, cell: 'lstm', hidden, dropout: 0.1 })),
  transformer: inOrder((options, hidden) =>
    transformerArm({ ...options, features: hidden, heads: 4, blocks: 4, positions: 'rotary', dropout: 0.1 }),
  ),
  wavenet: inOrder((options, hidden) => waveNet({ ...options, hidden, dropout: 0.1 })),
  masked,
} as const satisfies Readonly<Record<string, Make>>;

export type NetworkName = keyof typeof networks;
