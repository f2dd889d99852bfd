#!/usr/bin/env node
import { runCompress } from './compress-program';

process.exitCode = await runCompress(process.argv.slice(2), {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  onInterrupt: (stop) => void process.once('SIGINT', stop),
});
