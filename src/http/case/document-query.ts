import { AppError, type Violation } from '../../kernel/errors.ts';
import type { JsonObject } from '../../kernel/json.ts';
import { shapeOf } from '../../standards/case/index.ts';

const MAX_LIMIT = 1_000;
const FIELDS = shapeOf('CFDocument');

/** How the list of documents is asked for. */
export interface DocumentQuery {
  readonly limit: number;
  readonly offset: number;
  readonly arrange: (documents: readonly JsonObject[]) => readonly JsonObject[];
  readonly select: (document: JsonObject) => JsonObject;
}

const refuse = (name: string, rule: 'invalid_sort_field' | 'invalid_selection_field', message: string): AppError => {
  const violation: Violation = { path: `/query/${name}`, rule, message };
  return new AppError('INVALID_INPUT', message, [violation]);
};

function wholeNumber(text: string | undefined, name: string, fallback: number, [least, most]: readonly [number, number]): number {
  if (text === undefined) return fallback;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most)) throw refuse(name, 'invalid_selection_field', `${name} must be a whole number from ${least} to ${most}`);
  return value;
}

function fieldOf(name: string, parameter: string, rule: 'invalid_sort_field' | 'invalid_selection_field'): string {
  if (!Object.hasOwn(FIELDS, name)) throw refuse(parameter, rule, `a CFDocument has no ${name}`);
  return name;
}

const valueText = (document: JsonObject, field: string): string => {
  const value = document[field];
  return typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value);
};

const OPERATORS: Readonly<Record<string, (left: string, right: string) => boolean>> = {
  '=': (left, right) => left === right,
  '!=': (left, right) => left !== right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '~': (left, right) => left.toLowerCase().includes(right.toLowerCase()),
};

/** `field op 'value'`, two of them joined by AND or OR at most, as the binding has it. */
function readFilter(text: string | undefined): (document: JsonObject) => boolean {
  if (text === undefined || text === '') return () => true;
  const term = `([A-Za-z0-9]+)\\s*(!=|>=|<=|=|>|<|~)\\s*'([^']*)'`;
  const found = new RegExp(`^\\s*${term}(?:\\s+(AND|OR)\\s+${term})?\\s*$`).exec(text);
  if (!found) throw refuse('filter', 'invalid_selection_field', "filter must be like title~'word', or two such joined by AND or OR");
  const test = (field: string, operator: string, value: string): ((document: JsonObject) => boolean) => {
    const name = fieldOf(field, 'filter', 'invalid_selection_field');
    return (document) => OPERATORS[operator]?.(valueText(document, name), value) === true;
  };
  const [, field = '', operator = '', value = '', join, field2 = '', operator2 = '', value2 = ''] = found;
  const first = test(field, operator, value);
  if (join === undefined) return first;
  const second = test(field2, operator2, value2);
  return join === 'AND' ? (document) => first(document) && second(document) : (document) => first(document) || second(document);
}

/**
 * Reads the query of `GET /CFDocuments`.
 * @throws AppError INVALID_INPUT whose rule is the code that CASE has for it.
 * @see 1EdTech CASE 1.1 REST binding: pagination, sorting, filtering, field selection
 */
export function readDocumentQuery(query: Readonly<Record<string, string | undefined>>): DocumentQuery {
  const { sort, orderBy = 'asc', filter, fields } = query;
  const sortField = sort === undefined ? null : fieldOf(sort, 'sort', 'invalid_sort_field');
  if (orderBy !== 'asc' && orderBy !== 'desc') throw refuse('orderBy', 'invalid_sort_field', 'orderBy must be asc or desc');
  const matches = readFilter(filter);
  const selected = fields === undefined || fields === '' ? null : fields.split(',').map((name) => fieldOf(name.trim(), 'fields', 'invalid_selection_field'));
  const direction = orderBy === 'asc' ? 1 : -1;
  const compare = (field: string) => (a: JsonObject, b: JsonObject) => {
    const [left, right] = [valueText(a, field), valueText(b, field)];
    return left === right ? 0 : left < right ? -direction : direction;
  };
  return {
    limit: wholeNumber(query['limit'], 'limit', 100, [1, MAX_LIMIT]),
    offset: wholeNumber(query['offset'], 'offset', 0, [0, 1_000_000]),
    arrange: (documents) => {
      const kept = documents.filter(matches);
      return sortField === null ? kept : kept.toSorted(compare(sortField));
    },
    select: (document) => (selected === null ? document : Object.fromEntries(Object.entries(document).filter(([name]) => selected.includes(name)))),
  };
}
