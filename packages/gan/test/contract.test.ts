import { compiled } from '@dgm/compile';
import { describeCompiled, describeCoverage, describeModel } from '@dgm/testing';
import * as exports from '../src/index';
import {
  correctedModels,
  densityNetworks,
  encodedModels,
  implicitModels,
  informedModels,
  matchingNetworks,
  models,
  prescribedModels,
} from './gan.cases';

const others = {
  ...informedModels,
  ...encodedModels,
  ...correctedModels,
  ...implicitModels,
  ...densityNetworks,
  ...prescribedModels,
  ...matchingNetworks,
};
describeModel({ ...models, ...others });

// What differs for an engine: a second derivative, a schedule, state of the critic, weights that are clipped, draws of pixels.
const variants = ['gan (penalties', 'gan (hinge', 'gan (Wasserstein', 'gan (integers', 'gan (images'];
const captured = Object.entries(models).filter(([name]) => variants.some((start) => name.startsWith(start)));
describeCompiled({ ...Object.fromEntries(captured), ...others }, { engine: compiled });

describeCoverage({
  exports,
  tables: [models, others],
  testedIn: {
    Gan: 'src/gan/gan.test.ts',
    DensityNetwork: 'src/density-network/density-network.test.ts',
    BiGan: 'src/gan/bi-gan.test.ts',
    VaeGan: 'src/gan/vae-gan.test.ts',
    EnergyGan: 'src/gan/energy-gan.test.ts',
    HierarchicalImplicitModel: 'src/implicit/hierarchical-implicit-model.test.ts',
    CycleGan: 'src/gan/cycle-gan.test.ts',
    cycleGan: 'src/gan/cycle-gan.test.ts',
    unpairedContext: 'src/gan/cycle-gan.test.ts',
    InfoGan: 'src/gan/info-gan.test.ts',
    auxiliaryClassifierGan: 'src/gan/info-gan.test.ts',
    PrescribedGan: 'src/gan/prescribed-gan.test.ts',
    MomentMatching: 'src/moment-matching/moment-matching.test.ts',
    mmd: 'src/moment-matching/discrepancy.test.ts',
    slicedWasserstein: 'src/moment-matching/discrepancy.test.ts',
    sinkhornDivergence: 'src/moment-matching/discrepancy.test.ts',
    conditionalGan: 'src/gan/gan.test.ts',
    instanceNoise: 'test/gan.cases.ts',
    imageAugmentation: 'src/gan/augmentation.test.ts',
    adversarialLoss: 'src/losses/losses.test.ts',
    fDivergence: 'src/losses/losses.test.ts',
    gradientPenalty: 'src/losses/gradient-penalty.test.ts',
    r1: 'src/losses/gradient-penalty.test.ts',
    r2: 'src/losses/gradient-penalty.test.ts',
    wganPenalty: 'src/losses/gradient-penalty.test.ts',
  },
});
