// the model
export { elboTerms, logImportanceWeights } from './elbo';
export type { Latent, LatentVariableModel, Regularizer } from './elbo';
export { vae } from './vae';
export type { Vae, VaeOptions } from './vae';

// objectives
export { cyclicAnnealing, linearAnnealing } from './objectives/annealing';
export type { Annealing } from './objectives/annealing';
export { elboObjective } from './objectives/elbo-objective';
export type { ElboObjectiveOptions } from './objectives/elbo-objective';
export type { FreeBits } from './objectives/free-bits';
export { iwaeObjective } from './objectives/iwae-objective';
export type { IwaeObjectiveOptions } from './objectives/iwae-objective';
export type { AmortizedModel, VaeObjective } from './objectives/objective';

// posteriors
export { fullCovariance } from './posteriors/full-covariance';
export { householder, HouseholderNormal } from './posteriors/householder';
export type { HouseholderOptions } from './posteriors/householder';

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
export type { AnalyzeLatentsOptions, LatentAnalysis } from './analysis/analyze-latents';
export { chiUpperBound } from './analysis/chi-upper-bound';
export type { ChiUpperBoundOptions } from './analysis/chi-upper-bound';
