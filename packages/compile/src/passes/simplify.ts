import type { Graph } from '../graph/graph';
import { rewrite } from '../graph/rewrite';
import { removeAliases } from './remove-aliases';
import { applyIdentities } from './apply-identities';
import { shareCommon } from './share-common';
import { foldConstants } from './fold-constants';

/** Every pass, in an order in which each prepares the next. */
export function simplify(graph: Graph): Graph {
  // Folding makes new constants and identities new chains, so the pair runs twice.
  const rounds = [
    removeAliases,
    foldConstants,
    applyIdentities,
    removeAliases,
    foldConstants,
    applyIdentities,
    removeAliases,
  ];
  return rewrite(
    rounds.reduce((current, rule) => rewrite(current, rule), graph),
    shareCommon(),
  );
}
