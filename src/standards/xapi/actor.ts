import { isObject, type JsonObject } from '../../kernel/json.ts';
import * as format from './formats.ts';
import { arrayOf, checkShape, type Rule, type Shape } from './report.ts';

/** The inverse functional identifiers of Data 2.4.2.3: exactly one names an agent. */
export const IFI_KINDS = ['mbox', 'mbox_sha1sum', 'openid', 'account'] as const;
export type IfiKind = (typeof IFI_KINDS)[number];

const account: Rule = (report, value, path) => {
  checkShape(report, value, path, {
    section: 'Data 2.4.2.4',
    what: 'an account',
    required: ['homePage', 'name'],
    rules: { homePage: format.iri, name: format.keyString },
  });
};

const objectType =
  (expected: string): Rule =>
  (report, value, path) => {
    if (value !== expected) report.add(path, 'Data 2.4.2', 'object-type', `expected "${expected}"; found ${JSON.stringify(value)}`);
  };

const IDENTIFIED = { name: format.string, mbox: format.mbox, mbox_sha1sum: format.sha1, openid: format.iri, account };
const AGENT: Shape = { section: 'Data 2.4.2.1', what: 'an Agent', rules: { ...IDENTIFIED, objectType: objectType('Agent') } };

const ifiCount = (value: JsonObject): number => IFI_KINDS.filter((kind) => Object.hasOwn(value, kind)).length;

/** An Agent: exactly one inverse functional identifier (Data 2.4.2.1). */
export const agent: Rule = (report, value, path) => {
  if (!checkShape(report, value, path, AGENT)) return;
  const count = ifiCount(value);
  if (count !== 1) {
    report.add(path, 'Data 2.4.2.3', 'one-ifi', `an Agent has exactly one of ${IFI_KINDS.join(', ')}; found ${count}`);
  }
};

const GROUP: Shape = {
  section: 'Data 2.4.2.2',
  what: 'a Group',
  required: ['objectType'],
  rules: { ...IDENTIFIED, objectType: objectType('Group'), member: arrayOf('Data 2.4.2.2', 'member', agent) },
};

/** A Group: at most one identifier; without one it needs members, and members are Agents (Data 2.4.2.2). */
export const group: Rule = (report, value, path) => {
  if (!checkShape(report, value, path, GROUP)) return;
  const count = ifiCount(value);
  if (count > 1) report.add(path, 'Data 2.4.2.3', 'one-ifi', `a Group has at most one of ${IFI_KINDS.join(', ')}; found ${count}`);
  if (count === 0 && !(Array.isArray(value['member']) && value['member'].length > 0)) {
    report.add(path, 'Data 2.4.2.2', 'anonymous-members', 'a Group without an identifier needs at least one member');
  }
};

const isGroup = (value: unknown): boolean => isObject(value) && value['objectType'] === 'Group';

/** An actor, instructor or object of either kind, told apart by objectType. */
export const agentOrGroup: Rule = (report, value, path) => (isGroup(value) ? group : agent)(report, value, path);

/** An authority: an Agent, or (OAuth) a Group of exactly two Agents (Data 2.4.9). */
export const authority: Rule = (report, value, path) => {
  agentOrGroup(report, value, path);
  if (!isGroup(value)) return;
  const members = (value as JsonObject)['member'];
  if (!Array.isArray(members) || members.length !== 2 || ifiCount(value as JsonObject) > 0) {
    report.add(path, 'Data 2.4.9', 'oauth-authority', 'an authority that is a Group is anonymous and has exactly two members');
  }
};
