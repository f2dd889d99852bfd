import { describeReadme } from '@dgm/testing';

describeReadme({
  'test/readme-codes.ts': () => import('./readme-codes'),
  'test/readme-example.ts': () => import('./readme-example'),
  'test/readme-hierarchical.ts': () => import('./readme-hierarchical'),
  'test/readme-labels.ts': () => import('./readme-labels'),
  'test/readme-objectives.ts': () => import('./readme-objectives'),
  'test/readme-posteriors.ts': () => import('./readme-posteriors'),
});
