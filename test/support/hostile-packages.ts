import { createHash } from 'node:crypto';
import { crc32, deflateRawSync } from 'node:zlib';
import { au, block, cmi5Xml, type Files, item, sco, scormManifest, zip } from './packages.ts';

export interface HostilePackage {
  readonly name: string;
  readonly bytes: Buffer;
  /** The rule of the error that refuses it. */
  readonly rule: string;
}

/** An entry as it is to be written, true or not. */
export interface RawEntry {
  readonly name: string | Buffer;
  readonly content?: string | Uint8Array;
  /** What the archive holds of the content, where that is not the content deflated. */
  readonly data?: Buffer;
  readonly isStored?: boolean;
  readonly flags?: number;
  readonly method?: number;
  /** Unix mode with the type of the file. */
  readonly mode?: number;
  readonly checksum?: number;
  readonly packedSize?: number;
  readonly size?: number;
  readonly extra?: Buffer;
  /** Where its local header is said to be; none is written then. */
  readonly offset?: number;
}

interface RawEnd {
  readonly count?: number;
  readonly offset?: number;
  readonly disk?: number;
  /** Written as ZIP64 when there is one. */
  readonly zip64?: { readonly count?: bigint; readonly directory?: bigint; readonly end?: bigint };
}

const u16 = (...values: readonly number[]): Buffer => Buffer.concat(values.map((value) => Buffer.from(Uint16Array.of(value).buffer)));
const u32 = (...values: readonly number[]): Buffer => Buffer.concat(values.map((value) => Buffer.from(Uint32Array.of(value).buffer)));
const u64 = (...values: readonly bigint[]): Buffer => Buffer.concat(values.map((value) => Buffer.from(BigUint64Array.of(value).buffer)));

const UTF8 = 0x800;

/** Writes an archive that says what it is told to, for what no archiver would write. */
export function rawZip(entries: readonly RawEntry[], end: RawEnd = {}): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let written = 0;
  for (const entry of entries) {
    const name = Buffer.from(entry.name);
    const content = Buffer.from(entry.content ?? '');
    const data = entry.data ?? (entry.isStored ? content : deflateRawSync(content));
    const facts = Buffer.concat([
      u16(entry.flags ?? UTF8, entry.method ?? (entry.isStored ? 0 : 8), 0, 0),
      u32(entry.checksum ?? crc32(content), entry.packedSize ?? data.length, entry.size ?? content.length),
      u16(name.length),
    ]);
    const extra = entry.extra ?? Buffer.alloc(0);
    directory.push(
      Buffer.concat([
        u32(0x02014b50),
        u16(0x0314, 20),
        facts,
        u16(extra.length, 0, 0, 0),
        u32((entry.mode ?? 0o100644) * 0x1_0000, entry.offset ?? written),
        name,
        extra,
      ]),
    );
    if (entry.offset !== undefined) continue;
    const local = Buffer.concat([u32(0x04034b50), u16(20), facts, u16(0), name, data]);
    parts.push(local);
    written += local.length;
  }
  const list = Buffer.concat(directory);
  const { zip64 } = end;
  const zip64End = written + list.length;
  const large = zip64
    ? [
        Buffer.concat([u32(0x06064b50), u64(44n), u16(45, 45), u32(0, 0)]),
        u64(zip64.count ?? BigInt(entries.length), zip64.count ?? BigInt(entries.length), BigInt(list.length), zip64.directory ?? BigInt(written)),
        Buffer.concat([u32(0x07064b50, 0), u64(zip64.end ?? BigInt(zip64End)), u32(1)]),
      ]
    : [];
  const count = end.count ?? Math.min(entries.length, 0xffff);
  return Buffer.concat([...parts, list, ...large, u32(0x06054b50), u16(end.disk ?? 0, 0, count, count), u32(list.length, end.offset ?? written), u16(0)]);
}

const PAGE = '<!doctype html><title>Page</title>';
const GOOD: Files = { 'imsmanifest.xml': scormManifest('1.2', item('one', 'r'), sco('r', 'index.html')), 'index.html': PAGE };
const good: readonly RawEntry[] = Object.entries(GOOD).map(([name, content]) => ({ name, content }));
/** A package that would be taken, with other entries beside its own. */
const beside = (...entries: readonly RawEntry[]): Buffer => rawZip([...good, ...entries]);

type Case = readonly [name: string, rule: string, bytes: Buffer | Promise<Buffer>];

const EVIL = 'mumpuni-evil.txt';
/** Letters that no compression shortens. */
const noise = (length: number): string => {
  let text = '';
  while (text.length < length) text += createHash('sha512').update(text).digest('base64url');
  return text.slice(0, length);
};
const unicodePath = (name: string, real: string): Buffer => {
  const data = Buffer.concat([Buffer.from([1]), u32(crc32(name)), Buffer.from(real)]);
  return Buffer.concat([u16(0x7075, data.length), data]);
};
const ideographs = Array.from({ length: 960 }, (_, index) => String.fromCharCode(0x4e00 + ((index * 7_919) % 20_000)));

