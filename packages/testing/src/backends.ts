import { eager, setup } from '@dgm/core';
import type { BackendName, StepTerms } from '@dgm/core';
import * as tf from '@tensorflow/tfjs-core';
import { describe, it } from 'vitest';
import type { CompiledTable } from './compiled';
import type { CompiledCase } from './compiled/trained';
import { compareTerms } from './compiled/near';
import { trained } from './compiled/trained';

const STEPS = 3;

/**
 * Registers, for every model of the table, that its first three eager steps have the same loss terms on every backend as
 * on the first one, within the tolerance of float32.
 */
export function describeBackends(table: CompiledTable, backends: readonly BackendName[]): void {
  const [reference, ...others] = backends;
  describe.each(others)(`on %s as on ${reference}`, (backend) => {
    it.each(Object.entries(table))('%s has the same first losses', async (_, makeCase) => {
      const [expected, actual] = [await termsOn(reference!, makeCase), await termsOn(backend, makeCase)];
      compareTerms(makeCase(), actual, expected);
    });
  });
}

/** The terms of each step; goes back to the backend of the suite. */
async function termsOn(backend: BackendName, makeCase: () => CompiledCase): Promise<readonly StepTerms[]> {
  const suite = tf.getBackend() as BackendName;
  const countsDataIds = tf.env().getBool('IS_TEST');
  await setup({ backend });
  // The check of IS_TEST is right on cpu alone (see setup.ts).
  tf.env().set('IS_TEST', countsDataIds && backend === 'cpu');
  try {
    return (await trained(makeCase(), eager(), { steps: STEPS })).terms;
  } finally {
    await setup({ backend: suite });
    tf.env().set('IS_TEST', countsDataIds);
  }
}
