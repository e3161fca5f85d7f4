import { expect, test } from '@jest/globals';
import { instantOf, isIri, isTimestamp } from '../../../src/standards/xapi/index.ts';
import { type Breach, guarantee, type Row, statementWith } from './table.ts';

/** Rows for a format: every good text is taken, every bad one gives the same breach. */
const texts = (breach: Breach, good: readonly string[], bad: readonly unknown[]): readonly Row[] => [
  ...good.map((text) => [`${JSON.stringify(text)} is one`, text] as const),
  ...bad.map((text) => [`${JSON.stringify(text)} is none`, text, breach] as const),
];

guarantee(
  'Data 4.3 iri',
  (id: unknown) => statementWith({ verb: { id } }),
  texts(
    ['/verb/id', 'Data 4.3 iri'],
    [
      'http://example.org/',
      'https://example.org:8443/a/b?c=d&e=%20#f',
      'HTTP://EXAMPLE.ORG/a',
      'urn:isbn:0451450523',
      'urn:uuid:6690e6c9-3ef0-4ed3-8b37-7f3964730bee',
      'mailto:ani@example.org',
      'tag:example.org,2026:a',
      'x-scheme+1.0:a',
      'https://例え.example/パス',
      'https://example.org/😀',
    ],
    [
      '',
      'completed',
      '/completed',
      '//example.org/a',
      '#a',
      '?a=b',
      ':a',
      '1http://example.org',
      'ht tp://example.org',
      'http://example.org/a b',
      'http://example.org/\ta',
      'http://example.org/a\n',
      'http://example.org/<a>',
      'http://example.org/"a"',
      'http://example.org/{a}',
      'http://example.org/a|b',
      'http://example.org/a\\b',
      'http://example.org/a^b',
      'http://example.org/`a`',
      'http://example.org/\u0000',
      'http://example.org/\u007f',
      'http://example.org/\ud83d',
      5,
      true,
      {},
      [],
    ],
  ),
);

guarantee(
  'Data 4.4 uuid',
  (id: unknown) => statementWith({ id }),
  texts(
    ['/id', 'Data 4.4 uuid'],
    ['6690e6c9-3ef0-4ed3-8b37-7f3964730bee', '6690E6C9-3EF0-4ED3-8B37-7F3964730BEE', '6690e6C9-3ef0-1ed3-9b37-7f3964730bee'],
    [
      '6690e6c93ef04ed38b377f3964730bee',
      '{6690e6c9-3ef0-4ed3-8b37-7f3964730bee}',
      'urn:uuid:6690e6c9-3ef0-4ed3-8b37-7f3964730bee',
      '6690e6c9-3ef0-4ed3-8b37-7f3964730be',
      '6690e6c9-3ef0-4ed3-8b37-7f3964730beee',
      'g690e6c9-3ef0-4ed3-8b37-7f3964730bee',
      '6690e6c9-3ef0-4ed3-8b37-7f3964730bee\n',
      ' 6690e6c9-3ef0-4ed3-8b37-7f3964730bee',
      ['6690e6c9-3ef0-4ed3-8b37-7f3964730bee'],
    ],
  ),
);

const INSTANTS = [
  ['2026-01-05T08:00:00Z', '2026-01-05T08:00:00.000Z'],
  ['2026-01-05T08:00:00.1Z', '2026-01-05T08:00:00.100Z'],
  ['2026-01-05T08:00:00.123Z', '2026-01-05T08:00:00.123Z'],
  ['2026-01-05T08:00:00.123456789Z', '2026-01-05T08:00:00.123Z'],
  ['2026-01-05T15:00:00+07:00', '2026-01-05T08:00:00.000Z'],
  ['2026-01-05T13:45:00+05:45', '2026-01-05T08:00:00.000Z'],
  ['2026-01-05T00:30:00-07:30', '2026-01-05T08:00:00.000Z'],
  ['2026-01-05T08:00:00+00:00', '2026-01-05T08:00:00.000Z'],
  ['2026-01-05t08:00:00z', '2026-01-05T08:00:00.000Z'],
  ['2026-01-05 08:00:00Z', '2026-01-05T08:00:00.000Z'],
  ['2025-12-31T23:59:59.999Z', '2025-12-31T23:59:59.999Z'],
  ['2025-12-31T20:00:00-12:00', '2026-01-01T08:00:00.000Z'],
  ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
  ['2000-02-29T00:00:00Z', '2000-02-29T00:00:00.000Z'],
  ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
  ['9999-12-31T23:59:59Z', '9999-12-31T23:59:59.000Z'],
] as const;

