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
export {
  checkArray,
  checkGiven,
  checkInteger,
  checkMethods,
  checkNumber,
  checkOneOf,
  checkOptions,
  checkShape,
  checkSizes,
  checkThat,
  closest,
} from './check/check';
export type { Range } from './check/check';

// shapes
export { broadcastShapes, formatShape, leadingShape, sameShape, sizeOf } from './shape/shape';
export type { Shape } from './shape/shape';

// randomness
export { checkKey, Key } from './random/key';
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
export { freeze, unfreeze } from './model/freeze';
export { checkContext, checkSampling, labelledBatch, splitBatch } from './model/condition';
export type { ConditionedBatch } from './model/condition';
export { builderOf, disposeOnThrow, singleObjective } from './model/build';
export { BaseModule, countParameters, isModule, summary, trainable } from './model/module';
export type { Module, SummaryOptions } from './model/module';
export type {
  BoundModel,
  EnergyModel,
  GenerativeModel,
  LikelihoodKind,
  LikelihoodModel,
  Objective,
  LossOptions,
  PartitionEstimate,
  Prepared,
  SampleOptions,
} from './model/generative-model';
export { prepareLoss, validatedObjective } from './model/generative-model';
export type { Dequantizer, DequantizerCall } from './nn/dequantizer';
export { hasSamplingLoop, inputsOfStep, runSamplingLoop } from './model/sampling-loop';
export type {
  ConditionalLoop,
  ConditionalLoopModel,
  LoopSampledModel,
  LoopTensors,
  SamplingLoop,
} from './model/sampling-loop';

// nn
export { ActNorm } from './nn/act-norm';
export type { ActNormOptions } from './nn/act-norm';
export { ActivationLayer, activationFunction } from './nn/activation';
export type { Activation, ActivationName, LeakyReluOfSlope } from './nn/activation';
export { asLayer } from './nn/as-layer';
export type { AsLayerOptions, LayersModelLike, NetworkLike } from './nn/as-layer';
export { AdaptiveResidual, contextEmbedding, EmbeddedContext, Film } from './nn/conditioning';
export type {
  AdaptiveResidualOptions,
  ConditionedOptions,
  ContextEmbeddingOptions,
  EmbeddedContextOptions,
  FilmOptions,
} from './nn/conditioning';
export { convDecoder, convEncoder } from './nn/conv-autoencoder';
export type { ConvDecoderOptions, ConvEncoderOptions, ImagePlane } from './nn/conv-autoencoder';
export { Conv1d } from './nn/conv1d';
export type { Conv1dOptions } from './nn/conv1d';
export { Conv2d } from './nn/conv2d';
export type { Conv2dOptions } from './nn/conv2d';
export { ConvTranspose2d } from './nn/conv-transpose2d';
export type { ConvTranspose2dOptions } from './nn/conv-transpose2d';
export { BaseDataDependentLayer, initializeFromData } from './nn/data-dependent-init';
export type { DataDependentInit } from './nn/data-dependent-init';
export { Dense } from './nn/dense';
export type { DenseOptions } from './nn/dense';
export { Dropout } from './nn/dropout';
export type { DropoutOptions } from './nn/dropout';
export { Embedding } from './nn/embedding';
export type { EmbeddingOptions } from './nn/embedding';
export { FourierFeatures, SinusoidalEmbedding } from './nn/fourier-features';
export type { FourierFeaturesOptions, SinusoidalEmbeddingOptions } from './nn/fourier-features';
export { GroupNorm } from './nn/group-norm';
export type { GroupNormOptions } from './nn/group-norm';
export type { ConvolutionLayerOptions, KernelOptions } from './nn/kernel-layer';
export { BaseLayer, childCall, outputShapes } from './nn/layer';
export type { CallOptions, Layer } from './nn/layer';
export { LayerNorm } from './nn/layer-norm';
export type { LayerNormOptions } from './nn/layer-norm';
export { madeDegrees, madeMask, madeMaskBetween } from './nn/made';
export type { MadeSizes } from './nn/made';
export { maskedWeight } from './nn/masked';
export { mlp } from './nn/mlp';
export type { MlpOptions } from './nn/mlp';
export { MultiHeadAttention } from './nn/multi-head-attention';
export type { AttentionState, MultiHeadAttentionOptions } from './nn/multi-head-attention';
export type { Padding, PerAxis } from './nn/padding';
export { gru, GruCell, lstm, LstmCell, Recurrent } from './nn/recurrent';
export type {
  CellOptions,
  GateWeights,
  GruState,
  LstmState,
  RecurrentCell,
  RecurrentState,
} from './nn/recurrent';
export { AveragePool2d, Upsample2d } from './nn/resample';
export type { AveragePool2dOptions, Upsample2dOptions } from './nn/resample';
export { ScalePixels } from './nn/scale-pixels';
export type { ScalePixelsOptions } from './nn/scale-pixels';
export { Flatten, Reshape } from './nn/reshape';
export type { ReshapeOptions } from './nn/reshape';
export { Residual, residualBlock, residualMlp } from './nn/residual';
export type { ResidualBlockOptions, ResidualMlpOptions, ResidualOptions } from './nn/residual';
export { checkSecondDerivative, firstOrderKernels } from './nn/second-derivative';
export { Sequential } from './nn/sequential';
export { spectralNorm } from './nn/spectral-norm';
export type { SpectralNormOptions } from './nn/spectral-norm';
export type { SequenceState, StateOptions, Step, StepLayer } from './nn/step-layer';
export { transformerBlock } from './nn/transformer-block';
export type { TransformerBlockOptions } from './nn/transformer-block';
export { convResidualBlock, SpatialAttention, uNet } from './nn/u-net';
export type { ConvResidualBlockOptions, SpatialAttentionOptions, UNetOptions } from './nn/u-net';
export { BaseWeight } from './nn/weight';
export type { Parametrization, Weight, WeightLayout } from './nn/weight';
export { weightNorm } from './nn/weight-norm';

