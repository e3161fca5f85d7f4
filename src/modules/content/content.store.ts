import type { Sql } from '../../db/database.ts';
import type { ContentModel, ContentStandard } from './model.ts';
import type { RulesChange, SaidRules } from './rules.ts';

export interface PackageRow {
  readonly id: string;
  readonly createdAt: Date;
  readonly standard: string;
  readonly title: string;
  readonly ownerId: string | null;
  readonly courseIri: string;
  /** What is said of this package itself. */
  readonly rules: SaidRules;
}

const PACKAGE = 'id, created_at, standard, title, owner_id, course_iri, rules';

export const packagesById = (sql: Sql, ids: readonly string[]) =>
  sql.rows<PackageRow>(`select ${PACKAGE} from content.package where id = any($1::uuid[])`, [ids]);

/** Packages by id, oldest first; of one owner, or of all. */
export const listPackages = (sql: Sql, ownerId: string | null, limit: number, afterId: string | null) =>
  sql.rows<PackageRow>(
    `select ${PACKAGE} from content.package where ($1::uuid is null or owner_id = $1) and ($3::uuid is null or id > $3) order by id limit $2`,
    [ownerId, limit, afterId],
  );

export interface PackageVersionRow {
  readonly id: string;
  readonly createdAt: Date;
  readonly packageId: string;
  readonly ordinal: number;
  readonly edition: string;
  readonly fileCount: number;
  readonly byteCount: number;
  /** The issues of its import, as JSON. */
  readonly report: string;
}

const VERSION = 'id, created_at, package_id, ordinal, edition, file_count, byte_count::float8 as byte_count, report';

export const versionsById = (sql: Sql, ids: readonly string[]) =>
  sql.rows<PackageVersionRow>(`select ${VERSION} from content.package_version where id = any($1::uuid[])`, [ids]);

/** Versions of packages, newest first. */
export const versionsOfPackages = (sql: Sql, packageIds: readonly string[]) =>
  sql.rows<PackageVersionRow>(`select ${VERSION} from content.package_version where package_id = any($1::uuid[]) order by package_id, ordinal desc`, [
    packageIds,
  ]);

/** The newest version of a package. */
export async function currentVersion(sql: Sql, packageId: string): Promise<(PackageVersionRow & { readonly manifestSha256: string }) | null> {
  const [row] = await sql.rows<PackageVersionRow & { manifestSha256: string }>(
    `select ${VERSION}, manifest_sha256 from content.package_version where package_id = $1 order by ordinal desc limit 1`,
    [packageId],
  );
  return row ?? null;
}

export async function modelOfVersion(sql: Sql, versionId: string): Promise<ContentModel | null> {
  const [row] = await sql.rows<{ model: string }>('select model from content.package_version where id = $1', [versionId]);
  return row ? (JSON.parse(row.model) as ContentModel) : null;
}

export interface ItemRow {
  readonly id: string;
  readonly versionId: string;
  readonly nodeId: string;
  readonly parentId: string | null;
  readonly position: number;
  readonly identifier: string;
  readonly kind: string;
  readonly title: string;
  readonly isLaunchable: boolean;
  readonly activityIri: string;
  readonly objectives: readonly string[];
  readonly description: string | null;
  readonly keywords: readonly string[];
  readonly languages: readonly string[];
  readonly learningTime: string | null;
}

const ITEM =
  'id, version_id, node_id, parent_id, position, identifier, kind, title, is_launchable, activity_iri, objectives, description, keywords, languages, learning_time';

export const itemsOfVersions = (sql: Sql, versionIds: readonly string[]) =>
  sql.rows<ItemRow>(`select ${ITEM} from content.content_item where version_id = any($1::uuid[]) order by version_id, position`, [versionIds]);

/** The items that stand for the whole of versions. */
export const rootsOfVersions = (sql: Sql, versionIds: readonly string[]) =>
  sql.rows<ItemRow>(`select ${ITEM} from content.content_item where version_id = any($1::uuid[]) and parent_id is null`, [versionIds]);

export const itemsById = (sql: Sql, ids: readonly string[]) => sql.rows<ItemRow>(`select ${ITEM} from content.content_item where id = any($1::uuid[])`, [ids]);

export interface FileRow {
  readonly path: string;
  readonly blobKey: string;
  readonly bytes: number;
}

/** A file of a version; by another case of its letters where none has these. */
export async function fileOfVersion(sql: Sql, versionId: string, path: string): Promise<FileRow | null> {
  const columns = 'path, blob_key, bytes::float8 as bytes';
  const [exact] = await sql.rows<FileRow>(`select ${columns} from content.package_file where version_id = $1 and path = $2`, [versionId, path]);
  if (exact) return exact;
  const [similar] = await sql.rows<FileRow>(`select ${columns} from content.package_file where version_id = $1 and lower(path) = lower($2)`, [versionId, path]);
  return similar ?? null;
}