const names: readonly Case[] = (
  [
    ['a parent folder', `../${EVIL}`],
    ['parent folders up to the root', `${'../'.repeat(12)}tmp/${EVIL}`],
    ['a parent folder after another', `assets/../../${EVIL}`],
    ['a parent folder within the package', 'assets/../other.html'],
    ['parent folders with backslashes', `..\\..\\${EVIL}`],
    ['nothing but a parent folder', '..'],
    ['the entry of a parent folder', '../'],
    ['an absolute name', `/tmp/${EVIL}`],
    ['an absolute name with a backslash', `\\${EVIL}`],
    ['a share', `\\\\server\\share\\${EVIL}`],
    ['a drive', `C:\\${EVIL}`],
    ['the current folder of a drive', `c:${EVIL}`],
    ['a segment that is a dot', 'assets/./page.html'],
    ['a leading dot', `./${EVIL}`],
    ['an empty segment', 'assets//page.html'],
    ['an empty name', ''],
    ['a NUL', 'page.html\0.png'],
    ['a control character', 'page\u0001.html'],
    ['a line break', 'page\n.html'],
    ['a control character of C1', 'page\u0085.html'],
    ['bytes that are no UTF-8', Buffer.from([0x61, 0xff, 0xfe, 0x62])],
    ['a device of Windows', 'con.txt'],
    ['a device of Windows in a folder', 'assets/NUL'],
    ['a port of Windows', 'Lpt1.js'],
    ['a trailing dot', 'page.html.'],
    ['a trailing space', 'page.html '],
    ['a folder with a trailing dot', 'assets./page.html'],
    ['an alternate stream', 'page.html:stream'],
    ['33 segments', `${'a/'.repeat(32)}page.html`],
    ['more than 1,024 characters', `${'abcdefghi/'.repeat(20)}${`${'b'.repeat(200)}/`.repeat(5)}c`],
    ['a segment of 256 characters', 'a'.repeat(256)],
    // 2,880 bytes: no index takes them, no file system takes a segment of 720.
    ['few characters of many bytes', [0, 240, 480, 720].map((from) => ideographs.slice(from, from + 240).join('')).join('/')],
  ] as const
).map(([what, name]): Case => [`a name with ${what}`, 'zip-name', beside({ name, content: 'x' })]);

const LINK = 0o120777;
const kinds: readonly Case[] = [
  ['another name in the Unicode field', 'zip-name', beside({ name: 'page.html', content: 'x', extra: unicodePath('page.html', `../${EVIL}`) })],
  ['a symbolic link to a file', 'zip-link', beside({ name: 'link.html', content: '/etc/passwd', mode: LINK })],
  ['a symbolic link, and a file below it', 'zip-link', beside({ name: 'link', content: '/tmp', mode: LINK }, { name: `link/${EVIL}`, content: 'x' })],
  ['a symbolic link that is named like a folder', 'zip-link', beside({ name: 'link/', content: '/tmp', mode: LINK })],
  ['a manifest that is a symbolic link', 'zip-link', rawZip([{ name: 'imsmanifest.xml', content: '/etc/passwd', mode: LINK }])],
  ['a character device', 'zip-link', beside({ name: 'zero', mode: 0o020666 })],
  ['a block device', 'zip-link', beside({ name: 'disk', mode: 0o060660 })],
  ['a pipe', 'zip-link', beside({ name: 'pipe', mode: 0o010644 })],
  ['a socket', 'zip-link', beside({ name: 'socket', mode: 0o140755 })],
  ['an encrypted file', 'zip-encrypted', beside({ name: 'secret.html', content: 'x', flags: UTF8 | 1 })],
  ['an encrypted file, stored', 'zip-encrypted', beside({ name: 'secret.html', isStored: true, content: 'x', data: Buffer.alloc(13), flags: UTF8 | 1 })],
  ['strong encryption', 'zip-directory', beside({ name: 'secret.html', content: 'x', flags: UTF8 | 0x41 })],
  ['the compression method LZMA', 'zip-method', beside({ name: 'page.html', content: 'x', method: 14 })],
  ['the compression method Zstandard', 'zip-method', beside({ name: 'page.html', content: 'x', method: 93 })],
  ['a compression method that nobody has defined', 'zip-method', beside({ name: 'page.html', content: 'x', method: 0xfffe })],
  ['the same name twice', 'zip-duplicate', beside({ name: 'index.html', content: 'other' })],
  ['two manifests', 'zip-duplicate', beside({ name: 'imsmanifest.xml', content: '<manifest/>' })],
  ['names that differ by case', 'zip-duplicate', beside({ name: 'INDEX.html', content: 'other' })],
  ['folders that differ by case, with the same file', 'zip-duplicate', beside({ name: 'a/x.html' }, { name: 'A/x.html' })],
  ['names that differ by the slash', 'zip-duplicate', beside({ name: 'a/x.html' }, { name: 'a\\x.html' })],
  ['names that differ by the composition of a letter', 'zip-duplicate', beside({ name: 'caf\u00e9.html' }, { name: 'cafe\u0301.html' })],
  ['a file and a folder of one name', 'zip-name', beside({ name: 'a', content: 'x' }, { name: 'a/x.html', content: 'x' })],
  ['a file and the entry of a folder of one name', 'zip-name', beside({ name: 'a/', mode: 0o040755 }, { name: 'a', content: 'x' })],
  ['a file and a folder that differ by case', 'zip-name', beside({ name: 'A', content: 'x' }, { name: 'a/x.html', content: 'x' })],
];

