// restricted Boltzmann machines
export { Rbm, rbm } from './rbm/rbm';
export type { RbmOptions } from './rbm/rbm';
export { bernoulliUnits, categoricalUnits, gaussianUnits } from './rbm/units';
export type { VisibleUnits } from './rbm/units';

// normalizers
export { annealedImportanceSampling, annealingLoop } from './partition/annealed-importance-sampling';
export type {
  AnnealedImportanceSamplingOptions,
  AnnealedPath,
  AnnealingOptions,
} from './partition/annealed-importance-sampling';

// deep energy-based models
export { DeepEnergyModel, energyModel, JointEnergyModel, jointEnergyModel } from './energy/energy-model';
export type { EnergyModelOptions, JointEnergyModelOptions } from './energy/energy-model';
export type { PersistentLangevinOptions } from './energy/persistent-langevin';

// model files
export { modelParts } from './model-parts';
