import { compiled } from '@dgm/compile';
import { describeCompiled, describeCoverage, describeModel } from '@dgm/testing';
import * as exports from '../src/index';
import { models } from './models.cases';

describeModel(models);
describeCompiled(models, { engine: compiled });
describeCoverage({
  exports,
  tables: [models],
  testedIn: {
    BoltzmannMachine: 'src/boltzmann/boltzmann-machine.test.ts',
    DeepBoltzmannMachine: 'src/dbm/deep-boltzmann-machine.test.ts',
    hiddenLayer: 'src/rbm/hidden-layer.test.ts',
    hopfieldNetwork: 'src/boltzmann/boltzmann-machine.test.ts',
    gridEdges: 'src/boltzmann/boltzmann-machine.test.ts',
    ConditionalRbm: 'src/rbm/conditional-rbm.test.ts',
    temporalContext: 'src/rbm/conditional-rbm.test.ts',
    ReplicatedSoftmax: 'src/rbm/documents.test.ts',
    ClassificationRbm: 'src/rbm/classification-rbm.test.ts',
    DeepEnergyModel: 'src/energy/energy-model.test.ts',
    JointEnergyModel: 'src/energy/energy-model.test.ts',
    PottsModel: 'src/boltzmann/potts-model.test.ts',
    Rbm: 'src/rbm/rbm.test.ts',
    annealedImportanceSampling: 'src/partition/annealed-importance-sampling.test.ts',
    annealingLoop: 'src/partition/annealed-importance-sampling.test.ts',
    bernoulliUnits: 'src/rbm/rbm.test.ts',
    denoisingScoreMatching: 'src/objectives/objectives.test.ts',
    energyDiscrepancy: 'src/objectives/objectives.test.ts',
    implicitScoreMatching: 'src/objectives/objectives.test.ts',
    maximumLikelihood: 'src/objectives/objectives.test.ts',
    minimumProbabilityFlow: 'src/objectives/objectives.test.ts',
    noiseContrastiveEstimation: 'src/objectives/objectives.test.ts',
    replicatedSoftmaxUnits: 'src/rbm/replicated-softmax.test.ts',
    spikeAndSlabUnits: 'src/rbm/spike-and-slab.test.ts',
    subspaceUnits: 'src/rbm/hidden-units.test.ts',
    parallelTempering: 'src/partition/parallel-tempering.test.ts',
    perturbAndMap: 'src/boltzmann/perturb-and-map.test.ts',
    pseudoLikelihood: 'src/objectives/objectives.test.ts',
    categoricalUnits: 'src/rbm/rbm.test.ts',
    gaussianUnits: 'src/rbm/rbm.test.ts',
  },
});