// Markov chains
export { drawsAlong } from './mcmc/chain';
export type { ChainOptions, GradientChainOptions, LogDensity } from './mcmc/chain';
export { effectiveSampleSize, splitRHat } from './mcmc/diagnostics';
export { gibbs } from './mcmc/gibbs';
export type { Conditional, GibbsOptions } from './mcmc/gibbs';
export { hmc } from './mcmc/hmc';
export type { HmcOptions } from './mcmc/hmc';
export { langevin, mala } from './mcmc/langevin';
export type { LangevinOptions } from './mcmc/langevin';
export type { MetropolisLoop, MetropolisOptions, MetropolisState } from './mcmc/metropolis';

// distributions
export { Bernoulli } from './distributions/bernoulli';
export { Beta } from './distributions/beta';
export { Categorical } from './distributions/categorical';
export { ContinuousBernoulli } from './distributions/continuous-bernoulli';
export { DiscretizedLogistic } from './distributions/discretized-logistic';
export type { DiscretizedLogisticOptions } from './distributions/discretized-logistic';
export { BaseDistribution } from './distributions/distribution';
export type { ConditionalDistribution, Distribution } from './distributions/distribution';
export {
  bernoulliMap,
  bernoulliMle,
  categoricalMap,
  categoricalMle,
  normalMap,
  normalMle,
} from './distributions/estimation';
export type { BetaPrior, NormalEstimate, NormalInverseGammaPrior } from './distributions/estimation';
export { choleskyFactor } from './distributions/cholesky';
export { conditionalNormal, marginalNormal } from './distributions/normal-conditioning';
export type { NormalMoments } from './distributions/normal-conditioning';
export { Gamma } from './distributions/gamma';
export { conditional } from './distributions/heads/conditional';
export {
  bernoulliHead,
  categoricalHead,
  continuousBernoulliHead,
  laplaceHead,
  normalHead,
  normalMixtureHead,
  poissonHead,
  studentTHead,
} from './distributions/heads/distribution-heads';
export type {
  NormalHeadOptions,
  NormalMixtureHeadOptions,
  StudentTHeadOptions,
} from './distributions/heads/distribution-heads';
export { distributionHead } from './distributions/heads/head';
export type { DistributionHead, HeadDefinition, IntegerHeadOptions } from './distributions/heads/head';
export {
  discretizedLogisticHead,
  discretizedLogisticMixtureHead,
  logisticPixelMixtureHead,
} from './distributions/heads/logistic-heads';
export type { LogisticMixtureHeadOptions } from './distributions/heads/logistic-heads';
export { modelHead } from './distributions/heads/model-head';
export type { ModelHeadOptions } from './distributions/heads/model-head';
export { Independent, standardNormal } from './distributions/independent';
export { hasKlDivergence, klDivergence } from './distributions/kl-divergence';
export { Laplace } from './distributions/laplace';
export { LocationScale } from './distributions/location-scale';
export { Logistic } from './distributions/logistic';
export { LogisticPixelMixture } from './distributions/logistic-pixel-mixture';
export type { LogisticPixelParameters } from './distributions/logistic-pixel-mixture';
export { Mixture } from './distributions/mixture';
export { MultivariateNormal } from './distributions/multivariate-normal';
export { Normal } from './distributions/normal';
export { pickParameter, pickScale } from './distributions/parameters';
export type { BatchShapeOptions, Parameter, Scale } from './distributions/parameters';
export { Poisson } from './distributions/poisson';
export type { Rate } from './distributions/poisson';
export { sampleAndLogProb } from './distributions/sample-and-log-prob';
export { StudentT } from './distributions/student-t';
export { checkSameSpace } from './distributions/support';
export type { EventSpace } from './distributions/support';
export { Transformed } from './distributions/transformed';
export { TruncatedNormal } from './distributions/truncated-normal';
export type { TruncatedNormalOptions } from './distributions/truncated-normal';
export { Uniform } from './distributions/uniform';

