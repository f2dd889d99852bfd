// the model
export { elboTerms, logImportanceWeights } from './elbo';
export type { Latent, LatentVariableModel, Regularizer } from './elbo';
export { vae } from './vae';
export type { Vae, VaeOptions } from './vae';

// objectives
export { elboObjective } from './objectives/elbo-objective';
export type { ElboObjectiveOptions } from './objectives/elbo-objective';
export type { FreeBits } from './objectives/free-bits';
export { iwaeObjective } from './objectives/iwae-objective';
export type { IwaeObjectiveOptions } from './objectives/iwae-objective';
export type { AmortizedModel, VaeLossOptions, VaeObjective } from './objectives/objective';

// hierarchies of latent variables
export { auxiliaryVae } from './hierarchical/auxiliary-vae';
export type { AuxiliaryVae, AuxiliaryVaeOptions } from './hierarchical/auxiliary-vae';
export { BaseHierarchicalVae } from './hierarchical/base-hierarchical-vae';
export type { HierarchicalVaeOptions, LatentLevel } from './hierarchical/base-hierarchical-vae';
export { bottomUpVae } from './hierarchical/bottom-up-vae';
export type { BottomUpLevel, BottomUpVae, BottomUpVaeOptions } from './hierarchical/bottom-up-vae';
export { downscale } from './hierarchical/downscale';
export type { HierarchicalObjective } from './hierarchical/hierarchical-objective';
export type { Factor, Levels } from './hierarchical/level-chain';
export type { Connections, GenerativeLevel, LevelPriors } from './hierarchical/level-priors';
export type { Moments } from './hierarchical/moments';
export { ladderVae, topDownVae } from './hierarchical/top-down-vae';
export type { Combination, TopDownLevel, TopDownVae, TopDownVaeOptions } from './hierarchical/top-down-vae';

// posteriors
export { fullCovariance } from './posteriors/full-covariance';
export { householder, HouseholderNormal } from './posteriors/householder';
export type { HouseholderOptions } from './posteriors/householder';
export { HypersphericalUniform } from './hypersphere/hyperspherical-uniform';
export { VonMisesFisher } from './hypersphere/von-mises-fisher';
export { vonMisesFisher } from './posteriors/von-mises-fisher';

// discrete latents
export { gumbelSoftmax } from './discrete/gumbel-softmax';
export type { GumbelSoftmaxOptions } from './discrete/gumbel-softmax';
export { OneHotCategorical } from './discrete/one-hot-categorical';
export type { OneHotCategoricalOptions } from './discrete/one-hot-categorical';
export { vqVae } from './discrete/vq-vae';
export type { VqVae, VqVaeOptions } from './discrete/vq-vae';

// conditions and labels
export { conditionalVae } from './conditional/conditional-vae';
export type { ConditionalVae, ConditionalVaeOptions } from './conditional/conditional-vae';
export { characteristicVae } from './semi-supervised/characteristic-vae';
export type { CharacteristicVae, CharacteristicVaeOptions } from './semi-supervised/characteristic-vae';
export { semiSupervisedVae } from './semi-supervised/semi-supervised-vae';
export type { SemiSupervisedVae, SemiSupervisedVaeOptions } from './semi-supervised/semi-supervised-vae';

// auto-encoders without a posterior
export { adversarialPenalty, latentNorm, mmdPenalty } from './autoencoders/latent-penalties';
export type {
  AdversarialPenaltyOptions,
  LatentPenalty,
  MmdPenaltyOptions,
} from './autoencoders/latent-penalties';
export { autoencoder } from './autoencoders/autoencoder';
export type { Autoencoder, AutoencoderOptions } from './autoencoders/autoencoder';
export { latentExamples, withLatentDensity } from './autoencoders/latent-density';
export type { DecodingModel, LatentExamplesOptions, LatentModel } from './autoencoders/latent-density';

// the linear model
export { ppcaExpectationMaximization } from './ppca/expectation-maximization';
export type {
  ExpectationMaximizationOptions,
  ExpectationMaximizationResult,
} from './ppca/expectation-maximization';
export { ppcaMaximumLikelihood } from './ppca/maximum-likelihood';
export { ppca } from './ppca/ppca';
export type { Ppca, PpcaParameters } from './ppca/ppca';

// analysis
export { analyzeLatents } from './analysis/analyze-latents';
export type {
  AnalyzeLatentsOptions,
  ConditionedLatentModel,
  LatentAnalysis,
} from './analysis/analyze-latents';
export { analyzeLevels } from './analysis/analyze-levels';
export type { AnalyzeLevelsOptions, HierarchyAnalysis, LevelAnalysis } from './analysis/analyze-levels';
export { chiUpperBound } from './analysis/chi-upper-bound';
export type { ChiUpperBoundOptions } from './analysis/chi-upper-bound';

// model files
export { modelParts } from './model-parts';