const MEGABYTE = 1024 * 1024;
const HUGE = 2n ** 63n;
const zip64 = (...values: readonly bigint[]): Buffer => Buffer.concat([u16(1, 8 * values.length), u64(...values)]);
const damaged = (bytes: Buffer, change: (copy: Buffer) => void): Buffer => {
  const copy = Buffer.from(bytes);
  change(copy);
  return copy;
};

async function sizes(): Promise<readonly Case[]> {
  const zeros = Buffer.alloc(64 * MEGABYTE);
  const kernel = { name: 'bomb.bin', data: deflateRawSync(zeros), checksum: crc32(zeros), size: zeros.length };
  const whole = await zip({ ...GOOD, 'noise.bin': noise(5_000) });
  const directory = (bytes: Buffer): number => bytes.readUInt32LE(bytes.length - 6);
  const last = directory(rawZip(good));
  return [
    ['a file of a thousand times its size', 'zip-ratio', beside(kernel)],
    ['many files of a thousand times their size', 'zip-ratio', beside(...Array.from({ length: 10 }, (_, index) => ({ ...kernel, name: `${index}.bin` })))],
    ['a bomb that says it is small', 'zip-content', beside({ ...kernel, size: 1_000 })],
    ['a bomb for a manifest', 'zip-ratio', rawZip([{ ...kernel, name: 'imsmanifest.xml' }])],
    ['a bomb for a manifest that says it is small', 'zip-content', rawZip([{ ...kernel, name: 'imsmanifest.xml', size: 1_000 }])],
    ['a file that says it is larger than it is', 'zip-content', beside({ name: 'page.html', content: PAGE, size: 5_000 })],
    ['a manifest that says it is larger than it is', 'zip-content', rawZip(good.map((entry) => ({ ...entry, size: 5_000 })))],
    ['a file that says it is empty', 'zip-content', beside({ name: 'page.html', content: PAGE, size: 0 })],
    ['a file that says it is packed into less', 'zip-content', beside({ name: 'page.bin', content: noise(2_000), packedSize: 100 })],
    ['a stored file of two sizes', 'zip-directory', beside({ name: 'page.html', content: PAGE, isStored: true, size: 5_000 })],
    ['more than may be unpacked, as it says', 'zip-size', beside(...[1, 2, 3].map((index) => ({ name: `${index}.mp4`, content: 'x', size: 0x7fff_ffff })))],
    ['exabytes by a ZIP64 field', 'zip-size', beside({ name: 'huge.mp4', content: 'x', size: 0xffff_ffff, extra: zip64(HUGE) })],
    [
      'a thousand names over the same bytes',
      'zip-overlap',
      beside({ ...kernel, size: 30_000 }, ...Array.from({ length: 1_000 }, (_, index) => ({ ...kernel, name: `${index}.bin`, size: 30_000, offset: last }))),
    ],
    ['two names over the same bytes', 'zip-overlap', beside({ name: 'a.html', content: 'x' }, { name: 'b.html', content: 'x', offset: last })],
    ['20,001 files', 'zip-entries', rawZip([...good, ...Array.from({ length: 19_999 }, (_, index) => ({ name: `${index}.txt`, isStored: true }))])],
    ['65,535 files, as the end record says', 'zip-entries', rawZip(good, { count: 0xffff })],
    ['a trillion files, as the end record of ZIP64 says', 'zip-entries', rawZip(good, { zip64: { count: 10n ** 12n } })],
    ['fewer files than the end record says', 'zip-directory', rawZip(good, { count: 5 })],
    ['a directory beyond the end', 'zip-directory', rawZip(good, { offset: 0x7fff_ffff })],
    ['a directory that is somewhere else', 'zip-directory', rawZip(good, { offset: 3 })],
    ['a directory at an address that no file reaches', 'zip-directory', rawZip(good, { zip64: { directory: HUGE } })],
    ['an end record of ZIP64 at an address that no file reaches', 'zip-readable', rawZip(good, { zip64: { end: HUGE } })],
    ['an end record of ZIP64 that is none', 'zip-readable', rawZip(good, { zip64: { end: 0n } })],
    ['an extra field that is longer than all of them', 'zip-directory', beside({ name: 'page.html', content: 'x', extra: u16(0x7075, 500) })],
    ['a ZIP64 field that is too short', 'zip-directory', beside({ name: 'page.html', content: 'x', size: 0xffff_ffff, extra: u16(1, 0) })],
    ['a second disk', 'zip-readable', rawZip(good, { disk: 1 })],
    ['a local header that is none', 'zip-overlap', beside({ name: 'page.html', content: 'x', offset: 5 })],
    ['a local header beyond the end', 'zip-content', beside({ name: 'page.html', content: 'x', offset: 0x7fff_ffff })],
    [
      'a local header at an address that no file reaches',
      'zip-content',
      rawZip([...good, { name: 'page.html', content: 'x', offset: 0xffff_ffff, extra: zip64(HUGE) }]),
    ],
    [
      'a manifest at an address that no file reaches',
      'zip-content',
      rawZip([{ name: 'imsmanifest.xml', content: 'x', offset: 0xffff_ffff, extra: zip64(HUGE) }]),
    ],
    ['content that is not deflated', 'zip-content', beside({ name: 'page.html', content: PAGE, data: Buffer.from(PAGE) })],
    ['content that ends early', 'zip-content', beside({ name: 'page.bin', content: noise(2_000), data: deflateRawSync(noise(2_000)).subarray(0, 900) })],
    ['a wrong checksum', 'zip-checksum', beside({ name: 'page.html', content: PAGE, checksum: 1 })],
    ['a wrong checksum of a stored file', 'zip-checksum', beside({ name: 'page.html', content: PAGE, checksum: 1, isStored: true })],
    ['a wrong checksum of the manifest', 'zip-checksum', rawZip(good.map((entry) => ({ ...entry, checksum: 1 })))],
    [
      'a wrong checksum while large files are written',
      'zip-checksum',
      rawZip([
        ...good,
        { name: 'page.html', content: PAGE, checksum: 1 },
        ...Array.from({ length: 12 }, (_, index) => ({ name: `${index}.bin`, content: Buffer.alloc(2 * MEGABYTE, index) })),
      ]),
    ],
    ['a wrong checksum of a large file', 'zip-checksum', beside({ name: 'video.mp4', content: Buffer.alloc(3 * MEGABYTE), checksum: 1 })],
    ['an archive cut in half', 'zip-readable', whole.subarray(0, whole.length / 2)],
    ['an archive without its last byte', 'zip-readable', whole.subarray(0, -1)],
    ['an archive without its first half', 'zip-directory', whole.subarray(whole.length / 2)],
    ['bytes after the end', 'zip-readable', Buffer.concat([whole, Buffer.from('PK')])],
    [
      'a comment that is another end record',
      'zip-readable',
      damaged(Buffer.concat([whole, rawZip([]), Buffer.from('-')]), (copy) => copy.writeUInt16LE(23, whole.length - 2)),
    ],
    ['a text', 'zip-readable', Buffer.from('a text')],
    ['a PDF', 'zip-readable', Buffer.from('%PDF-1.7\n%\u00e2\u00e3\n')],
    ['another archive', 'zip-readable', Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3])],
    ['zeros', 'zip-readable', Buffer.alloc(100_000)],
    ['an empty file', 'zip-readable', Buffer.alloc(0)],
    ['an archive without a file', 'package-kind', rawZip([])],
    ['an archive of empty folders', 'package-kind', rawZip([{ name: 'a/', mode: 0o040755 }])],
    ['an archive of the archiver’s own files', 'package-kind', zip({ '__MACOSX/imsmanifest.xml': '<manifest/>', '.DS_Store': '' })],
  ];
}

