import { packageTests } from '@dgm/config/vitest';

// The suites leave their engine as they found it: loading it and every family anew takes longer than most of them do.
export default packageTests({ isolate: false, globalSetup: ['test/bundle-program.ts'] });
