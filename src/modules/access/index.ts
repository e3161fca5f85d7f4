export { accessEntities, ROLES } from './access.entities.ts';
export { type Bind, type CredentialListing, ensurePseudonyms, type GrantRow, learnerScope, type PartnerRow, type TokenListing } from './access.store.ts';
export { Access, XAPI_SCOPES, type XapiPrincipal, type XapiScope } from './access.ts';
export { digestSecret, newSecret, secretMatches } from './secrets.ts';
export type { Role, Viewer } from './viewer.ts';
