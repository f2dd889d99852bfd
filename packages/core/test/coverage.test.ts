import { describeCoverage } from '@dgm/testing';
import * as exports from '../src/index';
import { bijectors } from './bijectors.cases';
import { distributions } from './distributions.cases';
import { layers } from './nn.cases';
import { ops } from './ops.cases';

/** Where to find the tests of what is in no table: functions of the host, abstract bases, training. */
const testsOfTheirOwn: Readonly<Record<string, readonly (keyof typeof exports)[]>> = {
  'src/errors/dgm-error.test.ts': [
    'ArgumentError',
    'DgmError',
    'DomainError',
    'EngineError',
    'NumericalError',
    'SerializationError',
    'ShapeError',
    'StateError',
    'UnsupportedError',
  ],
  'src/shape/shape.test.ts': ['broadcastShapes', 'formatShape', 'leadingShape', 'sameShape', 'sizeOf'],
  'src/random/key.test.ts': ['Key'],
  'src/engine/setup.test.ts': ['requireEngine', 'setup'],
  'test/engine-assumptions.test.ts': ['registerGradients'],
  'src/model/module.test.ts': ['BaseModule', 'countParameters', 'trainable'],
  'src/nn/layer.test.ts': ['BaseLayer', 'contextOfChild'],
  'src/nn/layers.test.ts': ['activationFunction'],
  'src/nn/data-dependent-init.test.ts': ['initializeFromData'],
  'src/nn/author.test.ts': ['BaseDataDependentLayer', 'BaseWeight'],
  'src/nn/cells.test.ts': ['GruCell', 'LstmCell'],
  'src/nn/sequence-layers.test.ts': ['Recurrent'],
  'src/distributions/distribution.test.ts': ['BaseDistribution'],
  'src/distributions/location-scale.test.ts': ['LocationScale'],
  'src/distributions/facts/facts.test.ts': [
    'bernoulliMap',
    'bernoulliMle',
    'categoricalMap',
    'categoricalMle',
    'choleskyFactor',
    'conditionalNormal',
    'marginalNormal',
    'normalMap',
    'normalMle',
  ],
  'src/distributions/heads/heads.test.ts': [
    'bernoulli',
    'categorical',
    'conditional',
    'discretizedLogistic',
    'discretizedLogisticMixture',
    'gaussian',
    'logisticPixelMixture',
  ],
  'src/distributions/heads/model-head.test.ts': ['modelHead'],
  'src/distributions/sample-and-log-prob.test.ts': ['sampleAndLogProb'],
  'src/distributions/kl/kl-divergence.test.ts': ['hasKlDivergence', 'klDivergence'],
  'src/bijectors/bijectors.test.ts': ['BaseBijector'],
  'src/model/sampling-loop.test.ts': ['hasSamplingLoop', 'runSamplingLoop'],
  'src/ops/differentiable.test.ts': ['elementwise', 'withGradient'],
  'src/train/optimizers.test.ts': [
    'adam',
    'adamW',
    'adamax',
    'clipByGlobalNorm',
    'rmsprop',
    'sgd',
    'valueAndGradients',
  ],
  'src/train/schedule.test.ts': [
    'constantSchedule',
    'cosineSchedule',
    'exponentialSchedule',
    'piecewiseSchedule',
    'warmUpSchedule',
  ],
  'src/train/check-examples.test.ts': ['checkExamples', 'gatherExamples'],
  'src/train/evaluate.test.ts': ['evaluate'],
  'src/train/exponential-average.test.ts': ['ExponentialAverage'],
  'src/train/model-step.test.ts': ['eager', 'ModelStep'],
  'src/train/fit.test.ts': ['fit'],
  'src/train/resume.test.ts': ['memoryStore'],
  'src/checkpoint/weights.test.ts': ['loadWeights', 'saveWeights'],
  'src/metrics/metrics.test.ts': [
    'bitsPerDim',
    'bitsToNats',
    'classificationError',
    'expectedCalibrationError',
    'maximumMeanDiscrepancy',
    'natsPerExample',
    'natsToBits',
    'peakSignalToNoiseRatio',
  ],
};

describeCoverage({
  exports,
  tables: [bijectors, distributions, layers, ops],
  testedIn: Object.fromEntries(
    Object.entries(testsOfTheirOwn).flatMap(([file, names]) => names.map((name) => [name, file])),
  ),
});