test.each(INSTANTS)('Data 4.5 rfc3339: %s names the instant %s', (text, instant) => {
  expect(isTimestamp(text)).toBe(true);
  expect(instantOf(text).toISOString()).toBe(instant);
});

guarantee(
  'Data 4.5 rfc3339',
  (timestamp: unknown) => statementWith({ timestamp }),
  texts(
    ['/timestamp', 'Data 4.5 rfc3339'],
    INSTANTS.map(([text]) => text),
    [
      '',
      'now',
      '2026-01-05',
      '08:00:00Z',
      '05-01-2026T08:00:00Z',
      '2026-1-5T08:00:00Z',
      '26-01-05T08:00:00Z',
      '2026-00-05T08:00:00Z',
      '2026-13-05T08:00:00Z',
      '2026-01-00T08:00:00Z',
      '2026-01-32T08:00:00Z',
      '2026-04-31T08:00:00Z',
      '2026-02-29T08:00:00Z',
      '2100-02-29T08:00:00Z',
      '2026-01-05T25:00:00Z',
      '2026-01-05T08:60:00Z',
      '2026-01-05T08:00:61Z',
      '2026-01-05T08:00:00.Z',
      '2026-01-05T08:00:00-00',
      '2026-01-05T08:00:00-0000',
      '2026-01-05T08:00:00-00:00',
      '2026-01-05T08:00:00+24:00',
      '2026-01-05T08:00:00+07:60',
      '2026-01-05T08:00:00+7:00',
      '2026-01-05T08:00:00 WIB',
      '2026-01-05T08:00:00ZZ',
      '2026-01-05T08:00:00Z\n',
      ' 2026-01-05T08:00:00Z',
      1767600000000,
      { $date: '2026-01-05T08:00:00Z' },
    ],
  ),
);

guarantee(
  'Data 4.6 iso8601-duration',
  (duration: unknown) => statementWith({ result: { duration } }),
  texts(
    ['/result/duration', 'Data 4.6 iso8601-duration'],
    [
      'PT4H35M59.14S',
      'PT16559.14S',
      'P3Y1M29DT4H35M59.14S',
      'P3Y',
      'P4W',
      'P1M',
      'PT1M',
      'P1D',
      'PT0S',
      'PT0.123456S',
      'PT1.5H',
      'P0.5Y',
      'PT1,5S',
      'P1Y2D',
      'P1DT1S',
      'P00002Y',
    ],
    [
      '',
      'P',
      'PT',
      'P1',
      'P1DT',
      'P4W1D',
      'P1Y4W',
      'P1S',
      'P1H',
      'PT1D',
      'PT1Y',
      'P1D1Y',
      'PT1S1M',
      'PT1H1H',
      'PT.5S',
      'PT5.S',
      'P-1D',
      '-P1D',
      '1H',
      'pt1h',
      'P1h',
      'PA1H0M0S',
      'PT1H ',
      'PT1H\n',
      'P0001-01-01T00:00:00',
      '01:30:00',
      90,
      true,
    ],
  ),
);

const TAGS = {
  good: [
    'id',
    'en-US',
    'EN-us',
    'jv',
    'ban',
    'zh-Hant',
    'zh-Hant-TW',
    'zh-yue-HK',
    'sr-Latn-RS',
    'es-419',
    'sl-rozaj-biske',
    'de-CH-1901',
    'sl-nedis',
    'en-u-ca-gregory-nu-latn',
    'de-DE-u-co-phonebk-x-a',
    'x-whatever',
    'en-x-us',
    'i-klingon',
    'en-GB-oed',
    'sgn-BE-FR',
    'art-lojban',
    'zh-min-nan',
  ],
  bad: ['', 'e', 'a12345678', 'bahasa_indonesia', 'en_US', 'en-', '-en', 'en--US', 'en US', 'en-US-', 'id-x', 'en-a', 'tlh-abcdefghi', '12', 'en-US\n', 'ñ'],
} as const;

