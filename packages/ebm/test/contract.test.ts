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
    DeepEnergyModel: 'src/energy/energy-model.test.ts',
    JointEnergyModel: 'src/energy/energy-model.test.ts',
    Rbm: 'src/rbm/rbm.test.ts',
    annealedImportanceSampling: 'src/partition/annealed-importance-sampling.test.ts',
    annealingLoop: 'src/partition/annealed-importance-sampling.test.ts',
    bernoulliUnits: 'src/rbm/rbm.test.ts',
    categoricalUnits: 'src/rbm/rbm.test.ts',
    gaussianUnits: 'src/rbm/rbm.test.ts',
  },
});
