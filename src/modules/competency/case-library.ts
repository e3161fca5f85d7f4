import type { Database } from '../../db/database.ts';
import { isObject, type JsonObject, objectsOf } from '../../kernel/json.ts';
import { caseIdentifier } from '../../standards/case/index.ts';
import { listIdentifiers, publishedDocuments, unlistedVersions, versionsBearing } from './export.store.ts';
import { exportedIdentifiers, exportVersion } from './export.ts';

/** Packages held in memory; published versions do not change. */
const HELD = 8;

/** Lists of the package's definitions. */
type Definitions = 'CFConcepts' | 'CFSubjects' | 'CFLicenses' | 'CFItemTypes' | 'CFAssociationGroupings';

/** Published frameworks, object by object, as CASE 1.1 names them. An identifier that nothing published bears is null. */
export class CaseLibrary {
  readonly #database: Database;
  readonly #baseUrl: string;
  readonly #held = new Map<string, Promise<JsonObject | null>>();
  /** By version; small, and never another. */
  readonly #documents = new Map<string, JsonObject>();

  constructor(database: Database, baseUrl: string) {
    this.#database = database;
    this.#baseUrl = baseUrl;
  }

  /** The newest published version of every framework, as CFDocuments. */
  async documents(): Promise<readonly JsonObject[]> {
    const versions = await publishedDocuments(this.#database.sql);
    const documents: JsonObject[] = [];
    for (const { id } of versions) {
      const document = this.#documents.get(id) ?? (await this.#package(id))?.['CFDocument'];
      if (!isObject(document)) continue;
      this.#documents.set(id, document);
      documents.push(this.#standalone(document));
    }
    return documents;
  }

  document = async (identifier: string): Promise<JsonObject | null> => {
    const document = (await this.package(identifier))?.['CFDocument'];
    return isObject(document) ? this.#standalone(document) : null;
  };

  async package(identifier: string): Promise<JsonObject | null> {
    const version = (await publishedDocuments(this.#database.sql)).find((one) => caseIdentifier(one.identifier) === identifier);
    return version ? this.#package(version.id) : null;
  }

  item = (identifier: string): Promise<JsonObject | null> =>
    this.#find(identifier, (whole) => {
      const item = objectsOf(whole['CFItems']).find((one) => one['identifier'] === identifier);
      return item ? { ...item, CFDocumentURI: this.#documentLink(whole) } : null;
    });

  /** An item with every association it is an end of. */
  itemAssociations = (identifier: string): Promise<JsonObject | null> =>
    this.#find(identifier, (whole) => {
      const item = objectsOf(whole['CFItems']).find((one) => one['identifier'] === identifier);
      if (!item) return null;
      const names = (end: unknown): boolean => isObject(end) && end['identifier'] === identifier;
      const own = objectsOf(whole['CFAssociations']).filter((one) => names(one['originNodeURI']) || names(one['destinationNodeURI']));
      return { CFItem: { ...item, CFDocumentURI: this.#documentLink(whole) }, CFAssociations: own };
    });

  association = (identifier: string): Promise<JsonObject | null> =>
    this.#find(identifier, (whole) => {
      const association = objectsOf(whole['CFAssociations']).find((one) => one['identifier'] === identifier);
      return association ? { ...association, CFDocumentURI: this.#documentLink(whole) } : null;
    });

  rubric = (identifier: string): Promise<JsonObject | null> =>
    this.#find(identifier, (whole) => objectsOf(whole['CFRubrics']).find((one) => one['identifier'] === identifier) ?? null);

  definition = (list: Definitions, identifier: string): Promise<JsonObject | null> =>
    this.#find(identifier, (whole) => this.#definitions(whole, list).find((one) => one['identifier'] === identifier) ?? null);

  /** A definition and those below it: the hierarchy codes that begin with its own. */
  definitionSet = (list: 'CFConcepts' | 'CFSubjects' | 'CFItemTypes', identifier: string): Promise<JsonObject | null> =>
    this.#find(identifier, (whole) => {
      const all = this.#definitions(whole, list);
      const top = all.find((one) => one['identifier'] === identifier);
      if (!top) return null;
      const code = String(top['hierarchyCode']);
      return { [list]: [top, ...all.filter((one) => code !== '' && String(one['hierarchyCode']).startsWith(`${code}.`))] };
    });

  #definitions(whole: JsonObject, list: Definitions): readonly JsonObject[] {
    return isObject(whole['CFDefinitions']) ? objectsOf(whole['CFDefinitions'][list]) : [];
  }

  #standalone(document: JsonObject): JsonObject {
    const identifier = String(document['identifier']);
    return { ...document, CFPackageURI: { title: document['title'], identifier, uri: `${this.#baseUrl}/CFPackages/${identifier}` } };
  }

  #documentLink(whole: JsonObject): JsonObject {
    const document = isObject(whole['CFDocument']) ? whole['CFDocument'] : {};
    return { title: document['title'], identifier: document['identifier'], uri: document['uri'] };
  }

  async #find(identifier: string, pick: (whole: JsonObject) => JsonObject | null): Promise<JsonObject | null> {
    const { sql } = this.#database;
    for (const id of await unlistedVersions(sql)) await listIdentifiers(sql, id, await exportedIdentifiers(sql, id));
    for (const id of await versionsBearing(sql, identifier)) {
      const whole = await this.#package(id);
      const found = whole && pick(whole);
      if (found) return found;
    }
    return null;
  }

  #package(versionId: string): Promise<JsonObject | null> {
    const held = this.#held.get(versionId) ?? exportVersion(this.#database.sql, versionId, this.#baseUrl);
    // The one used last goes last; the one unused for longest goes.
    this.#held.delete(versionId);
    this.#held.set(versionId, held);
    held.catch(() => this.#held.delete(versionId));
    const [oldest] = this.#held.keys();
    if (this.#held.size > HELD && oldest !== undefined) this.#held.delete(oldest);
    return held;
  }
}
