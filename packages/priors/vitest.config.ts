import { packageTests } from '@dgm/config/vitest';

// The suites are many and short, and leave their engine as they found it: loading it anew for each takes longer than the
// tests do.
export default packageTests({ isolate: false });
