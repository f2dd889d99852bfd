import { ArgumentError, closest } from '@dgm/core';
import { modulesIn } from '../modules-in';
import type { Claim } from './claim';

/** All claims: those of every file of the folder `registry`. */
export async function loadClaims(folder: URL): Promise<readonly Claim[]> {
  const claims: Claim[] = [];
  for (const [, file] of await modulesIn(folder)) {
    claims.push(...((await import(file.href)) as { readonly claims: readonly Claim[] }).claims);
  }
  return claims;
}

/**
 * The claims of the given names, in the order of the registry; all of them without names. `flows.*` names all that begin with
 * `flows.`.
 * @throws ArgumentError for a name that no claim has, with the closest one
 */
export function selectClaims(claims: readonly Claim[], names: readonly string[]): readonly Claim[] {
  const isNamed = (claim: Claim, name: string) =>
    name.endsWith('.*') ? claim.name.startsWith(name.slice(0, -1)) : claim.name === name;
  const unknown = names.find((name) => !claims.some((claim) => isNamed(claim, name)));
  if (unknown !== undefined) {
    const families = new Set(claims.map(({ name }) => `${name.split('.')[0]}.*`));
    const close = closest(unknown, [...families, ...claims.map(({ name }) => name)]);
    throw new ArgumentError({
      where: 'dgm-bench claims',
      argument: 'NAMES',
      expected: 'to be names of claims, or parts of them that end in .*',
      actual: `"${unknown}"`,
      remedy: close === undefined ? 'npm run bench -- claims --list lists them' : `did you mean "${close}"`,
    });
  }
  return names.length === 0 ? claims : claims.filter((claim) => names.some((name) => isNamed(claim, name)));
}
