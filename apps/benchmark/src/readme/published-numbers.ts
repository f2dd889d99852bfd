/** What a paper reports on binarised MNIST, in nats, as printed. */
export interface PublishedNumber {
  /** The entry that follows the paper's protocol. */
  readonly model: string;
  /** How the paper calls it. */
  readonly title: string;
  /** Minus the ELBO, where the paper gives it. */
  readonly bound?: string;
  /** The negative log-likelihood by importance sampling. */
  readonly estimate: string;
}

/** One paper's table. */
export interface PublishedTable {
  readonly paper: string;
  readonly data: string;
  readonly numbers: readonly PublishedNumber[];
}

const STATIC = 'static MNIST';

/** From Table 1 of each paper; those of Sylvester flows and of the S-VAE stand in the slides as well. */
export const publishedTables: readonly PublishedTable[] = [
  {
    paper: 'Tomczak and Welling, 2018',
    data: STATIC,
    numbers: [
      { model: 'vampprior-2018-standard', title: 'standard prior', estimate: '88.56' },
      { model: 'vampprior-2018-vamp', title: 'VampPrior', estimate: '85.57' },
    ],
  },
  {
    paper: 'van den Berg et al., 2018',
    data: STATIC,
    numbers: [
      { model: 'sylvester-2018-normal', title: 'VAE', bound: '86.55 ± 0.06', estimate: '82.14 ± 0.07' },
      { model: 'sylvester-2018-planar', title: 'planar', bound: '86.06 ± 0.31', estimate: '81.91 ± 0.22' },
      { model: 'sylvester-2018-orthogonal', title: 'O-SNF', bound: '83.32 ± 0.06', estimate: '80.22 ± 0.03' },
      {
        model: 'sylvester-2018-householder',
        title: 'H-SNF',
        bound: '83.40 ± 0.01',
        estimate: '80.29 ± 0.02',
      },
      { model: 'sylvester-2018-triangular', title: 'T-SNF', bound: '83.40 ± 0.10', estimate: '80.28 ± 0.06' },
    ],
  },
  {
    paper: 'Davidson et al., 2018',
    data: 'MNIST, dynamically binarised',
    numbers: [
      ...spheres('normal', 'N-VAE', [
        [2, '137.08 ± 0.83', '135.73 ± 0.83'],
        [5, '112.98 ± 0.21', '110.21 ± 0.21'],
        [10, '98.36 ± 0.30', '93.84 ± 0.30'],
        [20, '94.79 ± 0.19', '88.90 ± 0.26'],
        [40, '94.91 ± 0.18', '88.93 ± 0.30'],
      ]),
      ...spheres('sphere', 'S-VAE', [
        [2, '133.72 ± 0.85', '132.50 ± 0.73'],
        [5, '111.19 ± 0.08', '108.43 ± 0.09'],
        [10, '97.70 ± 0.32', '93.16 ± 0.31'],
        [20, '96.15 ± 0.32', '89.02 ± 0.31'],
        [40, '101.26 ± 0.33', '90.87 ± 0.34'],
      ]),
    ],
  },
];

function spheres(
  kind: string,
  title: string,
  rows: readonly (readonly [number, string, string])[],
): readonly PublishedNumber[] {
  return rows.map(([d, bound, estimate]) => ({
    model: `svae-2018-${kind}-${d}`,
    title: `${title}, d = ${d}`,
    bound,
    estimate,
  }));
}
