import { peerDrivers } from '../../program-files';
import { libraryOf, type PeerDescription, type PeerLibrary, type PeerName } from '../../results/comparison';
import type { Interpreter } from './python';
import { isOld, releasedOn } from './releases';
import type { Program } from './worker-process';

/** A peer of a comparison, and the interpreter that has its library. */
export interface Peer {
  readonly name: PeerName;
  readonly interpreter: Interpreter;
}

export interface PeerThreads {
  /** Of the BLAS library, which has threads of its own in Debian's PyTorch. */
  readonly threads: number;
  readonly operatorThreads: number;
}

/** Finds the library of each peer, once. */
export async function findPeers(
  names: readonly PeerName[],
  find: (library: PeerLibrary) => Promise<Interpreter>,
): Promise<readonly Peer[]> {
  const libraries = [...new Set(names.map(libraryOf))];
  const found = new Map(
    await Promise.all(libraries.map(async (library) => [library, await find(library)] as const)),
  );
  return names.map((name) => ({ name, interpreter: found.get(libraryOf(name))! }));
}

/** The versions of the peers that are installed, one for each library. */
export function describePeers(peers: readonly Peer[], now = new Date()): readonly PeerDescription[] {
  const described = peers.flatMap(({ name, interpreter }) => {
    if ('missing' in interpreter) return [];
    const { version, language } = interpreter;
    const [library, released] = [libraryOf(name), releasedOn(libraryOf(name), version)];
    return { library, version, language, released: released ?? null, isOld: isOld(released, now) };
  });
  return described.filter(
    ({ library }, index) => described.findIndex((other) => other.library === library) === index,
  );
}

/**
 * With which numbers of threads a peer is tried. Small models are faster in PyTorch where only the BLAS library has several
 * threads; XLA has one pool for everything.
 */
export function peerThreads(name: PeerName, threads: number): readonly PeerThreads[] {
  const counts = libraryOf(name) === 'JAX' ? [threads] : [...new Set([1, threads])];
  return counts.map((operatorThreads) => ({ threads, operatorThreads }));
}

/** How a peer is started, as it is fastest; a sentence where it is not installed. */
export function peerProgram(
  { name, interpreter }: Peer,
  { threads, operatorThreads }: PeerThreads,
): Program | string {
  const library = libraryOf(name);
  if ('missing' in interpreter) return `${library} is not installed (${interpreter.remedy})`;
  const args = [peerDrivers[library], MODES[name]];
  const env: Readonly<Record<string, string>> =
    library === 'JAX'
      ? { NPROC: String(threads), XLA_FLAGS: `--xla_cpu_multi_thread_eigen=${String(threads > 1)}` }
      : {
          OMP_NUM_THREADS: String(operatorThreads),
          OPENBLAS_NUM_THREADS: String(threads),
          MKL_NUM_THREADS: String(threads),
          // Threads that wait must not spin where there are few cores.
          ...(threads > 1 ? { OMP_WAIT_POLICY: 'passive' } : {}),
        };
  return { command: interpreter.python, args, env: { PYTHONDONTWRITEBYTECODE: '1', ...env } };
}

/** What the drivers call their modes. */
const MODES: Readonly<Record<PeerName, string>> = {
  pytorch: 'eager',
  'pytorch-fused': 'fused',
  'pytorch-compile': 'compile',
  jax: 'jit',
};
