import type { Clock } from '../kernel/clock.ts';
import type { Viewer } from '../modules/access/index.ts';
import { createLoaders, type Loaders } from './loaders.ts';
import type { Modules } from './modules.ts';

/** What every resolver is given. */
export interface GraphContext {
  readonly viewer: Viewer;
  readonly modules: Modules;
  readonly loaders: Loaders;
  /** Asked by what lives longer than a request: whether the token still holds. */
  readonly isStillValid: () => Promise<boolean>;
  /** Forgets what was loaded; for what lives longer than a request. */
  readonly renew: () => void;
}

export function createContext(modules: Modules, viewer: Viewer, clock: Clock, isStillValid: () => Promise<boolean> = async () => true): GraphContext {
  let loaders = createLoaders(modules, viewer, clock.now());
  return {
    viewer,
    modules,
    isStillValid,
    get loaders() {
      return loaders;
    },
    renew: () => {
      loaders = createLoaders(modules, viewer, clock.now());
    },
  };
}
