// models
export { Ddgm, ddgm } from './ddgm';
export type { DdgmOptions, DdgmTerms } from './ddgm';
export { GaussianDiffusion, gaussianDiffusion } from './gaussian-diffusion';
export type { BoundTerms, GaussianDiffusionOptions } from './gaussian-diffusion';
export type { DiffusionSampleOptions, ReverseVariance } from './reverse-process';
export { MaskedDiffusion, maskedDiffusion } from './masked-diffusion';
export type { MaskedDiffusionOptions, MaskedSampleOptions } from './masked-diffusion';
export { MultinomialDiffusion, multinomialDiffusion } from './multinomial-diffusion';
export type { MultinomialDiffusionOptions, MultinomialSampleOptions } from './multinomial-diffusion';
export { FlowMatching, flowMatching } from './flow-matching';
export type {
  FlowBatch,
  FlowMatchingOptions,
  FlowParameterization,
  FlowPath,
  FlowSampleOptions,
} from './flow-matching';
export { ProbabilityFlow, probabilityFlow } from './probability-flow';
export type { ProbabilityFlowOptions } from './probability-flow';
export { ScoreMatching, scoreMatching } from './score-matching';
export type { LangevinSampleOptions, ScoreMatchingOptions } from './score-matching';
export { LatentDiffusion, latentDiffusion } from './latent-diffusion';
export type { LatentDiffusionOptions } from './latent-diffusion';
export { ConsistencyModel, consistencyModel } from './consistency-model';
export type { ConsistencyModelOptions, ConsistencySampleOptions } from './consistency-model';
export { MeanFlow, meanFlow } from './mean-flow';
export type { MeanFlowOptions, MeanFlowSampleOptions } from './mean-flow';
export { randomPairs, StochasticInterpolant, stochasticInterpolant } from './stochastic-interpolant';
export type {
  InterpolantBatch,
  InterpolantSampleOptions,
  StochasticInterpolantOptions,
} from './stochastic-interpolant';
export { optimalPairs } from './optimal-pairs';
export type { OptimalPairsOptions, PairedBatch } from './optimal-pairs';
export { reflowPairs } from './reflow';
export type { ReflowOptions, ReflowPairs } from './reflow';
export type { Dequantization } from './dequantization';
export type { GivenEntries } from './given-entries';

// schedules and parameterizations
export {
  cosineNoiseSchedule,
  edmSchedule,
  learnedSchedule,
  linearBetaSchedule,
  logSnrSchedule,
  noiseLevel,
  sigmoidNoiseSchedule,
  subVariancePreservingSchedule,
  varianceExplodingSchedule,
} from './schedule';
export type { NoiseLevel, NoiseSchedule, ScheduleEnds } from './schedule';
export { dataEstimate, noiseEstimate } from './parameterization';
export type { NetworkOutput, Parameterization } from './parameterization';

// samplers
export { ancestral, annealedLangevin, ddim, dpmSolver, heun, predictorCorrector } from './samplers';
export type {
  CorrectorOptions,
  DiffusionSampler,
  NoiseLevels,
  SamplerOptions,
  SamplerStep,
} from './samplers';

// networks
export { convDenoiser } from './networks/conv-denoiser';
export type { ConvDenoiserOptions } from './networks/conv-denoiser';
export { Denoiser } from './networks/denoiser';
export type { DenoiserOptions } from './networks/denoiser';
export { mlpDenoiser } from './networks/mlp-denoiser';
export type { MlpDenoiserOptions } from './networks/mlp-denoiser';
export { sequenceDenoiser } from './networks/sequence-denoiser';
export type { SequenceDenoiserOptions } from './networks/sequence-denoiser';
export { transformerDenoiser } from './networks/transformer-denoiser';
export type { TokenPositions, TransformerDenoiserOptions } from './networks/transformer-denoiser';
export { uNetDenoiser } from './networks/u-net-denoiser';
export type { UNetDenoiserOptions } from './networks/u-net-denoiser';
export { fourierEntries, maskedEntries, oneHotEntries, plainEntries } from './networks/entry-features';
export type { EntryFeatures } from './networks/entry-features';

// model files
export { modelParts } from './model-parts';
