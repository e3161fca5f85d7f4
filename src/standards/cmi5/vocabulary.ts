const ADL = 'http://adlnet.gov/expapi/verbs/';
const W3ID = 'https://w3id.org/xapi/adl/verbs/';

/** The verbs of cmi5 (9.3). */
export const CMI5_VERBS = {
  launched: `${ADL}launched`,
  initialized: `${ADL}initialized`,
  completed: `${ADL}completed`,
  passed: `${ADL}passed`,
  failed: `${ADL}failed`,
  terminated: `${ADL}terminated`,
  abandoned: `${W3ID}abandoned`,
  waived: `${W3ID}waived`,
  satisfied: `${W3ID}satisfied`,
} as const;
export type Cmi5Verb = keyof typeof CMI5_VERBS;

export const CMI5_CATEGORY = 'https://w3id.org/xapi/cmi5/context/categories/cmi5';
export const MOVE_ON_CATEGORY = 'https://w3id.org/xapi/cmi5/context/categories/moveon';

const CONTEXT = 'https://w3id.org/xapi/cmi5/context/extensions/';
/** Extensions of the context (9.6.3). */
export const CMI5_EXTENSIONS = {
  sessionId: `${CONTEXT}sessionid`,
  masteryScore: `${CONTEXT}masteryscore`,
  launchMode: `${CONTEXT}launchmode`,
  launchUrl: `${CONTEXT}launchurl`,
  moveOn: `${CONTEXT}moveon`,
  launchParameters: `${CONTEXT}launchparameters`,
} as const;

const RESULT = 'https://w3id.org/xapi/cmi5/result/extensions/';
export const REASON_EXTENSION = `${RESULT}reason`;

const WAIVE_REASONS = ['Tested Out', 'Equivalent AU', 'Equivalent Outside Activity', 'Administrative'] as const;
export type WaiveReason = (typeof WAIVE_REASONS)[number];

export const BLOCK_TYPE = 'https://w3id.org/xapi/cmi5/activitytype/block';
export const COURSE_TYPE = 'https://w3id.org/xapi/cmi5/activitytype/course';

export const LAUNCH_DATA = 'LMS.LaunchData';
export const LEARNER_PREFERENCES = 'cmi5LearnerPreferences';

const LAUNCH_MODES = ['Normal', 'Browse', 'Review'] as const;
export type LaunchMode = (typeof LAUNCH_MODES)[number];