// bijectors
export { BaseBijector, initializeBijector } from './bijectors/bijector';
export type { Bijector, ForwardResult, InverseResult } from './bijectors/bijector';
export { Chain, Inverse } from './bijectors/combinators';
export type { BijectorChainOptions } from './bijectors/combinators';
export { Affine, Exp, Identity, Logit, Sigmoid, Softplus, Tanh } from './bijectors/elementwise';
export type { AffineOptions } from './bijectors/elementwise';
export { Permutation } from './bijectors/permutation';

// differential equations
export { dormandPrince } from './ode/dormand-prince';
export type { DormandPrinceOptions } from './ode/dormand-prince';
export {
  exactTrace,
  hutchinsonTrace,
  jacobianProductOf,
  jacobianVectorProduct,
  randomSigns,
  unitVectors,
  vectorJacobianProduct,
} from './ode/jacobian';
export type { HutchinsonTraceOptions, JacobianProduct, Trace } from './ode/jacobian';
export { odeSamplingLoop, rungeKutta, stepAt, stepTimes } from './ode/ode';
export type {
  FixedStepSolver,
  OdeSamplingLoopOptions,
  OdeSolver,
  OdeState,
  RungeKuttaOptions,
  TimeInterval,
  VectorField,
} from './ode/ode';

// ops
export {
  elu,
  exp,
  expm1,
  gelu,
  geluTanh,
  leakyRelu,
  mish,
  quickGelu,
  relu,
  selu,
  sigmoid,
  softplus,
  softsign,
  swish,
  tanh,
} from './ops/activations';
export { besselRatio, logBesselI } from './ops/bessel';
export type { LogBesselOptions } from './ops/bessel';
export { besselRatioGap, logBesselGap } from './ops/bessel-gap';
export { broadcastTo } from './ops/broadcast-to';
export { clipToRange } from './ops/clip';
export type { ClipOptions } from './ops/clip';
export { codeVectors, nearestCodes } from './ops/codebook';
export { elementwise, withGradient } from './ops/differentiable';
export type { Elementwise } from './ops/differentiable';
export { erf, erfc, erfinv } from './ops/error-function';
export { digamma, lgamma, polygamma } from './ops/gamma';
export { log1mExp, log1p, logAddExp, logSigmoid } from './ops/log-arithmetic';
export { logSoftmax, logSumExp, softmax } from './ops/log-sum-exp';
export { euclideanNorm } from './ops/norm';
export { logNdtr, ndtr, ndtri } from './ops/normal';
export { oneHot } from './ops/one-hot';
export { selectByMask } from './ops/select';
export { stopGradient } from './ops/stop-gradient';
export { roundStraightThrough, straightThrough } from './ops/straight-through';
export { logBeta } from './ops/stirling';
export { sumLastAxes } from './ops/sum-last-axes';
export { solveTriangular, triangularInverse, triangularLogDet } from './ops/triangular';
export type { TriangleOptions } from './ops/triangular';
export { unstack } from './ops/unstack';
export type { ReductionOptions } from './ops/log-sum-exp';

