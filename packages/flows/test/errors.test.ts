import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { continuousLayers } from './continuous.cases';
import { errorTable } from './error-table';
import * as cases from './layers.cases';
import { residualLayers } from './residual.cases';

const readme = resolve(process.cwd(), 'README.md');
/** With DGM_WRITE_ERRORS=1 this test writes the table. */
const [start, end] = ['<!-- errors -->\n', '\n<!-- /errors -->'];

// Other backends round in another order; the contract kit holds them to its tolerances.
test.runIf(tf.getBackend() === 'cpu')('the README shows the errors that are measured', () => {
  const text = readFileSync(readme, 'utf8');
  const [from, to] = [text.indexOf(start) + start.length, text.indexOf(end)];
  const table = errorTable([
    cases.couplings,
    cases.splineLayers,
    cases.autoregressiveLayers,
    cases.integerLayers,
    cases.linearLayers,
    cases.sylvesterLayers,
    residualLayers,
    continuousLayers,
  ]);
  const wanted = `\n${table}\n`;
  if (process.env['DGM_WRITE_ERRORS'] === '1') {
    writeFileSync(readme, text.slice(0, from) + wanted + text.slice(to));
    return;
  }
  expect(text.slice(from, to)).toBe(wanted);
});
