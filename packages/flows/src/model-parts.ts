import type { ModelParts } from '@dgm/core';
import { Autoregressive } from './autoregressive/autoregressive';
import { maskedNetwork } from './autoregressive/masked-network';
import { autoregressiveBase } from './base/autoregressive-base';
import { learnedBase } from './base/flow-base';
import { ContinuousFlow } from './continuous/continuous-flow';
import { Coupling } from './coupling/coupling';
import { interleaved } from './coupling/interleaved';
import { MaskedCoupling } from './coupling/masked-coupling';
import { rezero } from './coupling/rezero';
import { dequantized } from './dequantization/dequantized-flow';
import { uniformDequantizer, variationalDequantizer } from './dequantization/dequantizer';
import { logitPreprocessing } from './dequantization/logit-preprocessing';
import { ElementWise, Leaky } from './elementwise/element-wise';
import { flow } from './flow';
import { IntegerCoupling } from './integer/integer-coupling';
import { integerLogistic, integerLogisticMixture } from './integer/integer-logistic';
import { addition, modularAddition } from './integer/integer-operations';
import { MaskedIntegerCoupling } from './integer/masked-integer-coupling';
import { Householder } from './linear/householder';
import { LuLinear } from './linear/lu-linear';
import { ActNormFlow, BatchNormFlow } from './linear/normalization';
import { iaf, maf } from './models/autoregressive-flows';
import { autoregressiveIdf } from './models/autoregressive-idf';
import { cnf } from './models/cnf';
import { glow } from './models/glow';
import { histogramFlow } from './models/histogram-flow';
import { idf } from './models/idf';
import { imageIdf } from './models/image-idf';
import { neuralSplineFlow } from './models/neural-spline-flow';
import { realNvp } from './models/real-nvp';
import { denseFlow, residualFlow } from './models/residual-flow';
import { planarFlow, sylvesterFlow } from './models/sylvester-flow';
import { factorOut } from './multiscale/factor-out';
import { Reshape, Squeeze } from './multiscale/reshape';
import { ORIGIN } from './record';
import { contractiveDenseNet, contractiveMlp } from './residual/contraction';
import { InvertibleResidual } from './residual/invertible-residual';
import { exactLogDet, powerSeries, russianRoulette } from './residual/log-determinant';
import { ConcatenatedLipSwish, LipSwish } from './smooth/activations';
import { smoothMlp } from './smooth/smooth-mlp';
import { Planar } from './sylvester/planar';
import { Radial } from './sylvester/radial';
import { Sylvester } from './sylvester/sylvester';
import { additive, affine } from './transformers/affine';
import { linearSpline } from './transformers/linear-spline';
import { rationalQuadraticSpline } from './transformers/rational-quadratic-spline';

/** What model files may name of this package. A file is read by calling these and nothing else. */
export const modelParts: ModelParts = {
  ...ORIGIN,
  parts: {
    flow,
    iaf,
    maf,
    autoregressiveIdf,
    glow,
    cnf,
    histogramFlow,
    idf,
    imageIdf,
    neuralSplineFlow,
    realNvp,
    denseFlow,
    residualFlow,
    planarFlow,
    sylvesterFlow,
    autoregressiveBase,
    learnedBase,
    IntegerCoupling,
    MaskedIntegerCoupling,
    integerLogistic,
    integerLogisticMixture,
    dequantized,
    uniformDequantizer,
    variationalDequantizer,
    logitPreprocessing,
    affine,
    additive,
    linearSpline,
    rationalQuadraticSpline,
    Autoregressive,
    maskedNetwork,
    Coupling,
    interleaved,
    MaskedCoupling,
    rezero,
    ActNormFlow,
    BatchNormFlow,
    ElementWise,
    Leaky,
    Householder,
    LuLinear,
    factorOut,
    Reshape,
    Squeeze,
    Planar,
    Radial,
    Sylvester,
    contractiveDenseNet,
    contractiveMlp,
    InvertibleResidual,
    powerSeries,
    russianRoulette,
    ContinuousFlow,
    ConcatenatedLipSwish,
    LipSwish,
    smoothMlp,
    // functions and objects that options hold as they are
    addition,
    modularAddition,
    exactLogDet,
  },
};
