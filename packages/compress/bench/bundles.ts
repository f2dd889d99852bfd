// What programs for the browser take that import a part of the package: `npx tsx --tsconfig ../../tsconfig.json bench/bundles.ts`.
import { gzipSync } from 'node:zlib';
import { bundle } from '../test/fixtures/bundle';

for (const names of ['ransEncode, ransDecode', 'decodeJpeg', 'readCodec', 'readAnyCodec, imageCodec']) {
  const program = `import { ${names} } from './src/index.ts'; globalThis.used = [${names}];`;
  const script = await bundle(program, 'browser', { minify: true });
  console.log(`${names}: ${(gzipSync(script).length / 1000).toFixed(1)} kB, minified and gzipped`);
}
