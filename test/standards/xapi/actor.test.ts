import { expect, test } from '@jest/globals';
import { canonicalIfi, IFI_KINDS, identifierOf, validateAgent } from '../../../src/standards/xapi/index.ts';
import { guarantee, placesAndRules, statementWith } from './table.ts';

const MBOX = { mbox: 'mailto:ani@example.org' };
const SHA1 = { mbox_sha1sum: 'EBD31E95054C018B10727CCFFD2EF2EC3A016EE9' };
const OPENID = { openid: 'https://id.example.org/ani' };
const ACCOUNT = { account: { homePage: 'https://lms.example', name: '1625378' } };
const GROUP = { objectType: 'Group' };

const actor = (value: unknown) => statementWith({ actor: value });
const account = (value: unknown) => actor({ account: value });

guarantee('Data 2.4.2.1 type', actor, [
  ['an actor is not a string', 'mailto:ani@example.org', ['/actor', 'Data 2.4.2.1 type']],
  ['an actor is not a number', 1, ['/actor', 'Data 2.4.2.1 type']],
  ['an actor is not a list', [MBOX], ['/actor', 'Data 2.4.2.1 type']],
  ['an actor is not true', true, ['/actor', 'Data 2.4.2.1 type']],
]);

guarantee('Data 2.4.2.3 one-ifi: an Agent has exactly one identifier', actor, [
  ['mbox', MBOX],
  ['mbox_sha1sum', SHA1],
  ['openid', OPENID],
  ['account', ACCOUNT],
  ['none', {}, ['/actor', 'Data 2.4.2.3 one-ifi']],
  ['a name identifies nobody', { name: 'Ani' }, ['/actor', 'Data 2.4.2.3 one-ifi']],
  ['an objectType identifies nobody', { objectType: 'Agent' }, ['/actor', 'Data 2.4.2.3 one-ifi']],
  ['not mbox and mbox_sha1sum', { ...MBOX, ...SHA1 }, ['/actor', 'Data 2.4.2.3 one-ifi']],
  ['not mbox and openid', { ...MBOX, ...OPENID }, ['/actor', 'Data 2.4.2.3 one-ifi']],
  ['not mbox and account', { ...MBOX, ...ACCOUNT }, ['/actor', 'Data 2.4.2.3 one-ifi']],
  ['not mbox_sha1sum and openid', { ...SHA1, ...OPENID }, ['/actor', 'Data 2.4.2.3 one-ifi']],
  ['not mbox_sha1sum and account', { ...SHA1, ...ACCOUNT }, ['/actor', 'Data 2.4.2.3 one-ifi']],
  ['not openid and account', { ...OPENID, ...ACCOUNT }, ['/actor', 'Data 2.4.2.3 one-ifi']],
  ['not all four', { ...MBOX, ...SHA1, ...OPENID, ...ACCOUNT }, ['/actor', 'Data 2.4.2.3 one-ifi']],
]);

guarantee('Data 2.4.2 object-type: an actor is an Agent or a Group', actor, [
  ['Agent in so many words', { objectType: 'Agent', ...MBOX }],
  ['not Activity', { objectType: 'Activity', ...MBOX }, ['/actor/objectType', 'Data 2.4.2 object-type']],
  ['not agent in small letters', { objectType: 'agent', ...MBOX }, ['/actor/objectType', 'Data 2.4.2 object-type']],
  ['not GROUP in capitals', { objectType: 'GROUP', ...MBOX }, ['/actor/objectType', 'Data 2.4.2 object-type']],
  ['not Person', { objectType: 'Person', ...MBOX }, ['/actor/objectType', 'Data 2.4.2 object-type']],
  ['not the empty string', { objectType: '', ...MBOX }, ['/actor/objectType', 'Data 2.4.2 object-type']],
  ['not a number', { objectType: 1, ...MBOX }, ['/actor/objectType', 'Data 2.4.2 object-type']],
  ['not null', { objectType: null, ...MBOX }, ['/actor/objectType', 'Data 2.2 no-null']],
]);