guarantee(
  'Data 2.4.6 rfc5646: a language',
  (language: unknown) => statementWith({ context: { language } }),
  texts(['/context/language', 'Data 2.4.6 rfc5646'], TAGS.good, [...TAGS.bad, 1]),
);

guarantee(
  'Data 4.2 language-map: the keys are RFC 5646 tags',
  (tag: string) => statementWith({ object: { id: 'urn:a:1', definition: { name: { [tag]: 'x' } } } }),
  [
    ...TAGS.good.map((tag) => [`${JSON.stringify(tag)} is one`, tag] as const),
    ...TAGS.bad.map((tag) => [`${JSON.stringify(tag)} is none`, tag, [`/object/definition/name/${tag}`, 'Data 4.2 language-map']] as const),
  ],
);

guarantee('Data 4.2 language-map: a language map', (display: unknown) => statementWith({ verb: { id: 'urn:a:1', display } }), [
  ['may hold several languages', { id: 'selesai', en: 'completed', 'x-test': '' }],
  ['may hold any text', { en: '\u0000\ud800<b>"\\' }],
  ['is not a list', ['x'], ['/verb/display', 'Data 4.2 language-map']],
  ['is not a number', 1, ['/verb/display', 'Data 4.2 language-map']],
  ['holds no numbers', { en: 1 }, ['/verb/display/en', 'Data 4.2 language-map']],
  ['holds no null', { en: null }, ['/verb/display/en', 'Data 4.2 language-map']],
  ['holds no objects', { en: { id: 'x' } }, ['/verb/display/en', 'Data 4.2 language-map']],
  ['reports key and value each', { en_US: 1 }, ['/verb/display/en_US', 'Data 4.2 language-map'], ['/verb/display/en_US', 'Data 4.2 language-map']],
  ['has no key __proto__', JSON.parse('{"__proto__":"x"}'), ['/verb/display/__proto__', 'Data 4.2 language-map']],
]);

const KEY = 'https://content.example/ext/a';
guarantee('Data 4.1: extensions', (extensions: unknown) => statementWith({ result: { extensions }, context: { extensions } }), [
  ['may be empty', {}],
  ['may hold null', { [KEY]: null }],
  ['may hold empty values', { [KEY]: '', 'urn:a:1': {}, 'urn:a:2': [] }],
  ['may hold anything nested, null and unknown names included', { [KEY]: [{ a: null, actor: { b: [null, 1e21, false] } }] }],
  ['may hold text with NUL and half a surrogate pair', { [KEY]: '\u0000\udfff' }],
  ['may have letters outside ASCII in keys', { 'https://content.example/ekstensi/é': 1 }],
  [
    'have IRIs as keys, with / and ~ escaped in the path',
    { 'a/b~c': 1 },
    ['/result/extensions/a~1b~0c', 'Data 4.1 extension-iri'],
    ['/context/extensions/a~1b~0c', 'Data 4.1 extension-iri'],
  ],
  ['have no empty key', { '': 1 }, ['/result/extensions/', 'Data 4.1 extension-iri'], ['/context/extensions/', 'Data 4.1 extension-iri']],
  ['are not a list', [], ['/result/extensions', 'Data 4.1 extensions'], ['/context/extensions', 'Data 4.1 extensions']],
  ['are not a string', KEY, ['/result/extensions', 'Data 4.1 extensions'], ['/context/extensions', 'Data 4.1 extensions']],
]);

test('an IRI can be asked for by itself', () => {
  expect(['urn:a:1', 'https://example.org', 'a', '', 'a b:c'].map(isIri)).toEqual([true, true, false, false, false]);
});
