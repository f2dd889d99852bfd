/** Writes docs/kernels.md. Run from the root: npx tsx --tsconfig tsconfig.json packages/compile/scripts/kernel-table.ts */
import { writeFileSync } from 'node:fs';
import { setup } from '@dgm/core';
import { kernelTable } from '../test/support/kernel-table';

await setup({ backend: 'cpu' });
writeFileSync(new URL('../docs/kernels.md', import.meta.url), kernelTable());
