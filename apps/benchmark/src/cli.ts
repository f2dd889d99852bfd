import { DgmError } from '@dgm/core';
import { main } from './main';

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  // What the user can mend is said in one line; a stack trace is for what nobody expected.
  console.error(
    DgmError.is(error) ? error.message : isSystemError(error) ? `dgm-bench: ${error.message}` : error,
  );
  process.exitCode = DgmError.is(error, 'argument') ? 2 : 1;
}

/** Whether the system refused something, as a full disk does. */
function isSystemError(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}
