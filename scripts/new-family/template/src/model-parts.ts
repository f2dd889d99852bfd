import type { ModelParts } from '@dgm/core';
import { familyName } from './family-name';
import { ORIGIN } from './record';

/** What model files may name of this package. A file is read by calling these and nothing else. */
export const modelParts: ModelParts = {
  ...ORIGIN,
  parts: {
    familyName,
  },
};
