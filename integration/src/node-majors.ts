/** Versions that are tested besides the one that runs the tests; 20.19 is the oldest that `engines` allows. */
export const nodeMajors = ['22', '24', '26'] as const;

/** The package of npm that holds the program for this machine. */
export const nodeBinaries = `node-${process.platform}-${process.arch}`;

/** The name under which a version is installed beside others. */
export const nodePackage = (major: (typeof nodeMajors)[number]): string => `node-${major}`;
