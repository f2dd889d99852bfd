import {
  recurrentArm,
  transformerArm,
  waveNet,
  type AutoregressiveModel,
  type OrderedArmOptions,
} from '@dgm/arm';

type Make = (options: OrderedArmOptions, hidden: number) => AutoregressiveModel;

/** The character models that can be named, by hidden units. */
export const networks = {
  gru: (options, hidden) => recurrentArm({ ...options, hidden, dropout: 0.1 }),
  lstm: (options, hidden) => recurrentArm({ ...options, cell: 'lstm', hidden, dropout: 0.1 }),
  transformer: (options, hidden) =>
    transformerArm({ ...options, features: hidden, heads: 4, blocks: 4, positions: 'rotary', dropout: 0.1 }),
  wavenet: (options, hidden) => waveNet({ ...options, hidden, dropout: 0.1 }),
} as const satisfies Readonly<Record<string, Make>>;

export type NetworkName = keyof typeof networks;