const manifest = (bytes: string | Uint8Array): Promise<Buffer> => zip({ ...GOOD, 'imsmanifest.xml': bytes });
const XML = scormManifest('1.2', item('one', 'r'), sco('r', 'index.html'));
const withDtd = (dtd: string): Promise<Buffer> => manifest(XML.replace('<manifest ', `${dtd}<manifest `));
const laughs = Array.from({ length: 10 }, (_, index) => `<!ENTITY l${index + 1} "${`&l${index};`.repeat(10)}">`).join('');
const titled = (title: string): Promise<Buffer> => manifest(XML.replace('<title>Course', `<title>${title}`));

const xml = (): readonly Case[] => [
  ['a document type', 'xml', withDtd('<!DOCTYPE manifest>')],
  ['an external entity', 'xml', withDtd('<!DOCTYPE manifest [<!ENTITY x SYSTEM "file:///etc/passwd">]>')],
  [
    'an external entity that is used',
    'xml',
    manifest(XML.replace('<manifest ', '<!DOCTYPE m [<!ENTITY x SYSTEM "file:///etc/passwd">]><manifest ').replace('>Course', '>&x;')),
  ],
  ['a parameter entity', 'xml', withDtd('<!DOCTYPE manifest [<!ENTITY % x SYSTEM "http://127.0.0.1/x.dtd"> %x;]>')],
  ['a document type elsewhere', 'xml', withDtd('<!DOCTYPE manifest PUBLIC "x" "http://127.0.0.1/x.dtd">')],
  ['a billion laughs', 'xml', manifest(XML.replace('<manifest ', `<!DOCTYPE m [<!ENTITY l0 "l">${laughs}]><manifest `).replace('>Course', '>&l10;'))],
  ['a document type in cmi5.xml', 'xml', zip({ 'cmi5.xml': `<!DOCTYPE c>${cmi5Xml(au({ id: 'https://publisher.example/au' })).replace(/<\?.*?\?>/, '')}` })],
  ['a document type in a bare structure', 'xml', Buffer.from('<!DOCTYPE c [<!ENTITY x SYSTEM "file:///etc/passwd">]><c>&x;</c>')],
  ['an entity that nobody declared', 'xml', titled('&nbsp;')],
  ['elements that cross', 'xml', titled('<a><b></a></b>')],
  ['an element without an end', 'xml', manifest(XML.replace('</manifest>', ''))],
  ['two roots', 'xml', manifest(`${XML}<manifest/>`)],
  ['an attribute given twice', 'xml', manifest(XML.replace('version="1"', 'version="1" version="2"'))],
  ['an attribute given twice by two prefixes', 'xml', titled('<a xmlns:p="urn:x" xmlns:q="urn:x" p:b="1" q:b="2"/>')],
  ['a prefix that nobody bound', 'xml', titled('<p:a/>')],
  ['a NUL by its number', 'xml', titled('&#0;')],
  ['half a character by its number', 'xml', titled('&#xD800;')],
  ['a control character', 'xml', titled('\u0001')],
  ['an empty manifest', 'xml', manifest('')],
  ['a manifest of nothing but space', 'xml', manifest(' \n')],
  ['a manifest that is text', 'xml', manifest('imsmanifest')],
  ['a manifest that is JSON', 'xml', manifest('{"manifest":{}}')],
  ['another encoding than the manifest says', 'xml', manifest(Buffer.from(XML.replace('>Course', '>Caf\u00e9'), 'latin1'))],
  ['an encoding that is unknown', 'xml', manifest(XML.replace('encoding="utf-8"', 'encoding="utf-7"'))],
  ['UTF-16 that is cut', 'xml', manifest(Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(XML, 'utf16le'), Buffer.from([0x3c])]))],
  ['half a character in UTF-16', 'xml', manifest(Buffer.from(`\ufeff${XML.replace('>Course', '>\ud800x')}`, 'utf16le'))],
  ['noise after the mark of UTF-16', 'xml', manifest(Buffer.concat([Buffer.from([0xff, 0xfe]), createHash('sha512').update('x').digest()]))],
  ['UTF-8 after the mark of UTF-16', 'xml', manifest(Buffer.concat([Buffer.from([0xfe, 0xff]), Buffer.from(XML)]))],
  ['UTF-32', 'xml', manifest(Buffer.from(Uint32Array.from(XML, (letter) => letter.codePointAt(0) ?? 0).buffer))],
  ['65 levels', 'xml', titled('<a>'.repeat(65) + '</a>'.repeat(65))],
  ['100,000 levels', 'xml', titled('<a>'.repeat(100_000))],
  ['more than 200,000 elements', 'xml', titled('<a/>'.repeat(200_001))],
  ['a text of more than a million characters', 'xml', titled('x'.repeat(1_000_001))],
  ['a text of more than a million characters in CDATA', 'xml', titled(`<![CDATA[${'x'.repeat(1_000_001)}]]>`)],
  ['an attribute of more than a million characters', 'xml', titled(`<a b="${'x'.repeat(1_000_001)}"/>`)],
  ['an element of more than 200,000 attributes', 'xml', titled(`<a ${Array.from({ length: 200_001 }, (_, index) => `a${index}=""`).join(' ')}/>`)],
  ['a manifest of more than 16 MB', 'file-size', manifest(XML.replace('<organizations', `${' '.repeat(16 * MEGABYTE)}<organizations`))],
];

