#!/usr/bin/env node
import { run } from './program';

process.exitCode = await run(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  onInterrupt: (stop) => void process.once('SIGINT', stop),
});
