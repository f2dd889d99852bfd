// the contract
export { BaseFlowLayer } from './flow-layer';
export type { FlowLayer } from './flow-layer';

// models
export { flow } from './flow';
export type { Flow, FlowOptions } from './flow';
export { iaf, maf } from './models/autoregressive-flows';
export type { CommonOptions, VectorFlowOptions } from './models/options';
export type { AutoregressiveFlowOptions } from './models/autoregressive-flows';
export { autoregressiveIdf } from './models/autoregressive-idf';
export type { AutoregressiveIdfOptions } from './models/autoregressive-idf';
export { glow } from './models/glow';
export type { GlowOptions } from './models/glow';
export { cnf } from './models/cnf';
export type { CnfOptions } from './models/cnf';
export { histogramFlow } from './models/histogram-flow';
export type { HistogramFlowOptions } from './models/histogram-flow';
export { idf } from './models/idf';
export type { IdfOptions } from './models/idf';
export { imageIdf } from './models/image-idf';
export type { ImageIdfOptions } from './models/image-idf';
export { neuralSplineFlow } from './models/neural-spline-flow';
export type { NeuralSplineFlowOptions } from './models/neural-spline-flow';
export { realNvp } from './models/real-nvp';
export type { RealNvpOptions } from './models/real-nvp';
export { denseFlow, residualFlow } from './models/residual-flow';
export type { DenseFlowOptions, ResidualFlowOptions } from './models/residual-flow';
export { planarFlow, sylvesterFlow } from './models/sylvester-flow';
export type { PlanarFlowOptions, SylvesterFlowOptions } from './models/sylvester-flow';

// learned base distributions
export { autoregressiveBase } from './base/autoregressive-base';
export type { AutoregressiveBaseOptions } from './base/autoregressive-base';
export { learnedBase } from './base/flow-base';

// integers as they are
export { addition, modularAddition } from './integer/integer-operations';
export type { BinaryOperation } from './integer/integer-operations';
export { IntegerCoupling } from './integer/integer-coupling';
export type { IntegerCouplingOptions } from './integer/integer-coupling';
export { MaskedIntegerCoupling } from './integer/masked-integer-coupling';
export type { MaskedIntegerCouplingOptions } from './integer/masked-integer-coupling';
export { integerLogistic, integerLogisticMixture } from './integer/integer-logistic';
export type {
  Background,
  IntegerLogisticMixtureOptions,
  IntegerLogisticOptions,
} from './integer/integer-logistic';

// integers through noise
export { dequantized } from './dequantization/dequantized-flow';
export type { DequantizedFlow, DequantizedOptions } from './dequantization/dequantized-flow';
export { uniformDequantizer, variationalDequantizer } from './dequantization/dequantizer';
export { logitPreprocessing } from './dequantization/logit-preprocessing';
export type { LogitPreprocessingOptions } from './dequantization/logit-preprocessing';

// transformers of single elements
export { additive, affine } from './transformers/affine';
export type { AffineTransformerOptions } from './transformers/affine';
export { linearSpline } from './transformers/linear-spline';
export type { PiecewiseOptions } from './transformers/piecewise';
export { rationalQuadraticSpline } from './transformers/rational-quadratic-spline';
export type { RationalQuadraticSplineOptions } from './transformers/rational-quadratic-spline';
export type { Transformer } from './transformers/transformer';

// autoregressive layers
export { Autoregressive } from './autoregressive/autoregressive';
export type { AutoregressiveOptions } from './autoregressive/autoregressive';
export { maskedNetwork } from './autoregressive/masked-network';
export type { MaskedNetworkOptions } from './autoregressive/masked-network';

// couplings
export { Coupling } from './coupling/coupling';
export type { CouplingOptions } from './coupling/coupling';
export { interleaved } from './coupling/interleaved';
export { MaskedCoupling } from './coupling/masked-coupling';
export type { MaskedCouplingOptions } from './coupling/masked-coupling';
export { alternatingMask, checkerboardMask, halfMask, oppositeMask } from './coupling/masks';
export type { Mask } from './coupling/masks';
export { rezero } from './coupling/rezero';

// linear and element-wise layers
export { ActNormFlow, BatchNormFlow } from './linear/normalization';
export type { ActNormFlowOptions, BatchNormFlowOptions } from './linear/normalization';
export { ElementWise, Leaky } from './elementwise/element-wise';
export type { ElementWiseOptions } from './elementwise/element-wise';
export { Householder } from './linear/householder';
export type { HouseholderOptions } from './linear/householder';
export { LuLinear } from './linear/lu-linear';
export type { LuLinearOptions } from './linear/lu-linear';
export { factorOut } from './multiscale/factor-out';
export type { FactorOutOptions } from './multiscale/factor-out';
export { Reshape, Squeeze } from './multiscale/reshape';
export type { ReshapeOptions, SqueezeOptions } from './multiscale/reshape';

// layers for posteriors
export { Planar } from './sylvester/planar';
export type { PlanarOptions } from './sylvester/planar';
export { Radial } from './sylvester/radial';
export type { RadialOptions } from './sylvester/radial';
export { Sylvester } from './sylvester/sylvester';
export type { SylvesterOptions } from './sylvester/sylvester';

// residual layers
export { contractiveDenseNet, contractiveMlp } from './residual/contraction';
export type {
  Contraction,
  ContractionOptions,
  ContractiveDenseNetOptions,
  ContractiveMlpOptions,
} from './residual/contraction';
export { InvertibleResidual } from './residual/invertible-residual';
export type { InvertibleResidualOptions } from './residual/invertible-residual';
export { exactLogDet, powerSeries, russianRoulette } from './residual/log-determinant';
export type {
  LogDeterminant,
  LogDeterminantCall,
  PowerSeriesOptions,
  RussianRouletteOptions,
} from './residual/log-determinant';

// continuous layers
export { ContinuousFlow } from './continuous/continuous-flow';
export type { ContinuousFlowOptions } from './continuous/continuous-flow';

// functions that know their Jacobian
export { ConcatenatedLipSwish, LipSwish } from './smooth/activations';
export type { SmoothActivationName } from './smooth/activations';
export type { Linearization, SmoothFunction, SmoothMap } from './smooth/smooth-map';
export { smoothMlp } from './smooth/smooth-mlp';
export type { SmoothMlpOptions } from './smooth/smooth-mlp';
export { spectralNormBound } from './smooth/spectral-norm-bound';

// model files
export { modelParts } from './model-parts';
