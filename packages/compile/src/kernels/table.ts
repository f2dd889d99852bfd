import { arrangeKernels } from './arrange';
import { convolutionKernels } from './convolution';
import { elementwiseKernels } from './elementwise';
import { indexKernels } from './index-kernels';
import type { KernelTable } from './kernel';
import { matmulKernels } from './matmul';
import { poolKernels } from './pool';
import { reduceKernels } from './reduce';
import { resizeKernels } from './resize';

/** Every tfjs kernel that can be captured and lowered. */
export const kernels: KernelTable = {
  ...elementwiseKernels,
  ...reduceKernels,
  ...arrangeKernels,
  ...indexKernels,
  ...matmulKernels,
  ...convolutionKernels,
  ...poolKernels,
  ...resizeKernels,
};
