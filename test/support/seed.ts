import type { RunDetails } from 'fast-check';

/** Says how to run a failed property again, and why it failed; not the input, which may be a megabyte. */
export function reportSeed<T>({ failed, seed, counterexamplePath, errorInstance }: RunDetails<T>): void {
  if (failed) throw new Error(`the property failed; again with { seed: ${seed}, path: "${counterexamplePath}" }`, { cause: errorInstance });
}