guarantee('Data 2.2: an Agent has no other properties than its own', actor, [
  ['a name may stand', { name: 'Ani', ...MBOX }],
  ['a name may be empty', { name: '', ...MBOX }],
  ['a name is a string', { name: 7, ...MBOX }, ['/actor/name', 'Data 2.2 type']],
  ['a name is not a language map', { name: { id: 'Ani' }, ...MBOX }, ['/actor/name', 'Data 2.2 type']],
  ['a name is not null', { name: null, ...MBOX }, ['/actor/name', 'Data 2.2 no-null']],
  ['Name is not name', { Name: 'Ani', ...MBOX }, ['/actor/Name', 'Data 2.2 no-unknown-property']],
  ['Mbox is not mbox', { Mbox: 'mailto:ani@example.org' }, ['/actor/Mbox', 'Data 2.2 no-unknown-property'], ['/actor', 'Data 2.4.2.3 one-ifi']],
  ['a member belongs to Groups', { ...MBOX, member: [] }, ['/actor/member', 'Data 2.2 no-unknown-property']],
  ['an unknown name with / and ~ is escaped in the path', { ...MBOX, 'a/b~c': 1 }, ['/actor/a~1b~0c', 'Data 2.2 no-unknown-property']],
  ['__proto__ is an unknown name', JSON.parse('{"mbox":"mailto:ani@example.org","__proto__":{}}'), ['/actor/__proto__', 'Data 2.2 no-unknown-property']],
  ['constructor is an unknown name', { ...MBOX, constructor: 'x' }, ['/actor/constructor', 'Data 2.2 no-unknown-property']],
]);

guarantee('Data 2.4.2.3 mailto: an mbox is mailto: and an address', (mbox: unknown) => actor({ mbox }), [
  ['with a plus sign', 'mailto:ani+kelas@example.org'],
  ['with letters outside ASCII', 'mailto:añi@exämple.org'],
  ['with a host without a dot', 'mailto:root@localhost'],
  ['not without mailto:', 'ani@example.org', ['/actor/mbox', 'Data 2.4.2.3 mailto']],
  ['not with another scheme', 'http://ani@example.org', ['/actor/mbox', 'Data 2.4.2.3 mailto']],
  ['not without an address', 'mailto:', ['/actor/mbox', 'Data 2.4.2.3 mailto']],
  ['not without a host', 'mailto:ani@', ['/actor/mbox', 'Data 2.4.2.3 mailto']],
  ['not without a local part', 'mailto:@example.org', ['/actor/mbox', 'Data 2.4.2.3 mailto']],
  ['not without @', 'mailto:example.org', ['/actor/mbox', 'Data 2.4.2.3 mailto']],
  ['not with white space', 'mailto:ani b@example.org', ['/actor/mbox', 'Data 2.4.2.3 mailto']],
  ['not with a line break at its end', 'mailto:ani@example.org\n', ['/actor/mbox', 'Data 2.4.2.3 mailto']],
  ['not with two addresses', 'mailto:a@example.org,b@example.org', ['/actor/mbox', 'Data 2.4.2.3 mailto']],
  ['not with NUL', 'mailto:a\u0000@example.org', ['/actor/mbox', 'Data 2.4.2.3 mailto']],
  ['not with half a surrogate pair', 'mailto:a\ud800@example.org', ['/actor/mbox', 'Data 2.4.2.3 mailto']],
  ['not empty', '', ['/actor/mbox', 'Data 2.4.2.3 mailto']],
  ['not a number', 1, ['/actor/mbox', 'Data 2.4.2.3 mailto']],
  ['not a list', ['mailto:ani@example.org'], ['/actor/mbox', 'Data 2.4.2.3 mailto']],
  ['not null', null, ['/actor/mbox', 'Data 2.2 no-null']],
]);

const HEX = 'ebd31e95054c018b10727ccffd2ef2ec3a016ee9';
guarantee('Data 2.4.2.3 sha1: an mbox_sha1sum is 40 hexadecimal digits', (sum: unknown) => actor({ mbox_sha1sum: sum }), [
  ['in small letters', HEX],
  ['in capitals', HEX.toUpperCase()],
  ['not 39', HEX.slice(1), ['/actor/mbox_sha1sum', 'Data 2.4.2.3 sha1']],
  ['not 41', `${HEX}0`, ['/actor/mbox_sha1sum', 'Data 2.4.2.3 sha1']],
  ['not g', HEX.replace('e', 'g'), ['/actor/mbox_sha1sum', 'Data 2.4.2.3 sha1']],
  ['not with a line break at its end', `${HEX}\n`, ['/actor/mbox_sha1sum', 'Data 2.4.2.3 sha1']],
  ['not a number', 40, ['/actor/mbox_sha1sum', 'Data 2.4.2.3 sha1']],
]);

