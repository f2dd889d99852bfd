import { describeError } from '../report/format';
import { formatBound, isWithin, type Claim, type ClaimContext } from './claim';
import type { Outcome } from './outcome';

/**
 * Measures one claim. An error is an outcome as well: the claim does not hold.
 * @param missing - why what the claim requires is not there; undefined where it is
 */
export async function measureClaim(
  claim: Claim,
  context: Omit<ClaimContext, 'seeds'>,
  missing: string | undefined,
): Promise<Outcome> {
  const { name, seeds } = claim;
  const bound = formatBound(claim.bound);
  if (missing !== undefined) {
    return {
      name,
      value: null,
      standardError: null,
      bound,
      holds: null,
      seeds,
      seconds: 0,
      skipped: missing,
    };
  }
  const started = performance.now();
  const seconds = () => Number(((performance.now() - started) / 1000).toFixed(1));
  try {
    const { value, standardError } = await claim.measure({ ...context, seeds });
    const holds = Number.isFinite(value) && isWithin(value, claim.bound);
    const finite = (number: number | null) => (Number.isFinite(number) ? number : null);
    const numbers = { value: finite(value), standardError: finite(standardError) };
    return { name, ...numbers, bound, holds, seeds, seconds: seconds() };
  } catch (error) {
    console.error(`${name}: ${describeError(error)}`);
    return { name, value: null, standardError: null, bound, holds: false, seeds, seconds: seconds() };
  }
}

/** `pass  flows.digits.idf  96.43 ± 0.01 nats (<= 97.5)  285 s`. */
export function describeOutcome(outcome: Outcome, unit: string, width: number): string {
  const { name, value, standardError, bound, holds, seconds, skipped } = outcome;
  const title = name.padEnd(width);
  if (skipped !== undefined) return `skip  ${title}  ${skipped}`;
  const number = value === null ? 'no value' : value.toPrecision(5);
  const margin = standardError === null ? '' : ` ± ${standardError.toPrecision(2)}`;
  return `${holds ? 'pass' : 'FAIL'}  ${title}  ${number}${margin} ${unit} (${bound})  ${seconds} s`;
}
