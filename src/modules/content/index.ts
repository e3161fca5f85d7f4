export type { ItemRow, PackageRow, PackageRules, PackageVersionRow, UploadRow } from './content.store.ts';
export { Content, type ContentFile, type ImportOutcome } from './content.ts';
export { mediaTypeOf } from './media.ts';
export { type ContentModel, type ContentNode, nodesOf, partsOf, plainText, type ScormDefinition } from './model.ts';
