/** What an import found: an error refuses the package, a warning is a guess we made, a notice is good to know. */
export interface PackageIssue {
  readonly severity: 'ERROR' | 'WARNING' | 'NOTICE';
  /** The file and, in XML, where in it. */
  readonly path: string;
  readonly rule: string;
  readonly message: string;
}
