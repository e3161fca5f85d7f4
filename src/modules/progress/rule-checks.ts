import { checkRange, checkTexts } from '../../kernel/checks.ts';
import { invalid } from '../../kernel/errors.ts';
import { ACTIVITY_KINDS } from '../training/index.ts';
import type { LevelCaps, Rule } from './rules.ts';

/** A rule to be written; what it names is checked against the alignments, which say what an activity assesses. */
export type NewRule = Omit<Rule, 'id' | 'versionId' | 'activityKey' | 'kindCaps' | 'authorityCaps'>;

/** A hundred years: an expiry stays a date. */
const MAX_VALID_DAYS = 36_525;
/** A year, in seconds. */
const MAX_DURATION = 31_536_000;

/** Every level a rule can give, with its place in the input. */
export const levelsNamed = (rule: NewRule, path: string): readonly (readonly [path: string, level: number])[] =>
  rule.bands.length > 0 ? rule.bands.map((band, index) => [`${path}/bands/${index}/level`, band.level] as const) : [[`${path}/level`, rule.level]];

const isScore = (score: number): boolean => score >= -1 && score <= 1;

/** @throws AppError INVALID_INPUT for a cap of a kind that there is none of, or outside 1 to 100. */
export function checkCaps({ kindCaps, authorityCaps }: LevelCaps): void {
  for (const kind of Object.keys(kindCaps))
    if (!ACTIVITY_KINDS.some((known) => known === kind)) throw invalid('/kindCaps', 'kind', `there is no kind of activity ${kind}`);
  for (const [path, caps] of [
    ['kindCaps', kindCaps],
    ['authorityCaps', authorityCaps],
  ] as const)
    for (const [key, level] of Object.entries(caps)) checkRange({ [`${path}/${key}`]: level }, 1, 100);
}

/** @throws AppError INVALID_INPUT for the first condition that cannot hold or says nothing. */
export function checkRuleConditions(rule: NewRule, path: string): void {
  const name = path.slice(1);
  if (rule.verbs.length === 0) throw invalid(`${path}/verbs`, 'not-empty', 'a rule names at least one verb');
  checkTexts({ [`${name}/activityIri`]: rule.activityIri, ...(rule.category !== null && { [`${name}/category`]: rule.category }) });
  if (rule.scaledMin !== null && !isScore(rule.scaledMin)) throw invalid(`${path}/scaledMin`, 'range', 'scaledMin lies between -1 and 1');
  if (rule.scaledMax !== null && !isScore(rule.scaledMax)) throw invalid(`${path}/scaledMax`, 'range', 'scaledMax lies between -1 and 1');
  if (rule.scaledMin !== null && rule.scaledMax !== null && rule.scaledMin > rule.scaledMax)
    throw invalid(`${path}/scaledMax`, 'range', 'scaledMax must not lie below scaledMin');
  rule.bands.forEach((band, index) => {
    if (!isScore(band.scaledMin)) throw invalid(`${path}/bands/${index}/scaledMin`, 'range', 'scaledMin lies between -1 and 1');
    if (index > 0 && band.scaledMin <= (rule.bands[index - 1]?.scaledMin ?? 0))
      throw invalid(`${path}/bands/${index}/scaledMin`, 'ascending', 'bands follow one another from the lowest score to the highest');
  });
  checkRange({ [`${name}/weight`]: rule.weight }, 1, 1_000);
  if (rule.durationMinSeconds !== null) checkRange({ [`${name}/durationMinSeconds`]: rule.durationMinSeconds }, 1, MAX_DURATION);
  if (rule.validDays !== null) checkRange({ [`${name}/validDays`]: rule.validDays }, 1, MAX_VALID_DAYS);
}
