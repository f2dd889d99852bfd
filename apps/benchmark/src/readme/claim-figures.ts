import { ArgumentError } from '@dgm/core';
import type { CommittedClaim } from '../claims/outcome';
import { decimal } from '../report/format';

const FIGURE = /<!-- claim:([\w.-]+) (\d) -->[^<]*<!-- \/claim -->/g;

/**
 * A text with the committed values of the claims that it names: `<!-- claim:arm.digits.exact 1 -->79.6<!-- /claim -->` is one, with
 * one decimal.
 * @throws ArgumentError for a claim that is not committed
 */
export function withClaimFigures(text: string, claims: readonly CommittedClaim[]): string {
  return text.replace(FIGURE, (_, name: string, digits: string) => {
    const claim = claims.find((each) => each.name === name);
    if (claim !== undefined)
      return `<!-- claim:${name} ${digits} -->${decimal(claim.value, Number(digits))}<!-- /claim -->`;
    throw new ArgumentError({
      where: 'README',
      argument: `claim:${name}`,
      expected: 'to be a committed claim',
    });
  });
}

/** The table of all claims, with their last values. */
export function claimsTable(claims: readonly CommittedClaim[]): string {
  const rows = claims.map(({ name, value, standardError, unit, bound, holds, date, commit }) => {
    const margin = standardError === null || standardError === 0 ? '' : ` ± ${standardError.toPrecision(1)}`;
    return `| \`${name}\` | ${decimal(value, 2)}${margin} | ${unit} | ${bound}${holds ? '' : ', missed'} | ${date}, \`${commit}\` |`;
  });
  return [
    '| claim | last value | unit | bound | measured |',
    '| --- | --: | --- | --- | --- |',
    ...rows,
  ].join('\n');
}
