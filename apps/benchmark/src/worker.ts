import { serve } from './compare/programs/serve';
import { Session } from './compare/programs/session';

// Replies have standard output for themselves; whatever else is said goes beside it.
console.log = console.error;
console.info = console.error;
console.warn = console.error;

// Nobody waits for a reply any more: end in the middle of the work.
process.stdin.on('close', () => process.exit(0));

const [engine = 'eager', device = 'auto'] = process.argv.slice(2);
await serve(new Session({ engine, device }), { input: process.stdin, output: process.stdout });
