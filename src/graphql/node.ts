import { AppError } from '../kernel/errors.ts';
import { digestKey } from '../kernel/ids.ts';
import type { Viewer } from '../modules/access/index.ts';

/** Permanent prefixes of global ids: they name the kind in logs and in bug reports, and make a wrong id say so. */
export const PREFIXES = {
  AccessGrant: 'grt',
  ActivityAlignment: 'aln',
  ApiToken: 'tok',
  Assessment: 'asm',
  Batch: 'bch',
  Competency: 'cmp',
  CompetencyAssociation: 'asc',
  CompetencyEquivalence: 'eqv',
  CompetencyFramework: 'fwk',
  CompetencyOverride: 'ovr',
  CompetencyRequirement: 'req',
  ContentItem: 'cit',
  ContentPackage: 'pkg',
  ContentPackageVersion: 'pkv',
  ContentRegistration: 'rgn',
  ContentSession: 'ssn',
  ContentUpload: 'upl',
  Enrolment: 'enr',
  Erasure: 'ers',
  Evidence: 'evd',
  EvidenceRule: 'rul',
  EvidenceRuleSet: 'rst',
  EvidenceRuleSetVersion: 'rsv',
  FrameworkVersion: 'fwv',
  Learner: 'lrn',
  LearningActivity: 'act',
  LrsCredential: 'crd',
  Module: 'mod',
  OrganizationUnit: 'unt',
  Partner: 'ptn',
  Position: 'pos',
  PositionHolding: 'hld',
  PositionStandard: 'std',
  PriorLearningClaim: 'plc',
  ProgramVersion: 'prv',
  ProgressEvent: 'evt',
  StatementForwarder: 'fwd',
  TrainingProgram: 'prg',
  Webhook: 'whk',
} as const;

export type NodeKind = keyof typeof PREFIXES;

/** Kinds whose rows each belong to one person. None is found by its id. */
export const OF_ONE_PERSON: ReadonlySet<string> = new Set<NodeKind>([
  'Assessment',
  'CompetencyOverride',
  'Enrolment',
  'PositionHolding',
  'PriorLearningClaim',
  'ProgressEvent',
]);

/** The id by which a viewer knows such a row: for each partner another one, from which nobody gets back to the row's own. */
export const towards = (viewer: Viewer, id: string): string => (viewer.role === 'PARTNER' ? digestKey('towards a partner', viewer.partnerId, id) : id);

/** Crockford's base 32 in lower case: no letter is mistaken for a digit. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const LENGTH = 26;

/** The opaque global id of a row. */
export function toGlobalId(kind: NodeKind, uuid: string): string {
  let value = BigInt(`0x${uuid.replaceAll('-', '')}`);
  let text = '';
  for (let digit = 0; digit < LENGTH; digit += 1) {
    text = ALPHABET[Number(value & 31n)] + text;
    value >>= 5n;
  }
  return `${PREFIXES[kind]}_${text}`;
}

function decode(id: string): { prefix: string; uuid: string } | null {
  const match = /^([a-z]{3})_([0-7][0-9a-hjkmnp-tv-z]{25})$/.exec(id);
  if (!match?.[1] || !match[2]) return null;
  let value = 0n;
  for (const letter of match[2]) value = (value << 5n) | BigInt(ALPHABET.indexOf(letter));
  const hex = value.toString(16).padStart(32, '0');
  return { prefix: match[1], uuid: `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}` };
}

const refuse = (path: string, message: string): AppError => new AppError('INVALID_INPUT', message, [{ path, rule: 'global-id', message }]);

/**
 * The UUID behind a global id of one kind.
 * @param path JSON pointer of the field the id came from.
 * @throws AppError INVALID_INPUT when it is not an id of this kind that this server wrote.
 */
export function fromGlobalId(kind: NodeKind, id: string, path: string): string {
  const decoded = decode(id);
  if (decoded?.prefix !== PREFIXES[kind])
    throw refuse(path, `expected the id of a ${kind}, which begins with ${PREFIXES[kind]}_; found ${JSON.stringify(id.slice(0, 60))}`);
  return decoded.uuid;
}

/** Kind and UUID of any global id. @throws AppError INVALID_INPUT when it is none. */
export function parseGlobalId(id: string, path: string): { kind: NodeKind; uuid: string } {
  const decoded = decode(id);
  const kind = (Object.keys(PREFIXES) as NodeKind[]).find((candidate) => PREFIXES[candidate] === decoded?.prefix);
  if (!decoded || !kind) throw refuse(path, `expected the id of some object; found ${JSON.stringify(id.slice(0, 60))}`);
  return { kind, uuid: decoded.uuid };
}
