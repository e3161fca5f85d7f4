import { p } from '@mikro-orm/core';
import type { Clock } from '../kernel/clock.ts';
import { newId } from '../kernel/ids.ts';

/** The columns every domain table begins with. */
export const base = { id: p.uuid().primary(), createdAt: p.datetime() } as const;

/** Their values for a new row. */
export const stamp = (clock: Clock): { id: string; createdAt: Date } => ({ id: newId(), createdAt: clock.now() });
