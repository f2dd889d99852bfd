import { describeBijector, describeCoverage, describeModel } from '@dgm/testing';
import * as api from '../src/index';
import { continuousLayers, continuousTimeModels } from './continuous.cases';
import {
  autoregressiveLayers,
  couplings,
  integerLayers,
  linearLayers,
  splineLayers,
  sylvesterLayers,
} from './layers.cases';
import {
  autoregressiveModels,
  continuousModels,
  integerImageModels,
  integerModels,
  multiscaleModels,
  posteriorModels,
} from './models.cases';
import { residualLayers, residualModels } from './residual.cases';

const layers = {
  ...couplings,
  ...splineLayers,
  ...autoregressiveLayers,
  ...integerLayers,
  ...linearLayers,
  ...sylvesterLayers,
  ...residualLayers,
  ...continuousLayers,
};
const models = {
  ...continuousModels,
  ...multiscaleModels,
  ...autoregressiveModels,
  ...integerModels,
  ...integerImageModels,
  ...posteriorModels,
  ...residualModels,
  ...continuousTimeModels,
};

describeBijector(layers);
describeModel(models);
describeCoverage({
  exports: api,
  tables: [layers, models],
  testedIn: {
    BaseFlowLayer: 'src/flow-layer.test.ts',
    flow: 'src/flow.test.ts',
    additive: 'test/layers.cases.ts',
    affine: 'test/layers.cases.ts',
    alternatingMask: 'src/coupling/masks.test.ts',
    checkerboardMask: 'src/coupling/masks.test.ts',
    halfMask: 'src/coupling/masks.test.ts',
    oppositeMask: 'src/coupling/masks.test.ts',
    interleaved: 'src/coupling/interleaved.test.ts',
    rezero: 'src/coupling/interleaved.test.ts',
    uniformDequantizer: 'src/dequantization/dequantized-flow.test.ts',
    variationalDequantizer: 'src/dequantization/dequantized-flow.test.ts',
    linearSpline: 'src/transformers/splines.test.ts',
    rationalQuadraticSpline: 'src/transformers/splines.test.ts',
    maskedNetwork: 'src/autoregressive/masked-network.test.ts',
    addition: 'src/integer/integer-coupling.test.ts',
    modularAddition: 'src/integer/integer-coupling.test.ts',
    integerLogistic: 'src/integer/integer-coupling.test.ts',
    logitPreprocessing: 'src/dequantization/dequantized-flow.test.ts',
    contractiveDenseNet: 'src/residual/residual.test.ts',
    contractiveMlp: 'src/residual/residual.test.ts',
    ConcatenatedLipSwish: 'src/residual/residual.test.ts',
    exactLogDet: 'src/residual/residual.test.ts',
    LipSwish: 'src/residual/residual.test.ts',
    powerSeries: 'src/residual/log-determinant.test.ts',
    russianRoulette: 'src/residual/log-determinant.test.ts',
    smoothMlp: 'src/continuous/continuous-flow.test.ts',
    spectralNormBound: 'src/residual/residual.test.ts',
  },
});
