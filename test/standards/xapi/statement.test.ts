import { expect, test } from '@jest/globals';
import {
  attachmentsWithoutUrl,
  negotiateVersion,
  SUPPORTED_VERSIONS,
  VOIDED,
  validateStatement,
  validateStatements,
} from '../../../src/standards/xapi/index.ts';
import { ACTIVITY, guarantee, placesAndRules, statementWith } from './table.ts';

const ID = '6690e6c9-3ef0-4ed3-8b37-7f3964730bee';
const verb = (value: unknown) => statementWith({ verb: value });
const VERB_ID = 'http://adlnet.gov/expapi/verbs/completed';

guarantee('Data 2.4 type: a statement is an object', (value: unknown) => value, [
  ['not null', null, ['', 'Data 2.4 type']],
  ['not a string', '{}', ['', 'Data 2.4 type']],
  ['not a number', 0, ['', 'Data 2.4 type']],
  ['not false', false, ['', 'Data 2.4 type']],
]);

guarantee('Data 2.2: a statement has an actor, a verb and an object', statementWith, [
  ['those three are enough', {}],
  ['no actor', { actor: undefined }, ['/actor', 'Data 2.4 required']],
  ['no verb', { verb: undefined }, ['/verb', 'Data 2.4 required']],
  ['no object', { object: undefined }, ['/object', 'Data 2.4 required']],
  [
    'none of them',
    { actor: undefined, verb: undefined, object: undefined },
    ['/actor', 'Data 2.4 required'],
    ['/verb', 'Data 2.4 required'],
    ['/object', 'Data 2.4 required'],
  ],
]);

guarantee('Data 2.2: properties stand', (value: unknown) => value, [
  ['in any order', { object: ACTIVITY, verb: { id: VERB_ID }, actor: { mbox: 'mailto:ani@example.org' } }],
]);

guarantee('Data 2.2 no-null: no property of a statement is null', statementWith, [
  ['actor', { actor: null }, ['/actor', 'Data 2.2 no-null']],
  ['verb', { verb: null }, ['/verb', 'Data 2.2 no-null']],
  ['object', { object: null }, ['/object', 'Data 2.2 no-null']],
  ['id', { id: null }, ['/id', 'Data 2.2 no-null']],
  ['result', { result: null }, ['/result', 'Data 2.2 no-null']],
  ['context', { context: null }, ['/context', 'Data 2.2 no-null']],
  ['timestamp', { timestamp: null }, ['/timestamp', 'Data 2.2 no-null']],
  ['stored', { stored: null }, ['/stored', 'Data 2.2 no-null']],
  ['authority', { authority: null }, ['/authority', 'Data 2.2 no-null']],
  ['version', { version: null }, ['/version', 'Data 2.2 no-null']],
  ['attachments', { attachments: null }, ['/attachments', 'Data 2.2 no-null']],
]);

guarantee('Data 2.2 no-unknown-property: a statement has no other properties, and case matters', statementWith, [
  ['Actor', { Actor: {} }, ['/Actor', 'Data 2.2 no-unknown-property']],
  ['ID', { ID: ID }, ['/ID', 'Data 2.2 no-unknown-property']],
  ['timeStamp', { timeStamp: '2026-01-05T08:00:00Z' }, ['/timeStamp', 'Data 2.2 no-unknown-property']],
  ['voided, of the drafts', { voided: false }, ['/voided', 'Data 2.2 no-unknown-property']],
  ['extensions stand in result, context and definition', { extensions: {} }, ['/extensions', 'Data 2.2 no-unknown-property']],
  ['objectType belongs to SubStatements', { objectType: 'Statement' }, ['/objectType', 'Data 2.2 no-unknown-property']],
  ['the empty name', { '': 1 }, ['/', 'Data 2.2 no-unknown-property']],
  ['an unknown null is unknown, not null', { mood: null }, ['/mood', 'Data 2.2 no-unknown-property']],
]);

guarantee('Data 2.4.1: the id is a UUID', (id: unknown) => statementWith({ id }), [
  ['in small letters', ID],
  ['in capitals', ID.toUpperCase()],
  ['of any version', '01890a5d-ac96-774b-bcce-b302099a8057'],
  ['not a word', 'first', ['/id', 'Data 4.4 uuid']],
  ['not empty', '', ['/id', 'Data 4.4 uuid']],
  ['not a number', 1, ['/id', 'Data 4.4 uuid']],
]);

