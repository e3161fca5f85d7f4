import type { JsonObject } from '../../kernel/json.ts';
import type { SessionTerms } from './guard.ts';
import {
  BLOCK_TYPE,
  CMI5_CATEGORY,
  CMI5_EXTENSIONS,
  CMI5_VERBS,
  type Cmi5Verb,
  COURSE_TYPE,
  MOVE_ON_CATEGORY,
  REASON_EXTENSION,
  type WaiveReason,
} from './vocabulary.ts';

/** What an LMS adds to the terms of a session in its own statements. */
export interface Occasion {
  readonly id: string;
  /** RFC 3339, in UTC. */
  readonly timestamp: string;
}

export const agentOf = ({ account }: Pick<SessionTerms, 'account'>): JsonObject => ({ objectType: 'Agent', account });

/** The context an AU must begin its own from (10.2.1). */
export const contextTemplate = ({ sessionId, publisherId }: Pick<SessionTerms, 'sessionId' | 'publisherId'>): JsonObject => ({
  contextActivities: { grouping: [{ objectType: 'Activity', id: publisherId }] },
  extensions: { [CMI5_EXTENSIONS.sessionId]: sessionId },
});

interface Parts {
  readonly verb: Cmi5Verb;
  readonly object: JsonObject;
  readonly result?: JsonObject;
  readonly extensions?: JsonObject;
}

function statement(
  terms: Pick<SessionTerms, 'sessionId' | 'registration' | 'publisherId' | 'account'>,
  { id, timestamp }: Occasion,
  { verb, object, result, extensions }: Parts,
): JsonObject {
  const countsForMoveOn = result !== undefined && ('success' in result || 'completion' in result);
  return {
    id,
    actor: agentOf(terms),
    verb: { id: CMI5_VERBS[verb], display: { en: verb } },
    object,
    ...(result && { result }),
    context: {
      registration: terms.registration,
      contextActivities: {
        category: [{ id: CMI5_CATEGORY }, ...(countsForMoveOn ? [{ id: MOVE_ON_CATEGORY }] : [])],
        grouping: [{ id: terms.publisherId }],
      },
      extensions: { [CMI5_EXTENSIONS.sessionId]: terms.sessionId, ...extensions },
    },
    timestamp,
  };
}

const unit = ({ activityId }: Pick<SessionTerms, 'activityId'>): JsonObject => ({ objectType: 'Activity', id: activityId });

/** 9.3.1; before the AU is launched. @param launchUrl without the parameters of the launch. */
export function launched(terms: SessionTerms, launchUrl: string, launchParameters: string | null, occasion: Occasion): JsonObject {
  const extensions = {
    [CMI5_EXTENSIONS.launchMode]: terms.mode,
    [CMI5_EXTENSIONS.launchUrl]: launchUrl,
    [CMI5_EXTENSIONS.moveOn]: terms.moveOn,
    ...(terms.masteryScore !== null && { [CMI5_EXTENSIONS.masteryScore]: terms.masteryScore }),
    ...(launchParameters !== null && { [CMI5_EXTENSIONS.launchParameters]: launchParameters }),
  };
  return statement(terms, occasion, { verb: 'launched', object: unit(terms), extensions });
}

/** 9.3.6. @param seconds from the launch to the last statement of the AU. */
export const abandoned = (terms: SessionTerms, seconds: number, occasion: Occasion): JsonObject =>
  statement(terms, occasion, { verb: 'abandoned', object: unit(terms), result: { duration: `PT${Math.max(0, Math.round(seconds * 100) / 100)}S` } });

/** 9.3.7; under a session id of its own. */
export const waived = (terms: SessionTerms, reason: WaiveReason, occasion: Occasion): JsonObject =>
  statement(terms, occasion, { verb: 'waived', object: unit(terms), result: { success: true, completion: true, extensions: { [REASON_EXTENSION]: reason } } });

/** 9.3.9, about a block or the course. */
export function satisfied(
  terms: Pick<SessionTerms, 'sessionId' | 'registration' | 'publisherId' | 'account'>,
  object: { readonly activityId: string; readonly isCourse: boolean; readonly name: Readonly<Record<string, string>> },
  occasion: Occasion,
): JsonObject {
  const definition = { type: object.isCourse ? COURSE_TYPE : BLOCK_TYPE, name: object.name };
  return statement(terms, occasion, { verb: 'satisfied', object: { objectType: 'Activity', id: object.activityId, definition } });
}
