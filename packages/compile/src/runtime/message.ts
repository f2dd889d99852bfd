/** What an error of the runtime says, in one line and without the place in its source that it starts with. */
export function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message
    .trim()
    .split('\n')[0]!
    .replace(/^\/.* was false\. /, '');
}
