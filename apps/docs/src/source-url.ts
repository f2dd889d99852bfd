/** The repository. Pages link to its files. */
export const sourceUrl = 'https://github.com/dgm-js/dgm';

/** Where the site is published. */
export const siteUrl = 'https://dgm-js.github.io/dgm';
