import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describeBijector, describeCoverage, describeModel, type BijectorTable } from '@dgm/testing';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import * as api from '../src/index';
import { continuousLayers, continuousTimeModels } from './continuous.cases';
import { errorTable } from './error-table';
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

/** The table with one case for each row, whoever asks: what the contract measures of it, the README's table shows. */
const sharing = (table: BijectorTable): BijectorTable =>
  Object.fromEntries(
    Object.entries(table).map(([name, makeCase]) => {
      const the = makeCase();
      return [name, () => the];
    }),
  );

const layers = sharing({
  ...couplings,
  ...splineLayers,
  ...autoregressiveLayers,
  ...integerLayers,
  ...linearLayers,
  ...sylvesterLayers,
  ...residualLayers,
  ...continuousLayers,
});
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

/** With DGM_WRITE_ERRORS=1 this test writes the table. */
const [start, end] = ['<!-- errors -->\n', '\n<!-- /errors -->'];

// Other backends round in another order; the contract holds them to its tolerances.
test.runIf(tf.getBackend() === 'cpu')('the README shows the errors that are measured', () => {
  const readme = resolve(process.cwd(), 'README.md');
  const text = readFileSync(readme, 'utf8');
  const [from, to] = [text.indexOf(start) + start.length, text.indexOf(end)];
  const wanted = `\n${errorTable(layers)}\n`;
  if (process.env['DGM_WRITE_ERRORS'] === '1') {
    writeFileSync(readme, text.slice(0, from) + wanted + text.slice(to));
    return;
  }
  expect(text.slice(from, to)).toBe(wanted);
});
