import { writePackagePages } from './package-pages';
import { writeReference } from './reference';

writePackagePages();
await writeReference();
