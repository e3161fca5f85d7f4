import type { Clock } from '../kernel/clock.ts';
import type { Viewer } from '../modules/access/index.ts';
import { createLoaders, type Loaders } from './loaders.ts';
import type { Modules } from './modules.ts';

/** What every resolver is given. */
export interface GraphContext {
  readonly viewer: Viewer;
  readonly modules: Modules;
  readonly loaders: Loaders;
}

export function createContext(modules: Modules, viewer: Viewer, clock: Clock): GraphContext {
  return { viewer, modules, loaders: createLoaders(modules, viewer, clock.now()) };
}
