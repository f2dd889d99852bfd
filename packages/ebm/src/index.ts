// restricted Boltzmann machines
export { Rbm, rbm } from './rbm/rbm';
export type { RbmOptions } from './rbm/rbm';
export type { NegativePhaseOptions } from './rbm/negative-phase';
export type { Sparsity } from './rbm/sparsity';
export { ConditionalRbm, conditionalRbm, temporalContext } from './rbm/conditional-rbm';
export type { ConditionalRbmOptions } from './rbm/conditional-rbm';
export { ReplicatedSoftmax, replicatedSoftmax } from './rbm/replicated-softmax';
export type { ReplicatedSoftmaxOptions } from './rbm/replicated-softmax';
export type { RowRbmOptions } from './rbm/row-rbm';
export { hiddenLayer } from './rbm/hidden-layer';
export { ClassificationRbm, classificationRbm } from './rbm/classification-rbm';
export type { ClassificationRbmOptions } from './rbm/classification-rbm';
export { bernoulliUnits, categoricalUnits, gaussianUnits, replicatedSoftmaxUnits } from './rbm/units';
export type { VisibleUnits } from './rbm/units';
export { spikeAndSlabUnits, subspaceUnits } from './rbm/hidden-units';
export type {
  HiddenCode,
  HiddenFields,
  HiddenUnits,
  SpikeAndSlabUnitsOptions,
  SubspaceUnitsOptions,
} from './rbm/hidden-units';

// deep Boltzmann machines
export { DeepBoltzmannMachine, deepBoltzmannMachine } from './dbm/deep-boltzmann-machine';
export type { DeepBoltzmannMachineOptions } from './dbm/deep-boltzmann-machine';

// Boltzmann machines without hidden units
export { BoltzmannMachine, boltzmannMachine, hopfieldNetwork } from './boltzmann/boltzmann-machine';
export type { PairwiseOptions } from './boltzmann/pairwise-model';
export type { BoltzmannMachineOptions, HopfieldOptions } from './boltzmann/boltzmann-machine';
export { PottsModel, pottsModel } from './boltzmann/potts-model';
export type { PottsModelOptions } from './boltzmann/potts-model';
export type { LogPotentials } from './boltzmann/elimination';
export { perturbAndMap } from './boltzmann/perturb-and-map';
export type {
  MeanEstimate,
  PairwiseModel,
  PerturbAndMapOptions,
  PerturbedModes,
} from './boltzmann/perturb-and-map';
export { gridEdges } from './boltzmann/graph';
export type { Edge } from './boltzmann/graph';

// normalizers
export { annealedImportanceSampling, annealingLoop } from './partition/annealed-importance-sampling';
export type {
  AnnealedImportanceSamplingOptions,
  AnnealedPath,
  AnnealingOptions,
} from './partition/annealed-importance-sampling';
export { parallelTempering } from './partition/parallel-tempering';
export type { ParallelTemperingOptions } from './partition/parallel-tempering';
export type { EnergyPathOptions } from './partition/box-path';

// deep energy-based models
export { DeepEnergyModel, energyModel, JointEnergyModel, jointEnergyModel } from './energy/energy-model';
export type { EnergyModelOptions, JointEnergyModelOptions } from './energy/energy-model';
export type { PersistentLangevinOptions } from './energy/persistent-langevin';

// objectives without chains
export type { EnergyFunction, EnergyObjective } from './objectives/energy-objective';
export { minimumProbabilityFlow, pseudoLikelihood } from './objectives/bit-flips';
export { maximumLikelihood } from './objectives/maximum-likelihood';
export { energyDiscrepancy, noiseContrastiveEstimation } from './objectives/noise-contrastive';
export type { EnergyDiscrepancyOptions, NoiseContrastiveOptions } from './objectives/noise-contrastive';
export { denoisingScoreMatching, implicitScoreMatching } from './objectives/score-matching';
export type {
  DenoisingScoreMatchingOptions,
  ImplicitScoreMatchingOptions,
} from './objectives/score-matching';

// model files
export { modelParts } from './model-parts';
