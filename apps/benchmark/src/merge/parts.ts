import { ArgumentError } from '@dgm/core';
import { sameMachine, type Machine, type MachineOfModels } from '../results/machine';
import { formatShard, parseShard, type Shard } from '../command-line/shard';

/** What one folder holds. */
export interface Part<Content> {
  readonly folder: string;
  readonly content: Content;
  /** Which part it is; none where it is the whole. */
  readonly shard?: Shard;
}

/** The command of the whole, out of that of a part. */
export const withoutShard = (command: string): string => command.replace(/ --shard \S+/, '');

/** Which part a command has made; undefined for the whole. */
export function shardOf(command: string): Shard | undefined {
  const [, shard] = / --shard (\S+)/.exec(command) ?? [];
  return shard === undefined ? undefined : parseShard(shard, 'dgm-bench merge');
}

/** @throws ArgumentError naming the first folder that differs from the first one */
export function requireAlike<Content>(
  parts: readonly Part<Content>[],
  what: string,
  read: (part: Part<Content>) => string,
): void {
  const [first] = parts;
  const other = parts.find((part) => read(part) !== read(first!));
  if (other === undefined) return;
  throw new ArgumentError({
    where: 'dgm-bench merge',
    argument: what,
    expected: `to be the same in all parts: ${read(first!)} in ${first!.folder}`,
    actual: `${read(other)} in ${other.folder}`,
  });
}

/**
 * The entries of all parts.
 * @param name - what an entry is called; no two have one name
 * @throws ArgumentError for two of one name
 */
export function joined<Content, Entry>(
  parts: readonly Part<Content>[],
  entries: (content: Content) => readonly Entry[],
  name: (entry: Entry) => string,
): readonly Entry[] {
  const origins = new Map<string, string>();
  return parts.flatMap(({ folder, content }) =>
    entries(content).map((entry) => {
      const other = origins.get(name(entry));
      origins.set(name(entry), folder);
      if (other === undefined) return entry;
      throw new ArgumentError({
        where: 'dgm-bench merge',
        argument: 'DIR',
        expected: 'to name parts that have nothing in common',
        actual: `${name(entry)} in both ${other} and ${folder}`,
      });
    }),
  );
}

/** Which machine measured what, where there was more than one. */
export function machinesOf<Content, M extends Machine>(
  parts: readonly Part<Content>[],
  read: (content: Content) => readonly MachineOfModels<M>[],
): { readonly machines?: readonly MachineOfModels<M>[] } {
  const all = parts.flatMap(({ content }) => read(content));
  return all.every(({ machine }) => sameMachine(machine, all[0]!.machine)) ? {} : { machines: all };
}

/** The parts that are not there: `2/4`. */
export function missingParts(shards: readonly (Shard | undefined)[]): readonly string[] {
  const count = Math.max(...shards.map((shard) => shard?.count ?? 1));
  const there = new Set(shards.map((shard) => shard?.index));
  const all = Array.from({ length: count }, (_, index) => index + 1);
  return count === 1
    ? []
    : all.filter((index) => !there.has(index)).map((index) => formatShard({ index, count }));
}
