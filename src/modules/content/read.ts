import { decodeXml, readXml, type XmlElement, XmlError } from '../../kernel/xml.ts';
import { readCourseStructure } from '../../standards/cmi5/index.ts';
import {
  isExternal,
  isLom,
  type LearningMetadata,
  type LinkedMetadata,
  metadataLinks,
  type PackageIssue,
  pathOf,
  readMetadata,
  readScormManifest,
} from '../../standards/scorm/index.ts';
import { readTincan } from '../../standards/tincan/index.ts';
import { type ContentModel, cmi5Model, type Naming, nodesOf, scormModel, tincanModel } from './model.ts';
import { PackageZip, ZipRefused } from './zip.ts';

/** Room for a cmi5.xml of some thousand units. */
export const MANIFEST_LIMIT_BYTES = 16 * 1024 * 1024;

/** A package whose manifest was read; `model` is null when an issue refuses it. */
export interface ReadPackage {
  readonly model: ContentModel | null;
  readonly issues: readonly PackageIssue[];
  readonly manifest: Uint8Array;
  /** What is put before a path of the package to find it in the archive. */
  readonly prefix: string;
}

const MANIFESTS = ['cmi5.xml', 'tincan.xml', 'imsmanifest.xml'] as const;
type ManifestName = (typeof MANIFESTS)[number];

const error = (path: string, rule: string, message: string): PackageIssue => ({ severity: 'ERROR', path, rule, message });

/** Finds the manifest: at the root, or in the one folder that holds everything. */
function findManifest(paths: readonly string[]): { name: ManifestName; prefix: string; issues: readonly PackageIssue[] } {
  const name = MANIFESTS.find((manifest) => paths.includes(manifest));
  if (name) return { name, prefix: '', issues: [] };
  const [folder = ''] = paths[0]?.split('/') ?? [];
  const inside = paths.every((path) => path.startsWith(`${folder}/`)) ? MANIFESTS.find((manifest) => paths.includes(`${folder}/${manifest}`)) : undefined;
  if (inside === 'cmi5.xml') throw new ZipRefused([error('cmi5.xml', 'cmi5 14.1', `cmi5.xml must be at the root of the package, not in ${folder}`)]);
  if (inside) {
    const message = `everything is in the folder ${folder}, which was taken as the root`;
    return { name: inside, prefix: `${folder}/`, issues: [{ severity: 'WARNING', path: folder, rule: 'package-root', message }] };
  }
  if (paths.some((path) => /^[^/]+\.(?:crs|au|des|cst)$/i.test(path)))
    throw new ZipRefused([error('', 'package-kind', 'AICC packages are not taken; export the course as SCORM or cmi5')]);
  const manifest = paths.find((path) => MANIFESTS.some((one) => path.toLowerCase().endsWith(one)));
  const hint = manifest ? `; it is at ${manifest}` : '';
  throw new ZipRefused([error('', 'package-kind', `there is no cmi5.xml, tincan.xml or imsmanifest.xml at the root of the package${hint}`)]);
}

function readTree(bytes: Uint8Array, name: string): XmlElement {
  try {
    return readXml(decodeXml(bytes));
  } catch (failure) {
    if (failure instanceof XmlError) throw new ZipRefused([error(name, 'xml', failure.message)]);
    throw failure;
  }
}

const asErrors = (issues: readonly Omit<PackageIssue, 'severity'>[]): readonly PackageIssue[] => issues.map((issue) => ({ severity: 'ERROR', ...issue }));

/** Launch addresses that lead to no file, or run script of their own. */
function launchFaults(model: ContentModel | null, files: ReadonlySet<string>): readonly PackageIssue[] {
  return (model ? nodesOf(model.root) : []).flatMap(({ identifier, href }): readonly PackageIssue[] => {
    if (href === null) return [];
    if (/^(?:javascript|data|vbscript|file|blob|about):/i.test(href)) return [error(identifier, 'launch-scheme', 'an address of this scheme is not launched')];
    if (isExternal(href) && !URL.canParse(href)) return [error(identifier, 'launch-url', 'this is no URL')];
    if (isExternal(href))
      return model?.standard.startsWith('SCORM')
        ? [
            {
              severity: 'WARNING',
              path: identifier,
              rule: 'launch-outside',
              message: 'it is launched from another site, and cannot reach the run-time from there',
            },
          ]
        : [];
    return files.has(pathOf(href)) ? [] : [error(identifier, 'launch-file', `the file ${pathOf(href)} is not in the package`)];
  });
}

const METADATA_LIMIT_BYTES = 1024 * 1024;
/** All files of metadata together. */
const METADATA_TOTAL_BYTES = 16 * 1024 * 1024;

