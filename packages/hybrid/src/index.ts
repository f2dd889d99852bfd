// models
export { generativeClassifier } from './generative-classifier';
export type {
  BoundGenerativeClassifier,
  ConditionalBoundModel,
  ConditionalModel,
  GenerativeClassifier,
  GenerativeClassifierOptions,
} from './generative-classifier';
export { hybrid } from './hybrid';
export type {
  BoundHybrid,
  DensityModel,
  EnergyHybrid,
  ExactHybrid,
  Features,
  Hybrid,
  HybridOptions,
} from './hybrid';
export { hybridIdf } from './hybrid-idf';
export type { HybridIdfOptions } from './hybrid-idf';
export { gradientNorms } from './gradient-norms';
export type { GradientNorms } from './gradient-norms';
export { convexWeights, densityWeight } from './weights';
export type { HybridWeights } from './weights';

export { RandomShift } from './random-shift';
export type { RandomShiftOptions } from './random-shift';

// knowing what one has not seen
export {
  complexityScore,
  energyScore,
  entropyScore,
  highestScores,
  likelihoodRatioScore,
  maxSoftmaxScore,
  typicalityScore,
  waicScore,
} from './scores';
export { fitTemperature } from './temperature';
export { fadedLevels, invertedLevels, rotatedImages, shuffledEntries, uniformNoise } from './outliers';

// model files
export { modelParts } from './model-parts';
