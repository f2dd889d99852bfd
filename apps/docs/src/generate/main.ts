import { writeAlgorithms } from './algorithms';
import { writePackagePages } from './package-pages';
import { writeParts } from './parts';
import { writeReference } from './reference';

writePackagePages();
writeParts();
writeAlgorithms();
if (!process.argv.includes('--without-reference')) await writeReference();
