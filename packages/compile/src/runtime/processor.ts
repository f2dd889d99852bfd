/**
 * Whether the processor takes a hundred cycles for a result below 1.2e-38, as Intel's do; those of others take as long as for any
 * number. A browser does not say which it has.
 */
export function hasSlowUnderflow(): boolean {
  if (typeof process === 'undefined' || process.versions?.node === undefined) return false;
  return process.getBuiltinModule('node:os').cpus()[0]?.model.includes('Intel') ?? false;
}
