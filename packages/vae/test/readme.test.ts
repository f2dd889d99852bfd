import { describeReadme } from '@dgm/testing';

describeReadme({
  'test/readme-example.ts': () => import('./readme-example'),
  'test/readme-hierarchical.ts': () => import('./readme-hierarchical'),
  'test/readme-objectives.ts': () => import('./readme-objectives'),
  'test/readme-posteriors.ts': () => import('./readme-posteriors'),
});