const IRI = 'https://publisher.example/au';
const unit = au({ id: IRI });
const course = (inner: string, change: (xml: string) => string = (text) => text): Promise<Buffer> =>
  zip({ 'cmi5.xml': change(cmi5Xml(inner)), 'index.html': PAGE });
const changed = (from: string | RegExp, to: string, inner = unit): Promise<Buffer> => course(inner, (text) => text.replace(from, to));
const objective = (id: string): string =>
  `<objective id="${id}"><title><langstring>t</langstring></title><description><langstring>d</langstring></description></objective>`;
const objectives = (...ids: readonly string[]): string => `<objectives>${ids.map(objective).join('')}</objectives>`;
const GOAL = 'https://publisher.example/goal';
const URLS = 'cmi5 13.1.4 url';
const SCHEMA = 'cmi5 13.1 schema';

const cmi5 = (): readonly Case[] => [
  ['two AUs of one id', 'cmi5 13.1.4 id unique', course(unit + unit)],
  ['two AUs of one id in two blocks', 'cmi5 13.1.4 id unique', course(block('urn:a:1', unit) + block('urn:a:2', unit))],
  ['two AUs of one id but for the space around it', 'cmi5 13.1.4 id unique', course(unit + au({ id: ` ${IRI} ` }))],
  ['two blocks of one id', 'cmi5 13.1.2 id unique', course(block('urn:a:1', unit) + block('urn:a:1', au({ id: 'urn:a:2' })))],
  ['a block of its own parent’s id', 'cmi5 13.1.2 id unique', course(block('urn:a:1', block('urn:a:1', unit)))],
  ['two objectives of one id', 'cmi5 13.1.3 id unique', course(objectives(GOAL, GOAL) + unit)],
  ['a course whose id is no IRI', 'cmi5 13.1.1 id', zip({ 'cmi5.xml': cmi5Xml(unit, 'course'), 'index.html': PAGE })],
  ['a course without an id', 'cmi5 13.1.1 id', changed(/<course id="[^"]*"/, '<course')],
  ['a block whose id is no IRI', 'cmi5 13.1.2 id', course(block('block-1', unit))],
  ['an objective whose id is no IRI', 'cmi5 13.1.3 id', course(objectives('goal') + unit)],
  ['an AU whose id is no IRI', 'cmi5 13.1.4 id', course(au({ id: 'unit-1' }))],
  ['an AU whose id is relative', 'cmi5 13.1.4 id', course(au({ id: '//publisher.example/au' }))],
  ['an AU whose id holds a space', 'cmi5 13.1.4 id', course(au({ id: 'https://publisher.example/a unit' }))],
  ['an AU of an empty id', 'cmi5 13.1.4 id', course(au({ id: '' }))],
  ['an AU whose id is in a namespace', 'cmi5 13.1.4 id', changed('<au id=', '<au xmlns:v="urn:vendor" v:id=')],
  ...['endpoint', 'fetch', 'actor', 'registration', 'activityId', 'ACTOR', '%66etch'].map(
    (name): Case => [`a url with the name ${name} in its query`, 'cmi5 8.1', course(au({ id: IRI, url: `index.html?a=1&amp;${name}=x` }))],
  ),
  ['a url of another site with a name of the launch', 'cmi5 8.1', course(au({ id: IRI, url: 'https://publisher.example/?endpoint=x' }))],
  ...['javascript:alert(1)', 'JavaScript:alert(1)', 'data:text/html,x', 'vbscript:x', 'file:///etc/passwd', 'blob:x', 'about:blank'].map(
    (url): Case => [`the url ${url}`, URLS, course(au({ id: IRI, url }))],
  ),
  ['a url with a tab within its scheme', URLS, course(au({ id: IRI, url: 'java&#9;script:alert(1)' }))],
  [
    'a url with a control character before its scheme',
    URLS,
    course(au({ id: IRI, url: '&#1;javascript:alert(1)' }), (text) => text.replace('version="1.0"', 'version="1.1"')),
  ],
  ['an empty url', URLS, course(au({ id: IRI, url: ' ' }))],
  ['a url with a space', URLS, course(au({ id: IRI, url: 'index .html' }))],
  ['a url with a backslash', URLS, course(au({ id: IRI, url: 'a\\index.html' }))],
  ['a url that is none', URLS, course(au({ id: IRI, url: 'https://' }))],
  ['a url without a scheme', URLS, course(au({ id: IRI, url: '//publisher.example/index.html' }))],
  ['a url of a file that is missing', URLS, course(au({ id: IRI, url: 'missing.html' }))],
  ['a url that leads out of the package', URLS, course(au({ id: IRI, url: '../index.html' }))],
  ['a url that leads out of the package in percent signs', URLS, course(au({ id: IRI, url: '%2e%2e/index.html' }))],
  ['a url from the root', URLS, course(au({ id: IRI, url: '/index.html' }))],
  ['a url of broken percent signs', URLS, course(au({ id: IRI, url: '%E0%A4%A' }))],
  ['a url that is nothing but a query', URLS, course(au({ id: IRI, url: '?a=1' }))],
  ['a relative url without a package', URLS, Buffer.from(cmi5Xml(unit))],
  ['a relative url without a package, in UTF-16', URLS, Buffer.from(`\ufeff${cmi5Xml(unit).replace('utf-8', 'utf-16')}`, 'utf16le')],
  ['a course without a title', SCHEMA, changed(/(<course id="[^"]*">)<title>.*?<\/title>/, '$1')],
  ['a course without a description', SCHEMA, changed(/<description>.*?<\/description><\/course>/, '</course>')],
  ['a structure without a course', SCHEMA, changed(/<course .*?<\/course>/, '')],
  ['a course without an AU', SCHEMA, course('')],
  ['two courses', SCHEMA, changed(/<course .*?<\/course>/, '$&$&')],
  ['an empty block', SCHEMA, course(block('urn:a:1', ''))],
  // Each breaks six rules: a report of all of them would be larger than any package.
  ['5,000 empty AUs', SCHEMA, course('<au/>'.repeat(5_000))],
  ['an AU without a title', SCHEMA, changed(/(<au [^>]*>)<title>.*?<\/title>/, '$1')],
  ['an AU without a description', SCHEMA, changed(/(<au [^>]*><title>.*?<\/title>)<description>.*?<\/description>/, '$1')],
  ['an AU without a url', SCHEMA, changed(/<url>.*?<\/url>/, '')],
  ['an AU with two urls', SCHEMA, changed(/<url>.*?<\/url>/, '$&$&')],
  ['an AU whose url is first', SCHEMA, changed(/(<au [^>]*>)(.*?)(<url>.*?<\/url>)/, '$1$3$2')],
  ['an AU before the course', SCHEMA, changed(/(<course .*?<\/course>)(<au .*<\/au>)/, '$2$1')],
  ['objectives after the AUs', SCHEMA, course(unit + objectives(GOAL))],
  ['a title without a text', SCHEMA, changed(/<title>.*?<\/title>/, '<title/>')],
  ['a title of bare text', SCHEMA, changed(/<title>.*?<\/title>/, '<title>Course</title>')],
  ['empty objectives', SCHEMA, course(`<objectives/>${unit}`)],
  ['empty objectives of an AU', SCHEMA, changed('<url>', '<objectives/><url>')],
  ['an objective without a title', SCHEMA, course(objectives(GOAL).replace(/<title>.*?<\/title>/, '') + unit)],
  ['an objective without a description', SCHEMA, course(objectives(GOAL).replace(/<description>.*?<\/description>/, '') + unit)],
  ['an unknown attribute of an objective', SCHEMA, course(objectives(GOAL).replace('<objective ', '<objective level="1" ') + unit)],
  ['an unknown element among objectives', SCHEMA, course(objectives(GOAL).replace('</objectives>', '<goal/></objectives>') + unit)],
  [
    'an unknown element among the objectives of an AU',
    SCHEMA,
    course(objectives(GOAL) + unit.replace('<url>', `<objectives><objective idref="${GOAL}"/><goal/></objectives><url>`)),
  ],
  ['an unknown element', SCHEMA, changed('</url>', '</url><duration>1</duration>')],
  ['an unknown element at the root', SCHEMA, course(`${unit}<lesson/>`)],
  ['an element within a text', SCHEMA, changed('>Course<', '><b>Course</b><')],
  ['an element within a url', SCHEMA, changed('<url>index.html</url>', '<url>index.html<b/></url>')],
  ['an unknown attribute of the root', SCHEMA, changed('<courseStructure ', '<courseStructure version="1" ')],
  ['an unknown attribute of a course', SCHEMA, changed('<course ', '<course version="1" ')],
  ['an unknown attribute of an AU', SCHEMA, course(au({ id: IRI, attributes: 'scormType="sco"' }))],
  ['an attribute of an AU in other letters', SCHEMA, course(au({ id: IRI, attributes: 'moveon="Passed"' }))],
  ['an unknown attribute of a text', SCHEMA, changed('<langstring ', '<langstring dir="ltr" ')],
  ['a moveOn that there is not', 'cmi5 13.1.4 moveOn', course(au({ id: IRI, attributes: 'moveOn="Failed"' }))],
  ['a moveOn in other letters', 'cmi5 13.1.4 moveOn', course(au({ id: IRI, attributes: 'moveOn="passed"' }))],
  ['an empty moveOn', 'cmi5 13.1.4 moveOn', course(au({ id: IRI, attributes: 'moveOn=""' }))],
  ...['1.1', '-0.1', '80%', 'NaN', '1e-1', '0,8', ''].map(
    (score): Case => [`the masteryScore ${JSON.stringify(score)}`, 'cmi5 13.1.4 masteryScore', course(au({ id: IRI, attributes: `masteryScore="${score}"` }))],
  ),
  ['a launchMethod that there is not', 'cmi5 13.1.4 launchMethod', course(au({ id: IRI, attributes: 'launchMethod="NewWindow"' }))],
  ['a language that is none', 'RFC 5646 language-tag', changed('lang="en"', 'lang="en_US"')],
  ['an empty language', 'RFC 5646 language-tag', changed('lang="en"', 'lang=""')],
  ['an objective that there is not', 'cmi5 13.1.3', changed('<url>', `<objectives><objective idref="${GOAL}"/></objectives><url>`)],
  ['an objective that is not named', 'cmi5 13.1.3', course(objectives(GOAL) + unit.replace('<url>', '<objectives><objective/></objectives><url>'))],
  ['an objective of a block that there is not', 'cmi5 13.1.3', course(block('urn:a:1', `<objectives><objective idref="${GOAL}"/></objectives>${unit}`))],
  ['an element without a namespace', 'cmi5 13.1.5', changed('</url>', '</url><note xmlns="">x</note>')],
  ['another root', SCHEMA, zip({ 'cmi5.xml': '<course/>', 'index.html': PAGE })],
  ['a root of another namespace', SCHEMA, changed(/xmlns="[^"]*"/, 'xmlns="https://example.com/other.xsd"')],
  ['a root without a namespace', SCHEMA, changed(/ xmlns="[^"]*"/, '')],
  ['a SCORM manifest without a package', SCHEMA, Buffer.from(XML)],
  ['a page of HTML', SCHEMA, Buffer.from('<html><body/></html>')],
  ['cmi5.xml in a folder', 'cmi5 14.1', zip({ 'course/cmi5.xml': cmi5Xml(unit), 'course/index.html': PAGE })],
];

const scorm = (items: string, resources: string, files: Files = GOOD): Promise<Buffer> =>
  zip({ ...files, 'imsmanifest.xml': scormManifest('2004 4th Edition', items, resources) });
const launching = (href: string, base = ''): Promise<Buffer> => scorm(item('one', 'r'), sco('r', href).replace('<resource ', `<resource ${base} `));
const PRESENT = 'IMS CP file-present';
const tincan = (activities: string, root = 'tincan'): Promise<Buffer> =>
  zip({ 'tincan.xml': `<${root} xmlns="http://projecttincan.com/tincan.xsd"><activities>${activities}</activities></${root}>`, 'index.html': PAGE });
const activity = (id: string, launch: string | null = 'index.html'): string =>
  `<activity id="${id}" type="http://adlnet.gov/expapi/activities/course"><name>n</name>${launch === null ? '' : `<launch lang="en">${launch}</launch>`}</activity>`;
const ACTIVITY = 'xAPI Data 2.4.4 activity-id';

const others = (): readonly Case[] => [
  ['no manifest', 'package-kind', zip({ 'index.html': PAGE })],
  ['a manifest deep in a folder', 'package-kind', zip({ 'a/b/imsmanifest.xml': XML, 'a/b/index.html': PAGE })],
  ['a manifest in one of two folders', 'package-kind', zip({ 'a/imsmanifest.xml': XML, 'a/index.html': PAGE, 'b/x.html': PAGE })],
  ['a manifest in other letters', 'package-kind', zip({ 'IMSManifest.xml': XML, 'index.html': PAGE })],
  ['a package in a package', 'package-kind', zip(GOOD).then((inner) => zip({ 'course.zip': inner }))],
  ['an AICC package', 'package-kind', zip({ 'course.crs': '[Course]', 'course.au': '', 'course.des': '', 'course.cst': '', 'index.html': PAGE })],
  ['a SCO whose file is missing', PRESENT, scorm(item('one', 'r'), sco('r', 'missing.html'))],
  ['a SCO whose file is there in other letters', PRESENT, scorm(item('one', 'r'), sco('r', 'Index.html'))],
  ['a SCO of SCORM 1.2 whose file is missing', PRESENT, manifest(XML.replaceAll('index.html', 'missing.html'))],
  ['a SCO above the package', PRESENT, launching('../../../etc/passwd')],
  ['a SCO from the root of the disk', PRESENT, launching('/etc/passwd')],
  ['a SCO in a base that is missing', PRESENT, launching('index.html', 'xml:base="missing/"')],
  ['a SCO with a line break within its scheme', PRESENT, launching('java&#10;script:alert(1)')],
  ['a resource that nobody launches and whose file is missing', PRESENT, scorm(item('one', 'r'), sco('r', 'index.html') + sco('s', 'missing.html'))],
  ['a resource that there is not', 'IMS CP identifierref', scorm(item('one', 'r') + item('two', 's'), sco('r', 'index.html'))],
  ['a manifest without resources', 'IMS CP identifierref', manifest(XML.replace(/<resources>.*<\/resources>/s, ''))],
  ['two items of one identifier', 'IMS CP unique-identifier', scorm(item('one', 'r') + item('one', 'r'), sco('r', 'index.html'))],
  ['an item of its own parent’s identifier', 'IMS CP unique-identifier', scorm(item('one', null, item('one', 'r')), sco('r', 'index.html'))],
  ['an item of the organization’s identifier', 'IMS CP unique-identifier', scorm(item('course', 'r'), sco('r', 'index.html'))],
  ['items that launch nothing', 'SCORM CAM launchable', scorm(item('one', null), sco('r', 'index.html'))],
  ['an organization without items', 'SCORM CAM launchable', scorm('', sco('r', 'index.html'))],
  ['a resource without an address', 'SCORM CAM launchable', scorm(item('one', 'r'), '<resource identifier="r" type="webcontent"/>')],
  ['neither organizations nor resources', 'SCORM CAM launchable', manifest('<manifest identifier="m"/>')],
  ['another root', 'IMS CP manifest', manifest(XML.replaceAll(/(<\/?)manifest/g, '$1package'))],
  ['a page of HTML for a manifest', 'IMS CP manifest', manifest('<html><body/></html>')],
  ...['javascript:alert(1)', 'JAVASCRIPT:alert(1)', ' javascript:alert(1)', 'data:text/html,x', 'vbscript:x', 'file:///etc/passwd'].map(
    (href): Case => [`the launch of ${href}`, 'launch-scheme', launching(href)],
  ),
  ['a scheme that comes from the base', 'launch-scheme', launching('alert(1)', 'xml:base="javascript:"')],
  // Longer than any index takes, and than any IRI that is meant.
  ['an identifier of 5,000 characters', 'IMS CP identifier', scorm(item(`i${noise(5_000)}`, 'r'), sco('r', 'index.html'))],
  ['a tincan.xml of another root', 'tincan root', tincan(activity('urn:a:1'), 'package')],
  ['a tincan.xml without activities', 'tincan launch', tincan('')],
  ['activities that launch nothing', 'tincan launch', tincan(activity('urn:a:1', null))],
  ['an activity whose id is no IRI', ACTIVITY, tincan(activity('activity'))],
  ['an activity without an id', ACTIVITY, tincan('<activity><launch>index.html</launch></activity>')],
  ['two activities of one id', `${ACTIVITY} unique`, tincan(activity('urn:a:1') + activity('urn:a:1', null))],
  ['an activity id of 5,000 characters', ACTIVITY, tincan(activity(`urn:a:${noise(5_000)}`))],
  ['an activity whose file is missing', 'launch-file', tincan(activity('urn:a:1', 'missing.html'))],
  ['an activity above the package', 'launch-file', tincan(activity('urn:a:1', '../../etc/passwd'))],
  ['an activity of script', 'launch-scheme', tincan(activity('urn:a:1', 'javascript:alert(1)'))],
  ['a second activity of script', 'launch-scheme', tincan(activity('urn:a:1') + activity('urn:a:2', 'data:text/html,x'))],
  ['a tincan.xml that is not well-formed', 'xml', zip({ 'tincan.xml': '<tincan>', 'index.html': PAGE })],
  ['a broken tincan.xml beside a good manifest', 'xml', zip({ ...GOOD, 'tincan.xml': '<tincan>' })],
];

/** Packages that are hostile or broken, each of which must be refused. */
export async function hostilePackages(): Promise<readonly HostilePackage[]> {
  const groups: Readonly<Record<string, readonly Case[]>> = { ZIP: [...names, ...kinds, ...(await sizes())], XML: xml(), cmi5: cmi5(), package: others() };
  return Promise.all(
    Object.entries(groups).flatMap(([group, cases]) => cases.map(async ([name, rule, bytes]) => ({ name: `${group}: ${name}`, rule, bytes: await bytes }))),
  );
}