guarantee('Data 4.3 iri: an openid is absolute', (openid: unknown) => actor({ openid }), [
  ['with https', 'https://id.example.org/ani?x=1#y'],
  ['not without a scheme', 'id.example.org/ani', ['/actor/openid', 'Data 4.3 iri']],
  ['not relative', '/ani', ['/actor/openid', 'Data 4.3 iri']],
  ['not empty', '', ['/actor/openid', 'Data 4.3 iri']],
  ['not an object', { id: 'https://id.example.org/ani' }, ['/actor/openid', 'Data 4.3 iri']],
]);

guarantee('Data 2.4.2.4: an account has a homePage and a name', account, [
  ['both', { homePage: 'https://lms.example', name: '1625378' }],
  ['a name may hold spaces, signs and letters of any script', { homePage: 'https://lms.example', name: 'ani@x ✓ アニ' }],
  ['not a string', 'ani', ['/actor/account', 'Data 2.4.2.4 type']],
  ['not a list', [], ['/actor/account', 'Data 2.4.2.4 type']],
  ['both are needed', {}, ['/actor/account/homePage', 'Data 2.4.2.4 required'], ['/actor/account/name', 'Data 2.4.2.4 required']],
  ['homePage is needed', { name: 'ani' }, ['/actor/account/homePage', 'Data 2.4.2.4 required']],
  ['name is needed', { homePage: 'https://lms.example' }, ['/actor/account/name', 'Data 2.4.2.4 required']],
  ['homePage has a scheme', { homePage: 'lms.example', name: 'ani' }, ['/actor/account/homePage', 'Data 4.3 iri']],
  ['homePage is a string', { homePage: 1, name: 'ani' }, ['/actor/account/homePage', 'Data 4.3 iri']],
  ['name is a string', { homePage: 'https://lms.example', name: 1625378 }, ['/actor/account/name', 'Data 2.4.2.4 key-text']],
  ['name has no NUL', { homePage: 'https://lms.example', name: 'a\u0000' }, ['/actor/account/name', 'Data 2.4.2.4 key-text']],
  ['name has no half surrogate pair', { homePage: 'https://lms.example', name: '\udc00' }, ['/actor/account/name', 'Data 2.4.2.4 key-text']],
  ['name is not null', { homePage: 'https://lms.example', name: null }, ['/actor/account/name', 'Data 2.2 no-null']],
  [
    'homepage is not homePage',
    { homepage: 'https://lms.example', homePage: 'https://lms.example', name: 'ani' },
    ['/actor/account/homepage', 'Data 2.2 no-unknown-property'],
  ],
]);

guarantee('Data 2.4.2.2: a Group is identified, or anonymous with members', actor, [
  ['identified by mbox', { ...GROUP, ...MBOX }],
  ['identified by mbox_sha1sum', { ...GROUP, ...SHA1 }],
  ['identified by openid', { ...GROUP, ...OPENID }],
  ['identified by account', { ...GROUP, ...ACCOUNT, name: 'Kelas A' }],
  ['identified, with members', { ...GROUP, ...ACCOUNT, member: [MBOX, OPENID] }],
  ['identified, with an empty list of members', { ...GROUP, ...ACCOUNT, member: [] }],
  ['anonymous, with one member', { ...GROUP, member: [MBOX] }],
  ['anonymous, with members of each kind', { ...GROUP, name: 'Kelas A', member: [MBOX, SHA1, OPENID, ACCOUNT] }],
  ['anonymous, without members', { ...GROUP }, ['/actor', 'Data 2.4.2.2 anonymous-members']],
  ['a name does not identify a Group', { ...GROUP, name: 'Kelas A' }, ['/actor', 'Data 2.4.2.2 anonymous-members']],
  ['anonymous, with an empty list of members', { ...GROUP, member: [] }, ['/actor', 'Data 2.4.2.2 anonymous-members']],
  ['never two identifiers', { ...GROUP, ...MBOX, ...OPENID }, ['/actor', 'Data 2.4.2.3 one-ifi']],
  ['never two identifiers beside members', { ...GROUP, ...ACCOUNT, ...SHA1, member: [MBOX] }, ['/actor', 'Data 2.4.2.3 one-ifi']],
  ['members are a list', { ...GROUP, ...MBOX, member: OPENID }, ['/actor/member', 'Data 2.4.2.2 type']],
  ['members are not null', { ...GROUP, ...MBOX, member: null }, ['/actor/member', 'Data 2.2 no-null']],
  ['a member is an object', { ...GROUP, member: ['mailto:ani@example.org'] }, ['/actor/member/0', 'Data 2.4.2.1 type']],
  ['a member is not null', { ...GROUP, member: [MBOX, null] }, ['/actor/member/1', 'Data 2.4.2.1 type']],
  ['a member has exactly one identifier', { ...GROUP, member: [MBOX, { name: 'Budi' }] }, ['/actor/member/1', 'Data 2.4.2.3 one-ifi']],
  ['a member has one identifier, not two', { ...GROUP, member: [{ ...MBOX, ...OPENID }] }, ['/actor/member/0', 'Data 2.4.2.3 one-ifi']],
  ['a member is not a Group', { ...GROUP, member: [{ ...GROUP, ...MBOX }] }, ['/actor/member/0/objectType', 'Data 2.4.2 object-type']],
  [
    'a member of an identified Group is not a Group',
    { ...GROUP, ...OPENID, member: [MBOX, { ...GROUP, ...MBOX }] },
    ['/actor/member/1/objectType', 'Data 2.4.2 object-type'],
  ],
  ['an unknown property is refused', { ...GROUP, ...MBOX, members: [] }, ['/actor/members', 'Data 2.2 no-unknown-property']],
  ['the identifier of a Group has its format', { ...GROUP, mbox: 'ani' }, ['/actor/mbox', 'Data 2.4.2.3 mailto']],
]);

