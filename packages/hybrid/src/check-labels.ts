import { checkThat, UNKNOWN_LABEL } from '@dgm/core';

/**
 * Checks that some training example has a label.
 * @throws ArgumentError if all are unknown
 */
export function checkSomeLabel(labels: Int32Array): void {
  checkThat(
    'fit',
    'train.labels',
    labels.some((label) => label !== UNKNOWN_LABEL),
    {
      expected: 'to have the class of at least one example',
      actual: `${labels.length} unknown labels`,
      remedy: 'without classes, train a model of x alone',
    },
  );
}
