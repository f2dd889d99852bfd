import { describeBijector, describeCoverage, describeModel } from '@dgm/testing';
import * as api from '../src/index';
import { couplings } from './layers.cases';
import { continuousModels } from './models.cases';

describeBijector(couplings);
describeModel(continuousModels);
describeCoverage({
  exports: api,
  tables: [couplings, continuousModels],
  testedIn: {
    BaseFlowLayer: 'src/flow-layer.test.ts',
    initializeFlow: 'src/flow-layer.test.ts',
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
    logitPreprocessing: 'src/dequantization/dequantized-flow.test.ts',
  },
});