guarantee('Data 2.4.3: a verb has an id', verb, [
  ['an id is enough', { id: VERB_ID }],
  ['with a display', { id: VERB_ID, display: { id: 'menyelesaikan', 'en-US': 'completed' } }],
  ['with an empty display', { id: VERB_ID, display: {} }],
  ['not a string', VERB_ID, ['/verb', 'Data 2.4.3 type']],
  ['not a list', [VERB_ID], ['/verb', 'Data 2.4.3 type']],
  ['an empty object lacks it', {}, ['/verb/id', 'Data 2.4.3 required']],
  ['a display does not replace it', { display: { en: 'completed' } }, ['/verb/id', 'Data 2.4.3 required']],
  ['an id has a scheme', { id: 'completed' }, ['/verb/id', 'Data 4.3 iri']],
  ['an id is not empty', { id: '' }, ['/verb/id', 'Data 4.3 iri']],
  ['an id is a string', { id: 5 }, ['/verb/id', 'Data 4.3 iri']],
  ['an id is not null', { id: null }, ['/verb/id', 'Data 2.2 no-null']],
  ['a display is a language map', { id: VERB_ID, display: 'completed' }, ['/verb/display', 'Data 4.2 language-map']],
  ['a display is not null', { id: VERB_ID, display: null }, ['/verb/display', 'Data 2.2 no-null']],
  ['a display holds strings', { id: VERB_ID, display: { en: 1 } }, ['/verb/display/en', 'Data 4.2 language-map']],
  ['an objectType is unknown', { id: VERB_ID, objectType: 'Verb' }, ['/verb/objectType', 'Data 2.2 no-unknown-property']],
]);

guarantee(
  'Data 2.3.2 void-target: a voiding statement has a StatementRef as its object',
  (object: unknown) => statementWith({ verb: { id: VOIDED }, object }),
  [
    ['a StatementRef', { objectType: 'StatementRef', id: ID }],
    ['not an Activity', ACTIVITY, ['/object', 'Data 2.3.2 void-target']],
    ['not an Agent', { objectType: 'Agent', mbox: 'mailto:a@b' }, ['/object', 'Data 2.3.2 void-target']],
    ['not a SubStatement', { objectType: 'SubStatement', ...statementWith({}) }, ['/object', 'Data 2.3.2 void-target']],
    ['not a bare UUID', { id: ID }, ['/object/id', 'Data 4.3 iri'], ['/object', 'Data 2.3.2 void-target']],
    ['the reference is whole', { objectType: 'StatementRef' }, ['/object/id', 'Data 2.4.4.3 required']],
  ],
);

guarantee('Data 2.3.2: verbs are compared letter by letter', verb, [
  ['Voided is another verb, free in its object', { id: 'http://adlnet.gov/expapi/verbs/Voided' }],
  ['https is another verb, free in its object', { id: 'https://adlnet.gov/expapi/verbs/voided' }],
]);

guarantee('Data 2.4.7 and 2.4.8: timestamp and stored are timestamps', statementWith, [
  ['both', { timestamp: '2026-01-05T08:00:00.123Z', stored: '2026-01-05T15:00:00+07:00' }],
  ['a timestamp in the future is taken: clocks differ', { timestamp: '2999-01-01T00:00:00Z' }],
  ['timestamp is not a day', { timestamp: '2026-01-05' }, ['/timestamp', 'Data 4.5 rfc3339']],
  ['timestamp is not a number', { timestamp: 1767600000 }, ['/timestamp', 'Data 4.5 rfc3339']],
  ['stored is not a word', { stored: 'yesterday' }, ['/stored', 'Data 4.5 rfc3339']],
]);

guarantee('Data 2.4.10: the version', (version: unknown) => statementWith({ version }), [
  ['1.0.0', '1.0.0'],
  ['1.0', '1.0'],
  ['any patch of 1.0', '1.0.9'],
  ['two digits in the patch', '1.0.10'],
  ['not 0.9.9', '0.9.9', ['/version', 'Data 2.4.10 version']],
  ['not 0.95', '0.95', ['/version', 'Data 2.4.10 version']],
  ['not 1', '1', ['/version', 'Data 2.4.10 version']],
  ['not 1.1.0', '1.1.0', ['/version', 'Data 2.4.10 version']],
  ['not 2.1.0', '2.1.0', ['/version', 'Data 2.4.10 version']],
  ['not 3.0.0', '3.0.0', ['/version', 'Data 2.4.10 version']],
  ['not a word', 'latest', ['/version', 'Data 2.4.10 version']],
  ['not empty', '', ['/version', 'Data 2.4.10 version']],
  ['not a number', 1, ['/version', 'Data 2.4.10 version']],
]);
guarantee('IEEE 9274.1.1, version: in 2.0', (version: unknown) => statementWith({ version }), [['2.0.0 is the version', '2.0.0']], ['2.0.0']);