// training
export { adam, adamax, adamW } from './train/adam';
export type { AdamFamilyOptions, AdamOptions, AdamWOptions } from './train/adam';
export type { Callback, CurvePoint, FitResult, StoppedBy, TrainingPlan } from './train/fit-result';
export { checkExamples } from './train/check-examples';
export type { CheckExamplesOptions } from './train/check-examples';
export { eager } from './train/eager';
export type { EarlyStoppingOptions } from './train/training-state';
export type {
  Engine,
  BatchFunction,
  BatchLoop,
  PreparedFunction,
  StepFeed,
  StepInputs,
  StepProgram,
  StepTerms,
  TrainStep,
} from './train/engine';
export { evaluate } from './train/evaluate';
export type { EvaluateOptions, Evaluation, EvaluationProgress, LikelihoodMeasure } from './train/evaluate';
export { gatherExamples } from './train/examples';
export type {
  AnyMakeBatch,
  Dataset,
  Examples,
  ExampleSource,
  MakeBatch,
  MakeBatchOptions,
} from './train/examples';
export { ExponentialAverage } from './train/exponential-average';
export { fit } from './train/fit';
export type {
  CheckpointOptions,
  CommonFitOptions,
  FitOptions,
  RecoverOptions,
  TrainingData,
} from './train/fit-options';
export { clipByGlobalNorm, valueAndGradients } from './train/gradients';
export type { LossTerms } from './train/gradients';
export { classContext, hideLabels, UNKNOWN_LABEL } from './train/labels';
export type { ClassContextOptions } from './train/labels';
export { ModelStep } from './train/model-step';
export type { AverageOptions, StepOptions } from './train/model-step';
export type { Optimizer, OptimizerFactory, UpdateContext } from './train/optimizer';
export { rmsprop } from './train/rmsprop';
export type { RmspropOptions } from './train/rmsprop';
export {
  constantSchedule,
  cosineSchedule,
  exponentialSchedule,
  piecewiseSchedule,
  warmUpSchedule,
} from './train/schedule';
export type { Schedule } from './train/schedule';
export { checkWeight, cyclicAnnealing, linearAnnealing, weightAt } from './train/scheduled-weight';
export type { ScheduledWeight } from './train/scheduled-weight';
export { sgd } from './train/sgd';
export type { SgdOptions } from './train/sgd';

// model files
export { recordConstruction, recorderOf } from './construction/construction';
export type { Construction } from './construction/construction';
export type { Architecture, Json, ModelPackage, ModelParts, Part } from './model-file/architecture';
export type { HeldOut, ModelCard, TrainingFacts } from './model-file/card';
export { inspectModel, loadModel, modelBytes } from './model-file/model-file';
export type {
  LoadedModel,
  LoadModelOptions,
  ModelDescription,
  SaveModelOptions,
} from './model-file/model-file';
export { modelParts } from './model-file/parts';

// checkpoints
export { memoryStore } from './checkpoint/checkpoint-store';
export type { CheckpointStore } from './checkpoint/checkpoint-store';
export type { HostDtype, HostTensor } from './checkpoint/host-tensor';
export { readSafetensors, writeSafetensors } from './checkpoint/safetensors';
export type { TensorFile } from './checkpoint/safetensors';
export { sha256 } from './checkpoint/sha256';
export { loadWeights, saveWeights } from './checkpoint/weights';
export type { LoadOptions, LoadReport } from './checkpoint/weights';

// metrics
export { calibration, classificationError, expectedCalibrationError } from './metrics/classification';
export type { Calibration, CalibrationOptions, ReliabilityBin } from './metrics/classification';
export { auroc, averagePrecision, falsePositiveRate, rejectionCurve } from './metrics/detection';
export type { RejectionCurve } from './metrics/detection';
export {
  multiscaleStructuralSimilarity,
  peakSignalToNoiseRatio,
  structuralSimilarity,
} from './metrics/image-quality';
export type { StructuralSimilarityOptions } from './metrics/image-quality';
export {
  gaussianKernel,
  inverseMultiquadraticKernel,
  maximumMeanDiscrepancy,
  squaredMmd,
} from './metrics/mmd';
export type { MmdEstimator, MmdOptions, RadialKernel, SquaredMmdOptions } from './metrics/mmd';
export { modeCounts } from './metrics/modes';
export type { ModeCounts } from './metrics/modes';
export { sampleQuality } from './metrics/neighbours';
export type { SampleQuality, SampleQualityOptions } from './metrics/neighbours';
export { planeKl } from './metrics/plane';
export type { PlaneDensity, PlaneKl, PlaneKlOptions } from './metrics/plane';
export { bitsPerDim } from './metrics/units';
