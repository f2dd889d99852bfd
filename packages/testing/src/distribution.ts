import type { DistributionCase } from './distribution/case';
import { densityChecks } from './distribution/density';
import { gradientChecks } from './distribution/gradients';
import { momentChecks } from './distribution/moments';
import { protocolChecks } from './distribution/protocol';
import { samplingChecks } from './distribution/sampling';
import { describeTable, type CaseTable, type Checks } from './register';

export type DistributionTable = CaseTable<DistributionCase>;

/** Every check of a distribution, by what it shows. Each throws when the distribution breaks it. */
export const distributionChecks: Checks<DistributionCase> = {
  ...protocolChecks,
  ...densityChecks,
  ...momentChecks,
  ...samplingChecks,
  ...gradientChecks,
};

/** Registers the checks of every distribution of the table. */
export function describeDistribution(table: DistributionTable): void {
  describeTable(table, distributionChecks);
}