export async function insertPackage(sql: Sql, row: Omit<PackageRow, 'rules'>): Promise<void> {
  await sql.rows('insert into content.package (id, created_at, standard, title, owner_id, course_iri) values ($1, $2, $3, $4, $5, $6)', [
    row.id,
    row.createdAt,
    row.standard,
    row.title,
    row.ownerId,
    row.courseIri,
  ]);
}

/** Locks a package against another import. @returns null when there is none. */
export async function lockPackage(sql: Sql, id: string): Promise<PackageRow | null> {
  const [row] = await sql.rows<PackageRow>(`select ${PACKAGE} from content.package where id = $1 for update`, [id]);
  return row ?? null;
}

/** Says rules of a package, if it is there and of this owner; null stands for any. */
export async function setPackageRules(sql: Sql, id: string, change: RulesChange, ownerId: string | null): Promise<PackageRow | null> {
  const [row] = await sql.rows<PackageRow>(
    `update content.package set rules = jsonb_strip_nulls(rules || $2::jsonb) where id = $1 and ($3::uuid is null or owner_id = $3) returning ${PACKAGE}`,
    [id, JSON.stringify(change), ownerId],
  );
  return row ?? null;
}

/** All content, or that of a standard. */
export type GeneralScope = 'SYSTEM' | ContentStandard;

export interface GeneralRulesRow {
  readonly scope: GeneralScope;
  readonly rules: SaidRules;
}

/** What is said of all content and of standards; a scope of which nothing was ever said has no row. */
export const generalRules = (sql: Sql, scopes: readonly GeneralScope[]) =>
  sql.rows<GeneralRulesRow>('select scope, rules from content.general_rules where scope = any($1::text[])', [scopes]);

export const setGeneralRules = (sql: Sql, scope: GeneralScope, change: RulesChange) =>
  sql.rows(
    `insert into content.general_rules as g (scope, rules) values ($1, jsonb_strip_nulls($2::jsonb))
     on conflict (scope) do update set rules = jsonb_strip_nulls(g.rules || $2::jsonb)`,
    [scope, JSON.stringify(change)],
  );

/** What is said of a package, and of what it belongs to; null when there is no such package. */
export async function rulesAbove(sql: Sql, packageId: string): Promise<Readonly<Record<'system' | 'standard' | 'package', SaidRules | null>> | null> {
  const [row] = await sql.rows<Record<'system' | 'standard' | 'package', SaidRules | null>>(
    `select (select rules from content.general_rules where scope = 'SYSTEM') as system,
       (select rules from content.general_rules where scope = p.standard) as standard, p.rules as package
     from content.package p where p.id = $1`,
    [packageId],
  );
  return row ?? null;
}

export const renamePackage = (sql: Sql, id: string, title: string) => sql.rows('update content.package set title = $2 where id = $1', [id, title]);