/** Reads the files of metadata that a manifest names, from the archive and nowhere else; what cannot be read is passed over with a warning. */
async function readLinkedMetadata(manifest: XmlElement, zip: PackageZip, prefix: string): Promise<{ linked: LinkedMetadata; issues: readonly PackageIssue[] }> {
  const linked = new Map<XmlElement, LearningMetadata>();
  const known = new Map<string, LearningMetadata | string>();
  const issues: PackageIssue[] = [];
  let rest = METADATA_TOTAL_BYTES;
  const read = async (href: string): Promise<LearningMetadata | string> => {
    if (isExternal(href)) return 'nothing is fetched from outside of the package';
    const file = zip.files.get(`${prefix}${pathOf(href)}`);
    if (!file) return 'the file is not in the package';
    if (file.bytes > METADATA_LIMIT_BYTES) return `the file may have at most ${METADATA_LIMIT_BYTES} bytes`;
    rest -= file.bytes;
    if (rest < 0) return `files of metadata may have at most ${METADATA_TOTAL_BYTES} bytes together`;
    try {
      const root = readXml(decodeXml(await zip.read(file.path, METADATA_LIMIT_BYTES)));
      return isLom(root) ? readMetadata(root) : `the root element must be lom; found ${root.local} of ${root.uri || 'no namespace'}`;
    } catch (failure) {
      if (failure instanceof XmlError) return failure.message;
      throw failure;
    }
  };
  for (const { metadata, href } of metadataLinks(manifest)) {
    const found = known.get(href) ?? (await read(href));
    if (typeof found !== 'string') linked.set(metadata, found);
    else if (!known.has(href))
      issues.push({ severity: 'WARNING', path: href.slice(0, 300), rule: 'SCORM CAM metadata', message: `the metadata are passed over: ${found}` });
    known.set(href, found);
  }
  return { linked, issues };
}

function interpret(
  name: ManifestName,
  tree: XmlElement,
  files: ReadonlySet<string> | null,
  naming: Naming,
  linked: LinkedMetadata = new Map(),
): { model: ContentModel | null; issues: readonly PackageIssue[] } {
  switch (name) {
    case 'cmi5.xml': {
      const { course, issues } = readCourseStructure(tree, files);
      return { model: issues.length > 0 ? null : cmi5Model(course, naming), issues: asErrors(issues) };
    }
    case 'tincan.xml': {
      const { activities, issues } = readTincan(tree);
      const model = tincanModel(activities, naming);
      return { model, issues: [...asErrors(issues), ...launchFaults(model, files ?? new Set())] };
    }
    case 'imsmanifest.xml': {
      const manifest = readScormManifest(tree, files ?? new Set(), linked);
      const model = scormModel(manifest, naming);
      const others = manifest.organizations.length - 1;
      const notice: readonly PackageIssue[] =
        others > 0
          ? [{ severity: 'NOTICE', path: 'imsmanifest.xml', rule: 'SCORM CAM organization', message: `${others} more organizations are passed over` }]
          : [];
      return { model, issues: [...manifest.issues, ...launchFaults(model, files ?? new Set()), ...notice] };
    }
  }
}

const refuses = (issues: readonly PackageIssue[]): boolean => issues.some(({ severity }) => severity === 'ERROR');

/** A report that somebody can read: the worst first, no more than a hundred. */
const worst = (issues: readonly PackageIssue[]): readonly PackageIssue[] =>
  issues.toSorted((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity)).slice(0, 100);
const SEVERITIES = ['ERROR', 'WARNING', 'NOTICE'];

/**
 * Reads the manifest of a package.
 * @throws ZipRefused when there is none, or it cannot be read.
 */
export async function readPackage(zip: PackageZip, naming: Naming): Promise<ReadPackage> {
  const { name, prefix, issues: found } = findManifest([...zip.files.keys()]);
  const manifest = await zip.read(`${prefix}${name}`, MANIFEST_LIMIT_BYTES);
  const files = new Set([...zip.files.keys()].map((path) => path.slice(prefix.length)));
  const tree = readTree(manifest, name);
  const metadata = name === 'imsmanifest.xml' ? await readLinkedMetadata(tree, zip, prefix) : { linked: new Map(), issues: [] };
  const { model, issues } = interpret(name, tree, files, naming, metadata.linked);
  const all = worst([...zip.issues, ...found, ...issues, ...metadata.issues]);
  return { model: refuses(all) ? null : model, issues: all, manifest, prefix };
}

/** Reads a course structure that came without a package (cmi5 14.2). @throws ZipRefused when it cannot be read. */
export function readBareStructure(bytes: Uint8Array, naming: Naming): ReadPackage {
  const { model, issues } = interpret('cmi5.xml', readTree(bytes, 'cmi5.xml'), null, naming);
  return { model: refuses(issues) ? null : model, issues, manifest: bytes, prefix: '' };
}
