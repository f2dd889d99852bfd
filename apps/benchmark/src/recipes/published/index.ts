import type { Recipe } from '../shared/recipe';
import { hypersphericalPaper } from './hyperspherical';
import { sylvesterPaper } from './sylvester';
import { vampPriorPaper } from './vamp-prior';

/** The architectures and protocols of papers on binarised MNIST, for data of bits alone. */
export const recipes: readonly Recipe[] = [...vampPriorPaper, ...sylvesterPaper, ...hypersphericalPaper];
