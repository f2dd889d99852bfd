export { FamilyName, familyName } from './family-name';
export type { FamilyNameOptions } from './family-name';

// model files
export { modelParts } from './model-parts';
