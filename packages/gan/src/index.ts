// models
export { conditionalGan, Gan, gan } from './gan/gan';
export type { ConditionalGanOptions, GanOptions } from './gan/gan';
export { instanceNoise } from './gan/augmentation';
export type { Augmentation } from './gan/augmentation';
export { DensityNetwork, densityNetwork } from './density-network/density-network';
export type { DensityNetworkOptions } from './density-network/density-network';

// losses
export { adversarialLoss } from './losses/adversarial-loss';
export type { AdversarialLoss, AdversarialLossName } from './losses/adversarial-loss';
export { fDivergence } from './losses/f-divergence';
export type { FDivergence, FDivergenceName } from './losses/f-divergence';
export { gradientPenalty, r1, r2, wganPenalty } from './losses/gradient-penalty';
export type {
  GradientPenalty,
  GradientPenaltyOptions,
  PenaltyPoints,
  Scores,
} from './losses/gradient-penalty';

// model files
export { modelParts } from './model-parts';
