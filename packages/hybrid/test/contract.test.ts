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
    complexityScore: 'test/scores.test.ts',
    convexWeights: 'test/hybrid.test.ts',
    densityWeight: 'test/hybrid.test.ts',
    energyScore: 'test/scores.test.ts',
    entropyScore: 'test/scores.test.ts',
    fadedLevels: 'test/outliers.test.ts',
    fitTemperature: 'test/scores.test.ts',
    gradientNorms: 'test/hybrid.test.ts',
    highestScores: 'test/scores.test.ts',
    invertedLevels: 'test/outliers.test.ts',
    likelihoodRatioScore: 'test/scores.test.ts',
    maxSoftmaxScore: 'test/scores.test.ts',
    RandomShift: 'test/random-shift.test.ts',
    rotatedImages: 'test/outliers.test.ts',
    shuffledEntries: 'test/outliers.test.ts',
    typicalityScore: 'test/scores.test.ts',
    uniformNoise: 'test/outliers.test.ts',
    waicScore: 'test/scores.test.ts',
  },
});
