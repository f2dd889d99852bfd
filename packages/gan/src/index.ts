// models
export { conditionalGan, Gan, gan } from './gan/gan';
export type { ConditionalGanOptions, GanOptions } from './gan/gan';
export { BiGan, biGan } from './gan/bi-gan';
export type { BiGanOptions } from './gan/bi-gan';
export { CycleGan, cycleGan, unpairedContext } from './gan/cycle-gan';
export type { CycleGanOptions } from './gan/cycle-gan';
export { auxiliaryClassifierGan, InfoGan, infoGan } from './gan/info-gan';
export type { AuxiliaryClassifierGanOptions, InfoGanOptions } from './gan/info-gan';
export { VaeGan, vaeGan } from './gan/vae-gan';
export type { VaeGanOptions } from './gan/vae-gan';
export { EnergyGan, energyGan } from './gan/energy-gan';
export type { EnergyGanOptions } from './gan/energy-gan';
export { PrescribedGan, prescribedGan } from './gan/prescribed-gan';
export type { PrescribedGanOptions } from './gan/prescribed-gan';
export type { CodeOptions, Recognized } from './gan/recognition';
export type { AdversaryOptions } from './gan/adversary';
export { imageAugmentation, instanceNoise } from './gan/augmentation';
export type { Augmentation, ImageAugmentationOptions } from './gan/augmentation';
export { HierarchicalImplicitModel, hierarchicalImplicitModel } from './implicit/hierarchical-implicit-model';
export type { HierarchicalImplicitModelOptions } from './implicit/hierarchical-implicit-model';
export { DensityNetwork, densityNetwork } from './density-network/density-network';
export type { DensityNetworkOptions } from './density-network/density-network';

export { MomentMatching, momentMatching } from './moment-matching/moment-matching';
export type { MomentMatchingOptions } from './moment-matching/moment-matching';
// discrepancies
export { mmd, sinkhornDivergence, slicedWasserstein } from './moment-matching/discrepancy';
export type { Discrepancy, SinkhornOptions } from './moment-matching/discrepancy';
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
  ZeroCenteredOptions,
} from './losses/gradient-penalty';

// model files
export { modelParts } from './model-parts';
export type { GeneratorOptions } from './networks';
