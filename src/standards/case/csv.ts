import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import { digestKey } from '../../kernel/ids.ts';
import { isObject, type JsonObject, objectsOf } from '../../kernel/json.ts';
import { byRank, levelsByItem } from './levels.ts';
import { type ImportIssue, ROLLUP_KINDS } from './package.ts';

/** What a file that holds items only does not say of its framework. */
export interface DocumentFacts {
  readonly title: string;
  readonly creator: string;
  /** Left out, one follows from title and creator: the same framework again is a new version of it. */
  readonly identifier?: string | null;
  readonly version?: string | null;
  readonly language?: string | null;
}

/** A CASE package made from another form, with what there is to say about it. */
export interface Converted {
  /** Null when an ERROR is among the issues. */
  readonly package: JsonObject | null;
  readonly issues: readonly ImportIssue[];
}

export const documentOf = ({ title, creator, identifier, version, language }: DocumentFacts): JsonObject => ({
  identifier: identifier ?? digestKey('case-document', creator, title),
  title,
  creator,
  ...(version != null && { version }),
  ...(language != null && { language }),
});

const TEXTS = [
  'humanCodingScheme',
  'fullStatement',
  'abbreviatedStatement',
  'alternativeLabel',
  'CFItemType',
  'listEnumeration',
  'notes',
  'language',
  'statusStartDate',
  'statusEndDate',
] as const;
const LISTS = ['educationLevel', 'conceptKeywords'] as const;
const EDGES = ['isChildOf', 'precedes', 'isRelatedTo', 'exactMatchOf', 'isPartOf', 'isPeerOf', 'replacedBy'] as const;
const PLAIN = new Set<string>(['identifier', ...TEXTS, ...LISTS, ...EDGES, 'sequenceNumber', 'rollup', 'rollupCount', 'rollupOnly']);
/** Columns whose text is kept to the letter. */
const FREE = new Set<string>([...TEXTS, 'level', 'level description']);
const MAX_RANK = 99;
const LEVEL = /^level ([1-9]\d?)( description)?$/;

const split = (cell: string): readonly string[] =>
  cell
    .split('|')
    .map((part) => part.trim())
    .filter((part) => part !== '');