guarantee('Data 2.4.9: the authority is an Agent, or an anonymous Group of two Agents', (authority: unknown) => statementWith({ authority }), [
  ['an Agent', ACCOUNT],
  ['an Agent by mbox', { objectType: 'Agent', ...MBOX }],
  ['a Group of two', { ...GROUP, member: [ACCOUNT, MBOX] }],
  ['not nobody', {}, ['/authority', 'Data 2.4.2.3 one-ifi']],
  ['not a string', 'ani', ['/authority', 'Data 2.4.2.1 type']],
  ['not a Group of one', { ...GROUP, member: [ACCOUNT] }, ['/authority', 'Data 2.4.9 oauth-authority']],
  ['not a Group of three', { ...GROUP, member: [ACCOUNT, MBOX, OPENID] }, ['/authority', 'Data 2.4.9 oauth-authority']],
  ['not a Group without members', GROUP, ['/authority', 'Data 2.4.2.2 anonymous-members'], ['/authority', 'Data 2.4.9 oauth-authority']],
  ['not an identified Group', { ...GROUP, ...OPENID, member: [ACCOUNT, MBOX] }, ['/authority', 'Data 2.4.9 oauth-authority']],
  ['the two are Agents', { ...GROUP, member: [ACCOUNT, {}] }, ['/authority/member/1', 'Data 2.4.2.3 one-ifi']],
]);

test('Communication 2.2: an agent parameter is checked by itself, with paths from its own root', () => {
  expect(validateAgent(MBOX)).toEqual([]);
  expect(validateAgent({ ...GROUP, member: [MBOX] }, '2.0.0')).toEqual([]);
  expect(placesAndRules(validateAgent({}))).toEqual([{ path: '', rule: 'xAPI Data 2.4.2.3 one-ifi' }]);
  expect(placesAndRules(validateAgent({ mbox: 'x', age: 1 }, '2.0.0'))).toEqual([
    { path: '/mbox', rule: 'xAPI Data 2.4.2.3 mailto' },
    { path: '/age', rule: 'xAPI Data 2.2 no-unknown-property' },
  ]);
  expect(placesAndRules(validateAgent('mailto:ani@example.org'))).toEqual([{ path: '', rule: 'xAPI Data 2.4.2.1 type' }]);
});

test('an identifier is of one of four kinds, and names the same person in any spelling of its hash', () => {
  expect(IFI_KINDS).toEqual(['mbox', 'mbox_sha1sum', 'openid', 'account']);
  expect(identifierOf(MBOX)).toEqual({ kind: 'mbox', homePage: '', value: 'mailto:ani@example.org' });
  expect(identifierOf(SHA1)).toEqual({ kind: 'mbox_sha1sum', homePage: '', value: HEX });
  expect(identifierOf(OPENID)).toEqual({ kind: 'openid', homePage: '', value: 'https://id.example.org/ani' });
  expect(identifierOf({ name: 'Ani', ...ACCOUNT })).toEqual({ kind: 'account', homePage: 'https://lms.example', value: '1625378' });
  expect(canonicalIfi({ kind: 'openid', homePage: '', value: 'https://ID.example' }).value).toBe('https://ID.example');
});

test('an anonymous Group, and what is no actor at all, has no identifier', () => {
  expect(identifierOf({ ...GROUP, member: [MBOX] })).toBeNull();
  expect([null, 'mailto:ani@example.org', 7, [MBOX]].map(identifierOf)).toEqual([null, null, null, null]);
});
