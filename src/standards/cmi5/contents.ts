/** One line of the contents of a course that has no player: a unit, or a block that holds some. */
export interface ContentsEntry {
  readonly id: string;
  readonly title: string;
  /** From 0. */
  readonly depth: number;
  readonly isLaunchable: boolean;
  /** Null for a block that is not done. */
  readonly status: 'passed' | 'failed' | 'completed' | 'waived' | 'incomplete' | 'not attempted' | null;
}

/** A course whose units are opened one by one: what became of each. */
export interface CourseContents {
  readonly title: string;
  readonly isPreview: boolean;
  readonly returnUrl: string | null;
  /** Whether the course as a whole is done. */
  readonly isSatisfied: boolean;
  readonly entries: readonly ContentsEntry[];
  /** Share of the units that are done, 0 to 1. */
  readonly progress: number;
}

/** Where a unit that was opened from the contents is. */
export interface OpenedUnit {
  readonly url: string;
  /** cmi5 13.1.4: whether it wants a window of its own, or all of the one there is. */
  readonly needsOwnWindow: boolean;
}