const ATTACHMENT = {
  usageType: 'http://id.tincanapi.com/attachment/certificate',
  display: { id: 'Sertifikat' },
  contentType: 'application/pdf',
  length: 1024,
  sha2: '672fa5fa658017f1b72d65036f13379c6ab05d4ab3b6664908d8acf0b6a0c634',
};
const attachments = (list: unknown) => statementWith({ attachments: list });
const attached = (properties: object) => attachments([{ ...ATTACHMENT, ...properties }]);

guarantee('Data 2.4.11: attachments are a list of attachments', attachments, [
  ['one', [ATTACHMENT]],
  ['none', []],
  ['not an object', ATTACHMENT, ['/attachments', 'Data 2.4.11 type']],
  ['not a string', 'x', ['/attachments', 'Data 2.4.11 type']],
  ['each is an object', [ATTACHMENT, 'x'], ['/attachments/1', 'Data 2.4.11 type']],
  ['none is null', [null], ['/attachments/0', 'Data 2.4.11 type']],
]);

guarantee('Data 2.4.11: an attachment', attached, [
  ['may have a description and a fileUrl', { description: { en: 'A certificate' }, fileUrl: 'https://files.example/1.pdf' }],
  ['needs a usageType', { usageType: undefined }, ['/attachments/0/usageType', 'Data 2.4.11 required']],
  ['needs a display', { display: undefined }, ['/attachments/0/display', 'Data 2.4.11 required']],
  ['needs a contentType', { contentType: undefined }, ['/attachments/0/contentType', 'Data 2.4.11 required']],
  ['needs a length', { length: undefined }, ['/attachments/0/length', 'Data 2.4.11 required']],
  ['needs a sha2, also beside a fileUrl', { sha2: undefined, fileUrl: 'https://files.example/1' }, ['/attachments/0/sha2', 'Data 2.4.11 required']],
  ['has an IRI as usageType', { usageType: 'certificate' }, ['/attachments/0/usageType', 'Data 4.3 iri']],
  ['has an IRI as fileUrl', { fileUrl: '/1.pdf' }, ['/attachments/0/fileUrl', 'Data 4.3 iri']],
  ['has a language map as display', { display: 'Sertifikat' }, ['/attachments/0/display', 'Data 4.2 language-map']],
  ['has a language map as description', { description: [] }, ['/attachments/0/description', 'Data 4.2 language-map']],
  ['has no null', { fileUrl: null }, ['/attachments/0/fileUrl', 'Data 2.2 no-null']],
  ['has no unknown property', { fileURL: 'https://files.example/1' }, ['/attachments/0/fileURL', 'Data 2.2 no-unknown-property']],
  ['may be empty', { length: 0 }],
  ['has a whole length', { length: 1.5 }, ['/attachments/0/length', 'Data 2.4.11 length']],
  ['has no negative length', { length: -1 }, ['/attachments/0/length', 'Data 2.4.11 length']],
  ['has a number as length', { length: '1024' }, ['/attachments/0/length', 'Data 2.4.11 length']],
  ['has a media type', { contentType: 'pdf' }, ['/attachments/0/contentType', 'Data 2.4.11 media-type']],
  ['has a media type, not half of one', { contentType: 'application/' }, ['/attachments/0/contentType', 'Data 2.4.11 media-type']],
  ['has a media type in a string', { contentType: 1 }, ['/attachments/0/contentType', 'Data 2.4.11 media-type']],
  ['has a media type, perhaps with parameters', { contentType: 'text/plain; charset=utf-8' }],
  ['has a media type, perhaps with a suffix', { contentType: 'application/vnd.example.v1+json' }],
  ['may have a SHA-224', { sha2: 'a'.repeat(56) }],
  ['may have a SHA-384', { sha2: 'B'.repeat(96) }],
  ['may have a SHA-512', { sha2: '0'.repeat(128) }],
  ['has no SHA-1', { sha2: 'a'.repeat(40) }, ['/attachments/0/sha2', 'Data 2.4.11 sha2']],
  ['has a hash in hexadecimal', { sha2: 'g'.repeat(64) }, ['/attachments/0/sha2', 'Data 2.4.11 sha2']],
  ['has a hash in a string', { sha2: 64 }, ['/attachments/0/sha2', 'Data 2.4.11 sha2']],
]);

