import { adam } from '@dgm/core';
import { familyName } from '@dgm/family-name';
import { bookTraining } from './shared/book';
import type { Recipe } from './shared/recipe';

export const recipes: readonly Recipe[] = [
  {
    name: 'family-name',
    source: 'independent entries',
    accepts: ({ levels }) => levels !== undefined,
    create: ({ dataset, key }) => ({
      model: familyName({ shape: dataset.train.shape, values: dataset.levels!, key }),
      training: { ...bookTraining, optimizer: adam({ learningRate: 3e-2 }) },
    }),
  },
];
