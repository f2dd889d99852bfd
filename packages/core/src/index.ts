// errors
export {
  ArgumentError,
  DgmError,
  DomainError,
  EngineError,
  NumericalError,
  SerializationError,
  ShapeError,
  StateError,
  UnsupportedError,
} from './errors/dgm-error';
export type { DgmErrorCode, DgmErrorDetails } from './errors/dgm-error';

// shapes
export { broadcastShapes, formatShape, leadingShape, sameShape, sizeOf } from './shape/shape';
export type { Shape } from './shape/shape';

// randomness
export { Key } from './random/key';
export type { TracedDraw } from './random/key';
export type { Generator } from './random/generator';

// engine
export { registerGradients } from './engine/gradients';
export type { WasmPaths } from './engine/candidates';
export type { BackendName, EngineReport, SkippedBackend } from './engine/report';
export { requireEngine } from './engine/require-engine';
export { setup } from './engine/setup';
export type { SetupOptions } from './engine/setup';

// modules and models
export { BaseModule, countParameters, trainable } from './model/module';
export type { Module } from './model/module';
export type {
  BoundModel,
  EnergyModel,
  GenerativeModel,
  Likelihood,
  LikelihoodModel,
  Objective,
} from './model/generative-model';

// nn
export { ActivationLayer, activationFunction } from './nn/activation';
export type { Activation, ActivationName } from './nn/activation';
export { Dense } from './nn/dense';
export type { DenseOptions } from './nn/dense';
export { BaseLayer } from './nn/layer';
export type { CallContext, Layer } from './nn/layer';
export { mlp } from './nn/mlp';
export type { MlpOptions } from './nn/mlp';
export { Sequential } from './nn/sequential';
export { BaseWeight } from './nn/weight';
export type { Parametrization, Weight, WeightLayout } from './nn/weight';

// distributions
export { Bernoulli } from './distributions/bernoulli';
export { Categorical } from './distributions/categorical';
export { BaseDistribution } from './distributions/distribution';
export type { ConditionalDistribution, Distribution } from './distributions/distribution';
export { bernoulli } from './distributions/heads/bernoulli';
export { categorical } from './distributions/heads/categorical';
export { conditional } from './distributions/heads/conditional';
export { gaussian } from './distributions/heads/gaussian';
export type { GaussianOptions } from './distributions/heads/gaussian';
export type { DistributionHead } from './distributions/heads/head';
export { Independent, standardNormal } from './distributions/independent';
export { hasKlDivergence, klDivergence } from './distributions/kl/kl-divergence';
export { Laplace } from './distributions/laplace';
export { LocationScale } from './distributions/location-scale';
export { Logistic } from './distributions/logistic';
export { Normal } from './distributions/normal';
export type { BatchOptions, Parameter, Scale } from './distributions/parameters';
export { Uniform } from './distributions/uniform';

// bijectors
export { BaseBijector } from './bijectors/bijector';
export type { Bijector } from './bijectors/bijector';

// ops
export { elu, exp, expm1, leakyRelu, relu, selu, sigmoid, softplus, swish, tanh } from './ops/activations';
export { log1mExp, log1p, logAddExp, logSigmoid, logSubExp } from './ops/log-arithmetic';
export { logSoftmax, logSumExp, softmax } from './ops/log-sum-exp';
export type { ReductionOptions } from './ops/log-sum-exp';
