import { DgmError } from '@dgm/core';
import { main } from './main';

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  // What the user can mend is said in one line; a stack trace is for what nobody expected.
  console.error(DgmError.is(error) ? error.message : error);
  process.exitCode = DgmError.is(error, 'argument') ? 2 : 1;
}