export async function insertVersion(
  sql: Sql,
  row: Omit<PackageVersionRow, 'createdAt'> & {
    readonly createdAt: Date;
    readonly sha256: string;
    readonly manifestSha256: string;
    readonly model: ContentModel;
  },
): Promise<void> {
  await sql.rows(
    `insert into content.package_version (id, created_at, package_id, ordinal, edition, file_count, byte_count, report, sha256, manifest_sha256, model)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [
      row.id,
      row.createdAt,
      row.packageId,
      row.ordinal,
      row.edition,
      row.fileCount,
      row.byteCount,
      row.report,
      row.sha256,
      row.manifestSha256,
      JSON.stringify(row.model),
    ],
  );
}

export async function insertItems(sql: Sql, rows: readonly ItemRow[]): Promise<void> {
  await sql.rows(
    `insert into content.content_item (${ITEM})
     select id, version_id, node_id, parent_id, position, identifier, kind, title, is_launchable, activity_iri, array(select jsonb_array_elements_text(objectives)),
       description, array(select jsonb_array_elements_text(keywords)), array(select jsonb_array_elements_text(languages)), learning_time
     from jsonb_to_recordset($1::jsonb) as t(id uuid, version_id uuid, node_id uuid, parent_id uuid, position int, identifier text, kind text, title text,
       is_launchable boolean, activity_iri text, objectives jsonb, description text, keywords jsonb, languages jsonb, learning_time text)`,
    [
      JSON.stringify(
        rows.map((row) => ({
          id: row.id,
          version_id: row.versionId,
          node_id: row.nodeId,
          parent_id: row.parentId,
          position: row.position,
          identifier: row.identifier,
          kind: row.kind,
          title: row.title,
          is_launchable: row.isLaunchable,
          activity_iri: row.activityIri,
          objectives: row.objectives,
          description: row.description,
          keywords: row.keywords,
          languages: row.languages,
          learning_time: row.learningTime,
        })),
      ),
    ],
  );
}

/** What metadata say of items that are there already: their files may have changed where the manifest has not. */
export const describeItems = (sql: Sql, rows: readonly ItemRow[]) =>
  sql.rows(
    `update content.content_item i set objectives = array(select jsonb_array_elements_text(t.objectives)), description = t.description,
       keywords = array(select jsonb_array_elements_text(t.keywords)), languages = array(select jsonb_array_elements_text(t.languages)), learning_time = t."learningTime"
     from jsonb_to_recordset($1::jsonb) as t(id uuid, objectives jsonb, description text, keywords jsonb, languages jsonb, "learningTime" text) where i.id = t.id`,
    [
      JSON.stringify(
        rows.map(({ id, objectives, description, keywords, languages, learningTime }) => ({ id, objectives, description, keywords, languages, learningTime })),
      ),
    ],
  );

/** Puts files in the place of those that a version had. */
export async function replaceFiles(sql: Sql, versionId: string, files: readonly FileRow[]): Promise<void> {
  await sql.rows('delete from content.package_file where version_id = $1', [versionId]);
  await sql.rows(
    `insert into content.package_file (version_id, path, blob_key, bytes)
     select $1, path, blob_key, bytes from unnest($2::text[], $3::text[], $4::bigint[]) as t(path, blob_key, bytes)`,
    [versionId, files.map(({ path }) => path), files.map(({ blobKey }) => blobKey), files.map(({ bytes }) => bytes)],
  );
}

export const updateAssets = (
  sql: Sql,
  versionId: string,
  { sha256, fileCount, byteCount, report }: { sha256: string; fileCount: number; byteCount: number; report: string },
) =>
  sql.rows('update content.package_version set sha256 = $2, file_count = $3, byte_count = $4, report = $5 where id = $1', [
    versionId,
    sha256,
    fileCount,
    byteCount,
    report,
  ]);

/** Of activities, those that belong to another package, or to another partner than this one. */
export async function takenActivities(sql: Sql, iris: readonly string[], packageId: string, ownerId: string | null): Promise<readonly string[]> {
  const rows = await sql.rows<{ iri: string }>(
    `select iri from unnest($1::text[]) as asked(iri)
     where exists (select from content.content_item i join content.package_version v on v.id = i.version_id where i.activity_iri = asked.iri and v.package_id <> $2)
       or exists (select from training.learning_activity a where a.iri = asked.iri and a.owner_id is distinct from $3::uuid)`,
    [iris, packageId, ownerId],
  );
  return rows.map(({ iri }) => iri);
}

/** Whether a file of some package has these bytes. */
export const isContentBlob = async (sql: Sql, blobKey: string): Promise<boolean> =>
  (await sql.rows('select from content.package_file where blob_key = $1 limit 1', [blobKey])).length > 0;

const UPLOAD_STATES = ['WAITING', 'REFUSED', 'IMPORTED'] as const;

export interface UploadRow {
  readonly id: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly packageId: string | null;
  readonly ownerId: string | null;
  readonly state: (typeof UPLOAD_STATES)[number];
  readonly versionId: string | null;
  readonly report: string;
}

const UPLOAD = 'id, created_at, expires_at, package_id, owner_id, state, version_id, report';

export async function insertUpload(sql: Sql, row: UploadRow & { readonly tokenHash: Buffer }): Promise<void> {
  await sql.rows(
    'insert into content.upload (id, created_at, expires_at, package_id, owner_id, state, version_id, report, token_hash) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)',
    [row.id, row.createdAt, row.expiresAt, row.packageId, row.ownerId, row.state, row.versionId, row.report, row.tokenHash],
  );
}

export async function uploadByToken(sql: Sql, tokenHash: Buffer): Promise<UploadRow | null> {
  const [row] = await sql.rows<UploadRow>(`select ${UPLOAD} from content.upload where token_hash = $1`, [tokenHash]);
  return row ?? null;
}

export const uploadsById = (sql: Sql, ids: readonly string[]) => sql.rows<UploadRow>(`select ${UPLOAD} from content.upload where id = any($1::uuid[])`, [ids]);

/** Ends an upload once. @returns whether it was open. */
export async function closeUpload(
  sql: Sql,
  id: string,
  state: 'REFUSED' | 'IMPORTED',
  versionId: string | null,
  packageId: string | null,
  report: string,
): Promise<boolean> {
  const rows = await sql.rows(
    `update content.upload set state = $2, version_id = $3, package_id = coalesce($4, package_id), report = $5 where id = $1 and state <> 'IMPORTED' returning id`,
    [id, state, versionId, packageId, report],
  );
  return rows.length > 0;
}
