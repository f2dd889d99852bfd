import { packageTests } from '@dgm/config/vitest';

export default packageTests();
