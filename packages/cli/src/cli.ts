#!/usr/bin/env node
import { run } from './program';

// The reader of a pipe may have enough, as in dgm sample cars.dgm | head.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

process.exitCode = await run(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  onInterrupt: (stop) => void process.once('SIGINT', stop),
});
