import type { ModelParts } from '@dgm/core';
import { boltzmannMachine, hopfieldNetwork } from './boltzmann/boltzmann-machine';
import { pottsModel } from './boltzmann/potts-model';
import { deepBoltzmannMachine } from './dbm/deep-boltzmann-machine';
import { energyModel, jointEnergyModel } from './energy/energy-model';
import { minimumProbabilityFlow, pseudoLikelihood } from './objectives/bit-flips';
import { maximumLikelihood } from './objectives/maximum-likelihood';
import { energyDiscrepancy, noiseContrastiveEstimation } from './objectives/noise-contrastive';
import { denoisingScoreMatching, implicitScoreMatching } from './objectives/score-matching';
import { rbm } from './rbm/rbm';
import { conditionalRbm } from './rbm/conditional-rbm';
import { replicatedSoftmax } from './rbm/replicated-softmax';
import { classificationRbm } from './rbm/classification-rbm';
import { spikeAndSlabUnits, subspaceUnits } from './rbm/hidden-units';
import { bernoulliUnits, categoricalUnits, gaussianUnits, replicatedSoftmaxUnits } from './rbm/units';
import { ORIGIN } from './record';

/** What model files may name of this package. A file is read by calling these and nothing else. */
export const modelParts: ModelParts = {
  ...ORIGIN,
  parts: {
    rbm,
    classificationRbm,
    conditionalRbm,
    replicatedSoftmax,
    boltzmannMachine,
    pottsModel,
    deepBoltzmannMachine,
    hopfieldNetwork,
    bernoulliUnits,
    categoricalUnits,
    gaussianUnits,
    replicatedSoftmaxUnits,
    subspaceUnits,
    spikeAndSlabUnits,
    energyModel,
    jointEnergyModel,
    implicitScoreMatching,
    denoisingScoreMatching,
    noiseContrastiveEstimation,
    energyDiscrepancy,
    pseudoLikelihood,
    maximumLikelihood,
    minimumProbabilityFlow,
  },
};
