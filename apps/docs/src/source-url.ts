/** The repository. Pages link to its files. */
export const sourceUrl = 'https://github.com/dgm-js/dgm';