/** A spreadsheet would run a cell that begins like a formula; it is written with an apostrophe before it, and read without. */
const guarded = (cell: string): string => (/^'*[=+\-@\t\r＝＋－＠]/.test(cell) ? `'${cell}` : cell);
const plainCell = (cell: string): string => (/^'+[=+\-@\t\r＝＋－＠]/.test(cell) ? cell.slice(1) : cell);

type Row = Readonly<Record<string, string>>;

class CsvReader {
  readonly issues: ImportIssue[] = [];
  readonly #document: JsonObject;
  readonly #ids = new Map<string, string>();

  constructor(document: JsonObject) {
    this.#document = document;
  }

  error(path: string, code: string, message: string): void {
    this.issues.push({ severity: 'ERROR', path, code, message });
  }

  read(text: string): Converted {
    let rows: readonly Row[];
    try {
      const unknown: string[] = [];
      rows = parse(text, {
        bom: true,
        columns: (names: string[]) => {
          for (const name of names) if (!PLAIN.has(name) && !LEVEL.test(name)) unknown.push(name);
          return names;
        },
        skip_empty_lines: true,
        // The header is line 1 of the data, so row n of a spreadsheet is row n here.
        cast: (cell, { header, column }) => {
          if (header) return cell.trim();
          const plain = plainCell(cell);
          return FREE.has(String(column).replace(/ \d+/, '')) ? plain : plain.trim();
        },
      });
      for (const name of unknown) this.issues.push({ severity: 'WARNING', path: '/0', code: 'unknown-column', message: `the column ${name} is passed over` });
    } catch (error) {
      this.error('', 'csv', `the file is not CSV: ${(error as Error).message}`);
      return { package: null, issues: this.issues };
    }
    for (const [index, row] of rows.entries()) this.#remember(row, index);
    const items = rows.map((row, index) => this.#item(row, index));
    const associations = rows.flatMap((row, index) => this.#edges(row, index));
    const rubrics = rows.flatMap((row, index) => this.#rubric(row, index));
    const isRefused = this.issues.some(({ severity }) => severity === 'ERROR');
    const whole = { CFDocument: this.#document, CFItems: items, CFAssociations: associations, ...(rubrics.length > 0 && { CFRubrics: rubrics }) };
    return { package: isRefused ? null : whole, issues: this.issues };
  }

  #identifier(row: Row, index: number): string {
    const own = row['identifier'] ?? '';
    const name = row['humanCodingScheme'] || row['fullStatement'] || String(index);
    return own === '' ? digestKey('case-item', String(this.#document['identifier']), name) : own;
  }

  /** Ends of associations are named by identifier or by code; the document's own identifier is the top. */
  #remember(row: Row, index: number): void {
    const identifier = this.#identifier(row, index);
    for (const name of new Set([identifier, row['humanCodingScheme'] ?? ''])) {
      if (name === '') continue;
      if (this.#ids.has(name)) this.error(`/${index + 1}/humanCodingScheme`, 'duplicate-code', `${name} stands twice, so it names nothing`);
      this.#ids.set(name, identifier);
    }
  }

  #item(row: Row, index: number): JsonObject {
    const rollup = row['rollup'] ?? '';
    if (rollup !== '' && !ROLLUP_KINDS.some((kind) => kind === rollup))
      this.error(`/${index + 1}/rollup`, 'rollup', `rollup must be one of ${ROLLUP_KINDS.join(', ')}`);
    const count = row['rollupCount'] ?? '';
    return {
      identifier: this.#identifier(row, index),
      ...Object.fromEntries(TEXTS.filter((name) => (row[name] ?? '') !== '').map((name) => [name, row[name]])),
      ...Object.fromEntries(LISTS.filter((name) => (row[name] ?? '') !== '').map((name) => [name, split(row[name] ?? '')])),
      ...(rollup !== '' && {
        extensions: { rollup, ...(count !== '' && { rollupCount: Number(count) }), ...(row['rollupOnly'] === 'true' && { rollupOnly: true }) },
      }),
    };
  }

  #edges(row: Row, index: number): readonly JsonObject[] {
    const origin = this.#identifier(row, index);
    const top = String(this.#document['identifier']);
    const sequence = row['sequenceNumber'] ?? '';
    if (sequence !== '' && !/^\d{1,9}$/.test(sequence)) this.error(`/${index + 1}/sequenceNumber`, 'integer', 'sequenceNumber must be a whole number');
    const edge = (type: string, name: string): JsonObject => {
      const destination = this.#ids.get(name) ?? name;
      return {
        identifier: digestKey('case-edge', top, type, origin, destination),
        associationType: type,
        originNodeURI: { title: origin, identifier: origin, uri: `urn:uuid:${origin}` },
        destinationNodeURI: { title: name, identifier: destination, uri: `urn:uuid:${destination}` },
        ...(type === 'isChildOf' && sequence !== '' && { sequenceNumber: Number(sequence) }),
      };
    };
    const parents = split(row['isChildOf'] ?? '');
    return [
      ...(parents.length > 0 ? parents : [top]).map((parent) => edge('isChildOf', parent)),
      ...EDGES.filter((type) => type !== 'isChildOf').flatMap((type) => split(row[type] ?? '').map((name) => edge(type, name))),
    ];
  }

  #rubric(row: Row, index: number): readonly JsonObject[] {
    const item = this.#identifier(row, index);
    const levels = Object.keys(row).flatMap((name): readonly JsonObject[] => {
      const [, rank, isText] = LEVEL.exec(name) ?? [];
      const [label = '', description = ''] = [row[`level ${rank}`], row[`level ${rank} description`]];
      if (rank === undefined || isText !== undefined || (label === '' && description === '')) return [];
      if (label === '') this.error(`/${index + 1}/level ${rank}`, 'required', `level ${rank} has a description and no label`);
      const identifier = digestKey('case-level', item, rank);
      return [{ identifier, quality: label, position: Number(rank), ...(description !== '' && { description }) }];
    });
    if (levels.length === 0) return [];
    const criterion = {
      identifier: digestKey('case-criterion', item),
      CFItemURI: { title: row['fullStatement'] ?? item, identifier: item, uri: `urn:uuid:${item}` },
      CFRubricCriterionLevels: levels,
    };
    return [{ identifier: digestKey('case-rubric', item), title: row['humanCodingScheme'] || row['fullStatement'], CFRubricCriteria: [criterion] }];
  }
}

/**
 * Reads items as CSV: one row each, with the columns of `docs/frameworks.md`. Pure; never throws.
 * Paths of issues are `/row/column`, the header being row 0.
 */
export const readCsvFramework = (text: string, facts: DocumentFacts): Converted => new CsvReader(documentOf(facts)).read(text);

const textOf = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' || value === true ? String(value) : '');
const endOf = (association: JsonObject, end: 'originNodeURI' | 'destinationNodeURI'): string =>
  isObject(association[end]) ? textOf(association[end]['identifier']) : '';

/** Writes the items of a CASE package as CSV, with the columns that {@link readCsvFramework} reads; others have no place in it. */
export function writeCsvFramework(source: JsonObject): string {
  const document = isObject(source['CFDocument']) ? textOf(source['CFDocument']['identifier']) : '';
  const edges = Map.groupBy(objectsOf(source['CFAssociations']), (association) => endOf(association, 'originNodeURI'));
  const levels = new Map([...levelsByItem(source)].map(([item, own]) => [item, byRank(own)]));
  // A table has columns for the ranks it can name; a scale of more levels than that is none.
  const ranks = [...new Set([...levels.values()].flatMap((own) => [...own.keys()]))].filter((rank) => rank <= MAX_RANK).sort((a, b) => a - b);
  const rows = objectsOf(source['CFItems']).map((item) => {
    const identifier = textOf(item['identifier']);
    const own = edges.get(identifier) ?? [];
    const named = (type: string): readonly JsonObject[] => own.filter((edge) => edge['associationType'] === type);
    const extensions = isObject(item['extensions']) ? item['extensions'] : {};
    const parents = named('isChildOf').filter((edge) => endOf(edge, 'destinationNodeURI') !== document);
    return {
      identifier,
      ...Object.fromEntries(TEXTS.map((name) => [name, textOf(item[name])])),
      ...Object.fromEntries(LISTS.map((name) => [name, (Array.isArray(item[name]) ? item[name] : []).map(textOf).join(' | ')])),
      isChildOf: parents.map((edge) => endOf(edge, 'destinationNodeURI')).join(' | '),
      sequenceNumber: textOf(named('isChildOf')[0]?.['sequenceNumber']),
      ...Object.fromEntries(
        EDGES.filter((type) => type !== 'isChildOf').map((type) => [
          type,
          named(type)
            .map((edge) => endOf(edge, 'destinationNodeURI'))
            .join(' | '),
        ]),
      ),
      rollup: textOf(extensions['rollup']),
      rollupCount: textOf(extensions['rollupCount']),
      rollupOnly: textOf(extensions['rollupOnly']),
      ...Object.fromEntries(
        ranks.flatMap((rank) => {
          const level = levels.get(identifier)?.get(rank);
          return [
            // Without a name its rank stands for one, as in an import.
            [`level ${rank}`, level === undefined ? '' : textOf(level['quality']).trim() === '' ? String(rank) : textOf(level['quality'])],
            [`level ${rank} description`, textOf(level?.['description'])],
          ];
        }),
      ),
    };
  });
  return stringify(
    rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, cell]) => [name, guarded(cell)]))),
    { header: true },
  );
}
