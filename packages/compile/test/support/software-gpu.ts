import { existsSync } from 'node:fs';
import path from 'node:path';

/** Debian's chromium brings a Vulkan loader and SwiftShader, a Vulkan driver in software. */
const folders = [process.env['DGM_SWIFTSHADER'], '/usr/lib/chromium', '/usr/lib/chromium-browser'];
const ICD = 'vk_swiftshader_icd.json';

const folder = folders.find(
  (each) =>
    each !== undefined && existsSync(path.join(each, ICD)) && existsSync(path.join(each, 'libvulkan.so.1')),
);

/** What a process needs in its environment, from its start, to have a GPU in software; or why there is none. */
export const softwareGpu: { readonly environment?: NodeJS.ProcessEnv; readonly missing?: string } =
  folder === undefined
    ? {
        missing: `skipped: no ${ICD} of SwiftShader; install chromium, or name its folder in DGM_SWIFTSHADER`,
      }
    : { environment: { VK_DRIVER_FILES: path.join(folder, ICD), LD_LIBRARY_PATH: folder } };
