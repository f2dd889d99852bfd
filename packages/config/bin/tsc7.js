#!/usr/bin/env node
// TypeScript's native compiler checks types in a seventh of the processor time. The TypeScript of the root stays the one whose
// API the linter, the build and the reference of the site are made for.
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const manifest = createRequire(import.meta.url).resolve('typescript-native/package.json');
await import(pathToFileURL(join(dirname(manifest), 'bin/tsc')).href);
