import { describeReadme } from '@dgm/testing';

describeReadme({
  'test/readme-example.ts': () => import('./readme-example'),
  'test/readme-lossy.ts': () => import('./readme-lossy'),
});
