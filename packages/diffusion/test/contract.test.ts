import { compiled } from '@dgm/compile';
import { describeCompiled, describeCoverage, describeLayer, describeModel } from '@dgm/testing';
import * as exports from '../src/index';
import { layers, models } from './models.cases';

describeModel(models);
describeLayer(layers);
describeCompiled(models, { engine: compiled });
describeCoverage({
  exports,
  tables: [models, layers],
  testedIn: {
    Ddgm: 'test/ddgm.test.ts',
    GaussianDiffusion: 'test/samplers.test.ts',
    FlowMatching: 'test/flow-matching.test.ts',
    MultinomialDiffusion: 'test/multinomial.test.ts',
    MaskedDiffusion: 'test/masked.test.ts',
    optimalPairs: 'test/flow-matching.test.ts',
    reflowPairs: 'test/reflow.test.ts',
    StochasticInterpolant: 'test/stochastic-interpolant.test.ts',
    randomPairs: 'test/stochastic-interpolant.test.ts',
    Denoiser: 'test/networks.test.ts',
    LatentDiffusion: 'test/latent-diffusion.test.ts',
    MeanFlow: 'test/mean-flow.test.ts',
    ConsistencyModel: 'test/consistency-model.test.ts',
    ScoreMatching: 'test/score-matching.test.ts',
    ProbabilityFlow: 'test/probability-flow.test.ts',
    annealedLangevin: 'test/samplers.test.ts',
    predictorCorrector: 'test/samplers.test.ts',
    subVariancePreservingSchedule: 'test/schedules.test.ts',
    varianceExplodingSchedule: 'test/schedules.test.ts',
    ancestral: 'test/samplers.test.ts',
    ddim: 'test/samplers.test.ts',
    dpmSolver: 'test/samplers.test.ts',
    heun: 'test/samplers.test.ts',
    dataEstimate: 'test/samplers.test.ts',
    noiseEstimate: 'test/samplers.test.ts',
    noiseLevel: 'test/schedules.test.ts',
    cosineNoiseSchedule: 'test/schedules.test.ts',
    edmSchedule: 'test/schedules.test.ts',
    learnedSchedule: 'test/schedules.test.ts',
    linearBetaSchedule: 'test/schedules.test.ts',
    logSnrSchedule: 'test/schedules.test.ts',
    sigmoidNoiseSchedule: 'test/schedules.test.ts',
    fourierEntries: 'test/networks.test.ts',
    oneHotEntries: 'test/networks.test.ts',
    maskedEntries: 'test/networks.test.ts',
    plainEntries: 'test/networks.test.ts',
  },
});
