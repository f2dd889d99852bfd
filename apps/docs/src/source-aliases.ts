import path from 'node:path';
import { repository } from './folders';

/** Every @dgm package from its source, so that the site can be built before the packages are. */
export const sourceAliases = [
  {
    find: /^@dgm\/([^/]+)$/,
    replacement: path.join(repository, 'packages', '$1', 'src', 'index.ts'),
  },
];
