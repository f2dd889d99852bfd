import { Key } from '@dgm/core';
import type { ModelTable } from '@dgm/testing';
import { familyName } from '../src/index';

const everyEvent = [0, 1, 2].flatMap((first) => [0, 1, 2].map((second) => [first, second]));

/** The models with small weights and data: every check of the contract kit runs over each. */
export const models: ModelTable = {
  familyName: () => ({
    make: (key) => familyName({ shape: [2], values: 3, key }),
    data: () => Key.of(1).bernoulli([16, 2], 0.3),
    range: [0, 2],
    everyEvent,
  }),
};
