import { packageTests } from '@dgm/config/vitest';

// One build of the site and one browser serve all its tests.
export default packageTests({ setupFiles: [], hookTimeout: 600_000 });
