import type { Access } from '../modules/access/index.ts';
import type { Competencies } from '../modules/competency/index.ts';
import type { Content } from '../modules/content/index.ts';
import type { Launches } from '../modules/launch/index.ts';
import type { Erasures, Forwarding } from '../modules/lrs/index.ts';
import type { People } from '../modules/people/index.ts';
import type { Progress } from '../modules/progress/index.ts';
import type { Training } from '../modules/training/index.ts';

/** The rooms this door leads to. */
export interface Modules {
  readonly access: Access;
  readonly competencies: Competencies;
  readonly content: Content;
  readonly erasures: Erasures;
  readonly forwarding: Forwarding;
  readonly launches: Launches;
  readonly people: People;
  readonly progress: Progress;
  readonly training: Training;
}
