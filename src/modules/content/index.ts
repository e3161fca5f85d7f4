export { type ItemRow, isContentBlob, type PackageRow, type PackageVersionRow, UPLOAD_STATES, type UploadRow } from './content.store.ts';
export { Content, type ContentFile, type ImportOutcome } from './content.ts';
export { mediaTypeOf } from './media.ts';
export { CONTENT_STANDARDS, type ContentModel, type ContentNode, type ContentStandard, NODE_KINDS, nodesOf, plainText, type ScormDefinition } from './model.ts';
