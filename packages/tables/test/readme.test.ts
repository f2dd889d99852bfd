import { describeReadme } from '@dgm/testing';

describeReadme({ 'test/readme-example.ts': () => import('./readme-example') });
