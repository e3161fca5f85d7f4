export type { GeneralScope, ItemRow, PackageRow, PackageVersionRow, UploadRow } from './content.store.ts';
export { Content, type ContentFile, type ImportOutcome } from './content.ts';
export { mediaTypeOf } from './media.ts';
export { type ContentModel, type ContentNode, nodesOf, partsOf, plainText, type ScormDefinition } from './model.ts';
export {
  checkRules,
  MAX_LOCATION,
  MAX_SUSPEND_DATA,
  type RulePlace,
  type RuleSource,
  type Rules,
  type RulesChange,
  rulesInForce,
  type SaidRules,
} from './rules.ts';
