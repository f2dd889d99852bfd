import { ORIGIN } from '../construction/record';
import { Chain, Inverse } from '../bijectors/combinators';
import { Affine, Exp, Identity, Logit, Sigmoid, Softplus, Tanh } from '../bijectors/elementwise';
import { Permutation } from '../bijectors/permutation';
import { Bernoulli } from '../distributions/bernoulli';
import { Beta } from '../distributions/beta';
import { Categorical } from '../distributions/categorical';
import { ContinuousBernoulli } from '../distributions/continuous-bernoulli';
import { DiscretizedLogistic } from '../distributions/discretized-logistic';
import { Gamma } from '../distributions/gamma';
import { conditional } from '../distributions/heads/conditional';
import {
  bernoulliHead,
  categoricalHead,
  continuousBernoulliHead,
  laplaceHead,
  normalHead,
  normalMixtureHead,
  poissonHead,
  studentTHead,
} from '../distributions/heads/distribution-heads';
import {
  discretizedLogisticHead,
  discretizedLogisticMixtureHead,
  logisticPixelMixtureHead,
} from '../distributions/heads/logistic-heads';
import { modelHead } from '../distributions/heads/model-head';
import { Independent, standardNormal } from '../distributions/independent';
import { Laplace } from '../distributions/laplace';
import { Logistic } from '../distributions/logistic';
import { LogisticPixelMixture } from '../distributions/logistic-pixel-mixture';
import { Mixture } from '../distributions/mixture';
import { MultivariateNormal } from '../distributions/multivariate-normal';
import { Normal } from '../distributions/normal';
import { Poisson } from '../distributions/poisson';
import { StudentT } from '../distributions/student-t';
import { Transformed } from '../distributions/transformed';
import { TruncatedNormal } from '../distributions/truncated-normal';
import { Uniform } from '../distributions/uniform';
import { gaussianKernel, inverseMultiquadraticKernel } from '../metrics/mmd';
import { ActNorm } from '../nn/act-norm';
import { activationFunctions, ActivationLayer } from '../nn/activation';
import { AdaptiveResidual, contextEmbedding, EmbeddedContext, Film } from '../nn/conditioning';
import { convDecoder, convEncoder } from '../nn/conv-autoencoder';
import { ConvTranspose2d } from '../nn/conv-transpose2d';
import { Conv1d } from '../nn/conv1d';
import { Conv2d } from '../nn/conv2d';
import { Dense } from '../nn/dense';
import { Dropout } from '../nn/dropout';
import { Embedding } from '../nn/embedding';
import { FourierFeatures, SinusoidalEmbedding } from '../nn/fourier-features';
import { GroupNorm } from '../nn/group-norm';
import { LayerNorm } from '../nn/layer-norm';
import { maskedWeight } from '../nn/masked';
import { mlp } from '../nn/mlp';
import { MultiHeadAttention } from '../nn/multi-head-attention';
import { gru, GruCell, lstm, LstmCell, Recurrent } from '../nn/recurrent';
import { AveragePool2d, Upsample2d } from '../nn/resample';
import { Flatten, Reshape } from '../nn/reshape';
import { Residual, residualBlock, residualMlp } from '../nn/residual';
import { ScalePixels } from '../nn/scale-pixels';
import { Sequential } from '../nn/sequential';
import { spectralNorm } from '../nn/spectral-norm';
import { transformerBlock } from '../nn/transformer-block';
import { convResidualBlock, SpatialAttention, uNet } from '../nn/u-net';
import { weightNorm } from '../nn/weight-norm';
import { dormandPrince } from '../ode/dormand-prince';
import { exactTrace, hutchinsonTrace } from '../ode/jacobian';
import { rungeKutta } from '../ode/ode';
import { exp, expm1 } from '../ops/activations';
import {
  constantSchedule,
  cosineSchedule,
  exponentialSchedule,
  piecewiseSchedule,
  warmUpSchedule,
} from '../train/schedule';
import { cyclicAnnealing, linearAnnealing } from '../train/scheduled-weight';
import type { ModelParts } from './architecture';

/** What model files may name of this package. A file is read by calling these and nothing else. */
export const modelParts: ModelParts = {
  ...ORIGIN,
  parts: {
    // layers
    ...{
      ActNorm,
      ActivationLayer,
      AdaptiveResidual,
      contextEmbedding,
      EmbeddedContext,
      Film,
      convDecoder,
      convEncoder,
      Conv1d,
      Conv2d,
      ConvTranspose2d,
      Dense,
      Dropout,
      Embedding,
      FourierFeatures,
      SinusoidalEmbedding,
      GroupNorm,
      LayerNorm,
      maskedWeight,
      mlp,
      MultiHeadAttention,
      gru,
      GruCell,
      lstm,
      LstmCell,
      Recurrent,
      AveragePool2d,
      Upsample2d,
      ScalePixels,
      Flatten,
      Reshape,
      Residual,
      residualBlock,
      residualMlp,
      Sequential,
      spectralNorm,
      transformerBlock,
      convResidualBlock,
      SpatialAttention,
      uNet,
      weightNorm,
    },
    // distributions
    ...{
      Bernoulli,
      Beta,
      Categorical,
      ContinuousBernoulli,
      DiscretizedLogistic,
      Gamma,
      Independent,
      standardNormal,
      Laplace,
      Logistic,
      LogisticPixelMixture,
      Mixture,
      MultivariateNormal,
      Normal,
      Poisson,
      StudentT,
      Transformed,
      TruncatedNormal,
      Uniform,
    },
    // heads
    ...{
      conditional,
      bernoulliHead,
      categoricalHead,
      continuousBernoulliHead,
      laplaceHead,
      normalHead,
      normalMixtureHead,
      poissonHead,
      studentTHead,
      discretizedLogisticHead,
      discretizedLogisticMixtureHead,
      logisticPixelMixtureHead,
      modelHead,
    },
    // bijectors
    ...{ Chain, Inverse, Affine, Exp, Identity, Logit, Sigmoid, Softplus, Tanh, Permutation },
    // solvers, kernels of metrics, schedules
    ...{
      dormandPrince,
      rungeKutta,
      hutchinsonTrace,
      gaussianKernel,
      inverseMultiquadraticKernel,
      constantSchedule,
      cyclicAnnealing,
      linearAnnealing,
      cosineSchedule,
      exponentialSchedule,
      piecewiseSchedule,
      warmUpSchedule,
    },
    // functions that options hold as they are
    ...activationFunctions,
    ...{ exp, expm1, exactTrace },
  },
};
