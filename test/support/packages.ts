import { buffer } from 'node:stream/consumers';
import { ZipFile } from 'yazl';

/** Files of a package by path. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

/** A ZIP archive of these files. */
export async function zip(files: Files): Promise<Buffer> {
  const archive = new ZipFile();
  for (const [path, content] of Object.entries(files)) archive.addBuffer(Buffer.from(content), path, { mtime: new Date('2026-01-01T00:00:00Z') });
  archive.end();
  return buffer(archive.outputStream);
}

const CMI5 = 'https://w3id.org/xapi/profiles/cmi5/v1/CourseStructure.xsd';
const text = (value: string): string => `<langstring lang="en">${value}</langstring>`;

export interface UnitSpec {
  readonly id: string;
  readonly url?: string;
  readonly attributes?: string;
  readonly extra?: string;
}

/** One AU as XML. */
export const au = ({ id, url = 'index.html', attributes = '', extra = '' }: UnitSpec): string =>
  `<au id="${id}" ${attributes}><title>${text(id)}</title><description>${text('d')}</description><url>${url}</url>${extra}</au>`;

export const block = (id: string, inner: string): string =>
  `<block id="${id}"><title>${text(id)}</title><description>${text('d')}</description>${inner}</block>`;

/** A cmi5 course structure. */
export const cmi5Xml = (inner: string, id = 'https://publisher.example/course'): string =>
  `<?xml version="1.0" encoding="utf-8"?><courseStructure xmlns="${CMI5}"><course id="${id}"><title>${text('Course')}</title><description>${text('d')}</description></course>${inner}</courseStructure>`;

/** A SCORM manifest with the items of one organization. */
export function scormManifest(edition: '1.2' | '2004 3rd Edition' | '2004 4th Edition', items: string, resources: string, organization = ''): string {
  const is12 = edition === '1.2';
  const imscp = is12 ? 'http://www.imsproject.org/xsd/imscp_rootv1p1p2' : 'http://www.imsglobal.org/xsd/imscp_v1p1';
  const adlcp = is12 ? 'http://www.adlnet.org/xsd/adlcp_rootv1p2' : 'http://www.adlnet.org/xsd/adlcp_v1p3';
  return `<?xml version="1.0" encoding="utf-8"?>
<manifest identifier="package" version="1" xmlns="${imscp}" xmlns:adlcp="${adlcp}" xmlns:imsss="http://www.imsglobal.org/xsd/imsss" xmlns:adlseq="http://www.adlnet.org/xsd/adlseq_v1p3" xmlns:adlnav="http://www.adlnet.org/xsd/adlnav_v1p3">
<metadata><schema>ADL SCORM</schema><schemaversion>${edition}</schemaversion></metadata>
<organizations default="course"><organization identifier="course"><title>Course</title>${items}${organization}</organization></organizations>
<resources>${resources}</resources></manifest>`;
}

/** A SCO as a resource. */
export const sco = (identifier: string, href: string): string =>
  `<resource identifier="${identifier}" type="webcontent" href="${href}" adlcp:scormtype="sco" adlcp:scormType="sco"><file href="${href}"/></resource>`;

export const item = (identifier: string, resource: string | null, inner = ''): string =>
  `<item identifier="${identifier}"${resource === null ? '' : ` identifierref="${resource}"`}><title>${identifier}</title>${inner}</item>`;
