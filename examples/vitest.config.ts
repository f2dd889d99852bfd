import { packageTests } from '@dgm/config/vitest';

export default packageTests({ include: ['*.test.ts'], testTimeout: 120_000 });
