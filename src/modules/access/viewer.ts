/** Who asks, once their token was checked. Everything a read may return follows from this. */
export type Viewer =
  | { readonly role: 'ADMIN' /** Of the token, for the trail of what was done. */; readonly label?: string }
  | { readonly role: 'PARTNER'; readonly partnerId: string }
  | { readonly role: 'VENDOR'; readonly partnerId: string }
  | { readonly role: 'LEARNER'; readonly learnerId: string };

export type Role = Viewer['role'];
