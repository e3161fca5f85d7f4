import { expect, test } from '@jest/globals';
import { readXml } from '../../../src/kernel/xml.ts';
import { isLom, metadataLinks, readMetadata, readScormManifest } from '../../../src/standards/scorm/index.ts';
import { item, sco, scormManifest } from '../../support/packages.ts';

const IMS = 'http://www.imsglobal.org/xsd/imsmd_rootv1p2p1';
const LOM = 'http://ltsc.ieee.org/xsd/LOM';

const ims = (inner: string): string => `<md:lom xmlns:md="${IMS}">${inner}</md:lom>`;
const texts = (...pairs: readonly (readonly [string, string])[]): string =>
  pairs.map(([tag, text]) => `<md:langstring xml:lang="${tag}">${text}</md:langstring>`).join('');
const imsClassified = (purpose: string, taxa: string): string =>
  `<md:classification><md:purpose><md:source>${texts(['x-none', 'LOMv1.0'])}</md:source><md:value>${texts(['x-none', purpose])}</md:value></md:purpose><md:taxonpath><md:source>${texts(['en', 'scheme'])}</md:source>${taxa}</md:taxonpath></md:classification>`;
const lom = (inner: string): string => `<lom xmlns="${LOM}">${inner}</lom>`;
const lomClassified = (purpose: string, ...taxa: readonly string[]): string =>
  `<classification><purpose><source>LOMv1.0</source><value>${purpose}</value></purpose><taxonPath><source><string>scheme</string></source>${taxa.map((id) => `<taxon><id>${id}</id></taxon>`).join('')}</taxonPath></classification>`;

const read = (xml: string) => readMetadata(readXml(xml));

test('IMS metadata 1.2 as SCORM 1.2 has them are read by their namespace, whatever the prefix', () => {
  const xml = ims(
    `<md:general><md:title>${texts(['en', 'Title'])}</md:title><md:language>en</md:language><md:language>id-ID</md:language><md:language>x-none</md:language>
      <md:description>${texts(['x-none', 'About'], ['id', 'Tentang'])}</md:description><md:keyword>${texts(['en', 'safety'])}</md:keyword><md:keyword>${texts(['en', ''])}</md:keyword></md:general>
     <md:educational><md:typicallearningtime><md:datetime>PT1H30M</md:datetime></md:typicallearningtime></md:educational>
     ${imsClassified('Educational Objective', '<md:taxon><md:id>A</md:id><md:taxon><md:id>A.1</md:id></md:taxon></md:taxon>')}
     ${imsClassified('Discipline', '<md:taxon><md:id>B</md:id></md:taxon>')}`,
  );

  expect(read(xml)).toEqual({
    title: { en: 'Title' },
    description: { und: 'About', id: 'Tentang' },
    keywords: [{ en: 'safety' }],
    languages: ['en', 'id-ID'],
    learningTime: 'PT1H30M',
    competencies: ['A.1'],
  });
});

test('IEEE LOM as SCORM 2004 has them are read; of a path through a taxonomy its end counts, and a taxon without an id by its entry', () => {
  const xml = lom(
    `<general><title><string language="en">Title</string></title><language>id</language><description><string language="en">About</string></description>
      <keyword><string>one</string></keyword><keyword><string>two</string></keyword></general>
     <educational><typicalLearningTime><duration>P1D</duration></typicalLearningTime></educational>
     ${lomClassified('competency', 'A', 'A.1')}${lomClassified('educational objective', 'A.1')}${lomClassified('prerequisite', 'C')}
     <classification><purpose><value>competency</value></purpose><taxonPath><taxon><entry><string>Named</string></entry></taxon></taxonPath></classification>`,
  );

  expect(read(xml)).toMatchObject({
    description: { en: 'About' },
    keywords: [{ und: 'one' }, { und: 'two' }],
    learningTime: 'P1D',
    competencies: ['A.1', 'Named'],
  });
});

test.each([
  ['a learning time that is no duration', lom('<educational><typicalLearningTime><duration>an hour</duration></typicalLearningTime></educational>')],
  ['a language that is no tag', lom('<general><language>Bahasa Indonesia!</language></general>')],
  ['elements of other namespaces', '<lom xmlns="http://ltsc.ieee.org/xsd/LOM"><general xmlns="urn:x"><language>id</language></general></lom>'],
  ['empty metadata', lom('')],
])('%s counts as not said', (_what, xml) => {
  expect(read(xml)).toEqual({ title: {}, description: {}, keywords: [], languages: [], learningTime: null, competencies: [] });
});

test('an element that is called lom in another namespace is none', () => {
  expect([readXml('<lom xmlns="urn:x"/>'), readXml(lom('')), readXml(ims(''))].map(isLom)).toEqual([false, true, true]);
});

const described = (text: string): string => `<metadata>${lom(`<general><description><string>${text}</string></description></general>`)}</metadata>`;

test('SCORM CAM 4: metadata of an item go before those of its resource, those of an organization before those of the package', () => {
  const resources =
    sco('ra', 'a.html').replace('</resource>', `${described('resource a')}</resource>`) +
    sco('rb', 'b.html').replace('</resource>', `${described('resource b')}</resource>`);
  const xml = scormManifest('2004 4th Edition', item('a', 'ra', described('item a')) + item('b', 'rb'), resources).replace(
    '</schemaversion></metadata>',
    `</schemaversion>${lom('<general><description><string>package</string></description></general>')}</metadata>`,
  );

  const [organization] = readScormManifest(readXml(xml), new Set(['a.html', 'b.html'])).organizations;

  expect(organization?.root.metadata.description).toEqual({ und: 'package' });
  expect(organization?.root.children.map(({ metadata }) => metadata.description)).toEqual([{ und: 'item a' }, { und: 'resource b' }]);
});

test('SCORM CAM adlcp:location: files of metadata are named below the package root by xml:base, and those of files are left out', () => {
  const location = (href: string): string => `<metadata><adlcp:location>${href}</adlcp:location></metadata>`;
  const resource = sco('r', 'one.html')
    .replace('<resource ', '<resource xml:base="part/" ')
    .replace('</resource>', `${location('resource.xml')}</resource>`)
    .replace('</file>', '')
    .replace('<file href="one.html"/>', `<file href="one.html">${location('file.xml')}</file>`);
  const xml = scormManifest('1.2', item('one', 'r', location('http://elsewhere.example/item.xml')), resource, location('organization.xml'));

  expect(metadataLinks(readXml(xml)).map(({ href }) => href)).toEqual(['organization.xml', 'http://elsewhere.example/item.xml', 'part/resource.xml']);
});

test('an item without a title takes that of its metadata, and the report says so', () => {
  const untitled = `<item identifier="a" identifierref="r"><metadata>${lom('<general><title><string>Named</string></title></general>')}</metadata></item>`;
  const { organizations, issues } = readScormManifest(readXml(scormManifest('2004 4th Edition', untitled, sco('r', 'a.html'))), new Set(['a.html']));

  expect(organizations[0]?.root.children.map(({ title }) => title)).toEqual(['Named']);
  expect(issues.map(({ rule, message }) => [rule, message])).toEqual([['IMS CP title', 'it has no title; that of its metadata stands for one']]);
});