test('Data 2.4.11: bytes are wanted for exactly the attachments without a fileUrl', () => {
  const list = [{ ...ATTACHMENT, fileUrl: 'https://files.example/1' }, ATTACHMENT, { ...ATTACHMENT, fileUrl: 'https://files.example/2' }, ATTACHMENT];

  expect(attachmentsWithoutUrl({ attachments: list })).toEqual(['/attachments/1', '/attachments/3']);
  expect(attachmentsWithoutUrl({ attachments: [] })).toEqual([]);
  expect(attachmentsWithoutUrl({})).toEqual([]);
});

test('Communication 2.1.2: a batch is checked whole, with the index of each statement in the paths', () => {
  const batch = [statementWith({}), statementWith({ verb: {} }), 'x', statementWith({ id: 'x' })];

  expect(placesAndRules(validateStatements(batch))).toEqual([
    { path: '/1/verb/id', rule: 'xAPI Data 2.4.3 required' },
    { path: '/2', rule: 'xAPI Data 2.4 type' },
    { path: '/3/id', rule: 'xAPI Data 4.4 uuid' },
  ]);
  expect(validateStatements([statementWith({}), statementWith({})], '2.0.0')).toEqual([]);
});

test('Communication 2.1.2: one statement that is not in a list is checked with paths from its own root', () => {
  expect(placesAndRules(validateStatements(statementWith({ verb: {} })))).toEqual([{ path: '/verb/id', rule: 'xAPI Data 2.4.3 required' }]);
  expect(placesAndRules(validateStatements(null, '2.0.0'))).toEqual([{ path: '', rule: 'xAPI Data 2.4 type' }]);
});

test('Communication 2.1.2 batch-unique-id: one id stands once in a batch, in either case', () => {
  const batch = [ID, '01890a5d-ac96-774b-bcce-b302099a8057', ID.toUpperCase(), ID].map((id) => statementWith({ id }));

  for (const version of SUPPORTED_VERSIONS) {
    expect(placesAndRules(validateStatements(batch, version))).toEqual([
      { path: '/2/id', rule: 'xAPI Communication 2.1.2 batch-unique-id' },
      { path: '/3/id', rule: 'xAPI Communication 2.1.2 batch-unique-id' },
    ]);
  }
});

test('a violation says what was expected and what was found', () => {
  expect(validateStatement(statementWith({ id: 'x'.repeat(80) }))).toEqual([
    { path: '/id', rule: 'xAPI Data 4.4 uuid', message: `expected a UUID in its 36-character form; found "${'x'.repeat(60)}"…` },
  ]);
});

test('a caller may give the path at which the statement stands', () => {
  expect(placesAndRules(validateStatement(statementWith({ id: 1 }), '2.0.0', '/statements/4'))).toEqual([
    { path: '/statements/4/id', rule: 'xAPI Data 4.4 uuid' },
  ]);
});

test('reporting stops at 100 violations', () => {
  const unknown = Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`p${index}`, 1]));
  const violations = validateStatement(statementWith(unknown));

  expect(violations).toHaveLength(100);
  expect(violations.at(-1)?.path).toBe('/p99');
});

test.each([
  ['1.0.3', '1.0.3'],
  ['1.0.2', '1.0.3'],
  ['1.0.0', '1.0.3'],
  ['1.0', '1.0.3'],
  ['2.0.0', '2.0.0'],
  ['2.0.1', '2.0.0'],
  ['0.9', null],
  ['0.95', null],
  ['1', null],
  ['1.1.0', null],
  ['1.00', null],
  ['11.0.3', null],
  ['2.1.0', null],
  ['3.0.0', null],
  ['1.0.3 ', null],
  ['', null],
])('Communication 3.3: a request with version header "%s" is read by the rules of %s', (header, version) => {
  expect(negotiateVersion(header)).toBe(version);
});

test('Communication 2.8: the supported versions are listed, newest last', () => {
  expect(SUPPORTED_VERSIONS).toEqual(['1.0.3', '2.0.0']);
});
