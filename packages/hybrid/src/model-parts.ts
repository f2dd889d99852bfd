import type { ModelParts } from '@dgm/core';
import { generativeClassifier } from './generative-classifier';
import { hybrid } from './hybrid';
import { hybridIdf } from './hybrid-idf';
import { RandomShift } from './random-shift';
import { ORIGIN } from './record';
import { convexWeights, densityWeight } from './weights';

/** What model files may name of this package. A file is read by calling these and nothing else. */
export const modelParts: ModelParts = {
  ...ORIGIN,
  parts: {
    generativeClassifier,
    hybrid,
    hybridIdf,
    convexWeights,
    densityWeight,
    RandomShift,
  },
};
