export { accessEntities, ROLES } from './access.entities.ts';
export { type Bind, ensurePseudonyms, learnerScope, type PartnerRow } from './access.store.ts';
export { Access, XAPI_SCOPES, type XapiPrincipal, type XapiScope } from './access.ts';
export type { Role, Viewer } from './viewer.ts';
